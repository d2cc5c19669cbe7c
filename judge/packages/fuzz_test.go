package packages

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"judge/judge"
)

// fuzzed are the files that say how a package is to be judged.
var fuzzed = []string{"problem.yaml", "problem.xml", "data/secret/testdata.yaml", "data/secret/test_group.yaml", "submissions/submissions.yaml",
	"data/secret/1.yaml", "submissions.json", "domjudge-problem.ini"}

// FuzzManifest wants an error or a package that loads, whatever one of its files says.
func FuzzManifest(f *testing.F) {
	for _, name := range []string{"factors/problem.yaml", "guess/problem.yaml", "subarray/problem.yaml", "polygon/problem.xml"} {
		text, err := os.ReadFile(filepath.Join("../../fixtures/packages", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(slices.Index(fuzzed, filepath.Base(name))), string(text))
	}
	f.Add(uint8(2), "on_reject: continue\naccept_score: 5\ngrader_flags: min\n")
	f.Add(uint8(3), "max_score: 40\nscore_aggregation: sum\n")
	f.Add(uint8(4), "\"{a,b}*\": &a {permitted: [AC], score: [1, 2]}\nx: *a\n")
	f.Add(uint8(5), "args: [a]\ninput_validator_args: {v: [b]}\noutput_validator_args: [float_tolerance, 1e-6]\n")
	f.Add(uint8(6), `{"accepted/a.py": {"entry_point": "b.py"}}`)
	f.Add(uint8(7), "timelimit='1.5'\n")
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		name := fuzzed[int(which)%len(fuzzed)]
		contents := files{"problem.yaml": "type: scoring\n", name: text}.tests("sample/1", "secret/1", "secret/2")
		switch name {
		case "problem.xml":
			delete(contents, "problem.yaml")
		case "data/secret/test_group.yaml", "data/secret/1.yaml":
			contents["problem.yaml"] = "problem_format_version: 2025-09\ntype: scoring\n"
		}
		for _, test := range []string{"tests/01", "tests/02", "tests/03", "tests/04", "tests/05"} {
			contents[test], contents[test+".a"] = "", ""
		}
		p, err := Open(contents.write(t))
		if err != nil {
			return
		}
		if _, err := judge.LoadFiles(p.TaskFile()); err != nil {
			t.Fatalf("%v\n%s", err, p.document(""))
		}
	})
}
