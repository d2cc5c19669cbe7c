package packages

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestProgramsOfSubmissions has what submissions.yaml, submissions.json and include say of the programs.
func TestProgramsOfSubmissions(t *testing.T) {
	for version, f := range map[string]files{
		"legacy": {"submissions.json": `{"submissions/accepted/two/": {"entry_point": "y.py"}, "accepted/3/": {}}`},
		"2025-09": {"submissions/submissions.yaml": `
accepted/two: {entrypoint: y.py}
accepted/slow.py: {language: pypy}
accepted/same.py: {language: python3}
accepted/odd.c: {language: cobol}
accepted/gone: {entrypoint: z.py}
ac: {permitted: [AC, WA]}
none: {authors: somebody}
"accepted/{two,2}": {authors: somebody}
accepted/tow: {authors: somebody}
`, "submissions/accepted/slow.py": "", "submissions/accepted/same.py": "", "submissions/accepted/odd.c": "", "submissions/accepted/gone/x.py": ""},
	} {
		t.Run(version, func(t *testing.T) {
			f["problem.yaml"] = "problem_format_version: " + version + "\nname: x\n"
			for _, name := range []string{"two/x.py", "two/y.py", "unclear/x.py", "unclear/y.py", "c.c"} {
				f["submissions/accepted/"+name] = ""
			}
			f["submissions/accepted/two.py"] = "#!/usr/bin/env python2\n"
			f["submissions/accepted/a b.py"] = ""
			f["submissions/accepted/perl.pl"] = "my $n = <STDIN>;\nprint $n == 1 ? \"yes\"\n:-1;\n"
			f["submissions/accepted/rules.pl"] = "% the least of $x$ and $y$\nleast(X, Y, X) :-\n    X =< Y.\n"
			f["submissions/ac/x.sh"], f["submissions/none/x.sh"] = "", ""
			f["submissions/accepted/starts/a.c"], f["submissions/accepted/starts/main.py"], f["submissions/accepted/starts/main.c"] = "", "", ""
			f["include/default/data.txt"], f["include/default/lib.py"], f["include/python3/lib.py"] = "", "", ""
			p, err := f.tests("secret/1").read(t)
			require.NoError(t, err)
			text := p.document("")
			_, programs, _ := strings.Cut(text, "[task.programs]\n")
			sh := `{ include = ["include/default/data.txt", "include/default/lib.py"] }` + "\n" // and other languages
			python := `include = ["include/default/data.txt", "include/python3/lib.py"]`
			want := `"submissions/ac/x.sh" = ` + sh + `"submissions/accepted/a.py" = { ` + python + " }\n" +
				`"submissions/accepted/c.c" = ` + sh + `"submissions/accepted/perl.pl" = ` + sh
			none := func(name string) string {
				return "submissions/" + name + "/x.sh: nothing is expected of it: directory " + name + " is none that the format knows"
			}
			notes := []string{
				"submissions/accepted/a b.py is left out: want a name of letters, digits, _, ., - and + only",
				"submissions/accepted/rules.pl is left out: judge has no Prolog",
				"submissions/accepted/starts is left out: has \"main.c\" and \"main.py\": want one file called main.*, or only one with a main function",
				"submissions/accepted/two.py is left out: judge has no Python 2",
				"submissions/accepted/unclear is left out: has no entry point: want one file called main.*, or only one with a main function",
			}
			if version != "legacy" {
				want += `"submissions/accepted/same.py" = { ` + python + " }\n" +
					`"submissions/accepted/slow.py" = { language = "pypy", include = ["include/default/data.txt", "include/default/lib.py"] }` + "\n"
				notes = slices.Insert(append(notes, none("none")), 1, "submissions/accepted/gone is left out: its entry point z.py is not there",
					"submissions/accepted/odd.c is left out: judge has no language cobol")
			}
			if version == "legacy" {
				want += `"submissions/accepted/starts" = { entry = "main.c", ` + sh[2:]
				for i, first := range map[int]string{2: "main.c", 4: "x.py"} {
					notes[i] = strings.Replace(notes[i], "is left out: has", "begins with "+first+", the first of its files: it has", 1)
				}
				notes = append([]string{none("ac")}, append(notes, none("none"))...)
			}
			want += `"submissions/accepted/two" = { entry = "y.py", ` + python + " }\n"
			if version == "legacy" {
				want += `"submissions/accepted/unclear" = { entry = "x.py", ` + python + " }\n"
			}
			want += `"submissions/none/x.sh" = ` + sh
			notes = append(notes, map[string]string{"legacy": "submissions.json: accepted/3/", "2025-09": "submissions.yaml: accepted/tow"}[version]+
				": there is no such submission")
			programs, _, _ = strings.Cut(programs, "\n[task.expect]")
			assert.Equal(t, want, programs)
			assert.Equal(t, notes, p.Notes())
		})
	}
}
