package packages

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

// files are the files of a package by their names.
type files map[string]string

// write makes a package of files, and what every package has unless it is there.
func (f files) write(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "package")
	all := files{"submissions/accepted/a.py": "", "data/secret/.keep": ""}
	for name, text := range f {
		all[name] = text
	}
	for name, text := range all {
		at := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
		require.NoError(t, os.WriteFile(at, []byte(text), 0o644))
	}
	return dir
}

// tests adds inputs and answers.
func (f files) tests(names ...string) files {
	for _, name := range names {
		f["data/"+name+".in"], f["data/"+name+".ans"] = "", ""
	}
	return f
}

// read opens the package; what it is converted to must load.
func (f files) read(t *testing.T) (*Package, error) {
	t.Helper()
	p, err := Open(f.write(t))
	if err == nil {
		_, err := judge.LoadFiles(p.TaskFile())
		require.NoError(t, err)
	}
	return p, err
}

func TestGroupsOfLegacyPackages(t *testing.T) {
	scoring := "type: scoring\n"
	tests := []struct {
		name  string
		files files
		want  string // a line for each group, or the error after the package's name
	}{
		{"no word of groups: each test waits for the one before, and samples give points", files{"problem.yaml": scoring}.tests("sample/1", "secret/1", "secret/2"), `
			sample 1 min [sample/1]
			secret/1 1 min [secret/1] after [sample]
			secret/2 1 min [secret/2] after [sample secret/1]`},
		{"subtasks", files{
			"problem.yaml":                  scoring,
			"data/testdata.yaml":            "on_reject: continue\ngrader_flags: ignore_sample\n",
			"data/secret/testdata.yaml":     "on_reject: continue\ngrader_flags: sum\n",
			"data/secret/a/testdata.yaml":   "accept_score: 30\ngrader_flags: min\n",
			"data/secret/b/testdata.yaml":   "accept_score: 5\non_reject: continue\n",
			"data/secret/c/testdata.yaml":   "accept_score: 10\non_reject: continue\ngrader_flags: avg\n",
			"data/secret/d/testdata.yaml":   "accept_score: 2\ngrader_flags: first_error max\n",
			"data/secret/c/1/testdata.yaml": "accept_score: 7\ngrader_flags: min\n",
		}.tests("sample/1", "secret/a/1", "secret/a/2", "secret/b/1", "secret/b/2", "secret/c/1/1", "secret/d/1"), `
			sample 0 min [sample/1]
			secret/a 30 min [secret/a/1 secret/a/2]
			secret/b 10 sum [secret/b/1 secret/b/2]
			secret/c/1 7 min [secret/c/1/1]
			secret/d 2 min [secret/d/1]`},
		{"what is rejected ends the secret groups", files{
			"problem.yaml":                scoring,
			"data/testdata.yaml":          "grader_flags: min\non_reject: continue\n",
			"data/secret/testdata.yaml":   "on_reject: break\ngrader_flags: sum\n",
			"data/secret/a/testdata.yaml": "accept_score: 30\ngrader_flags: min\n",
			"data/secret/b/testdata.yaml": "accept_score: 40\ngrader_flags: min\n",
		}.tests("secret/a/1", "secret/b/1"), `
			secret/a 30 min [secret/a/1]
			secret/b 40 min [secret/b/1] after [secret/a]`},
		{"samples do not count, whatever the mode", files{
			"problem.yaml":       scoring,
			"data/testdata.yaml": "grader_flags: ignore_sample max\n",
		}.tests("sample/1", "sample/2", "secret/1"), `
			sample 0 min [sample/1 sample/2]
			secret 1 min [secret/1]`},
		{"the least of equal groups", files{
			"problem.yaml":              scoring,
			"data/secret/testdata.yaml": "accept_score: 50\ngrader_flags: min\n",
		}.tests("secret/a/1", "secret/b/1"), `
			secret 50 min [secret/a/1 secret/b/1]`},
		{"the least of different ones", files{
			"problem.yaml":                scoring,
			"data/secret/testdata.yaml":   "accept_score: 50\ngrader_flags: min\n",
			"data/secret/b/testdata.yaml": "accept_score: 51\ngrader_flags: min\n",
		}.tests("secret/a/1", "secret/b/1"), "data/secret/testdata.yaml:1: grader_flags min: groups secret/a and secret/b have different scores: the least of them cannot be expressed"},
		{"the validator scores", files{
			"problem.yaml":              scoring + "validation: custom score\n",
			"output_validators/v.py":    "",
			"data/secret/testdata.yaml": "on_reject: continue\n",
		}.tests("secret/1", "secret/2"), `
			secret - sum [secret/1 secret/2]`},
		{"any of the last groups will do, for none is after it", files{
			"problem.yaml":                scoring,
			"data/sample/testdata.yaml":   "accept_score: 0\n",
			"data/secret/testdata.yaml":   "on_reject: continue\ngrader_flags: first_error accept_if_any_accepted\n",
			"data/secret/a/testdata.yaml": "grader_flags: min\n",
			"data/secret/b/testdata.yaml": "grader_flags: min\naccept_score: 2\n",
		}.tests("sample/1", "secret/a/1", "secret/b/1", "secret/b/2"), `
			sample 0 min [sample/1]
			secret/a 1 min [secret/a/1] after [sample]
			secret/b 2 min [secret/b/1 secret/b/2] after [sample]`},
		{"any of a group before others", files{
			"problem.yaml":                scoring,
			"data/secret/testdata.yaml":   "on_reject: break\n",
			"data/secret/a/testdata.yaml": "grader_flags: min accept_if_any_accepted\n",
			"data/secret/b/testdata.yaml": "grader_flags: min\n",
		}.tests("secret/a/1", "secret/b/1"), "data/secret/a/testdata.yaml:1: grader_flags accept_if_any_accepted: whether the groups after this one are judged cannot be expressed"},
		{"a draft", files{
			"problem.yaml":                "problem_format_version: 2023-07-draft\nsource_url: x\n" + scoring,
			"data/secret/testdata.yaml":   "on_reject: continue\noutput_validator_args: [case_sensitive]\n",
			"data/secret/a/testdata.yaml": "grader_flags: min\naccept_score: 50\n",
		}.tests("secret/a/1", "secret/a/2", "secret/b/1"), `
			secret/a 50 min [secret/a/1 secret/a/2]
			secret/b 1 min [secret/b/1]`},
		{"points for what is rejected", files{
			"problem.yaml":              scoring,
			"data/secret/testdata.yaml": "reject_score: 1\n",
		}.tests("secret/1"), "data/secret/testdata.yaml:1: reject_score: 1: points for what is rejected are not supported"},
		{"the mean of some", files{
			"problem.yaml":              scoring,
			"data/secret/testdata.yaml": "grader_flags: avg\n",
		}.tests("secret/1", "secret/2"), "data/secret/testdata.yaml:1: grader_flags avg: cannot be expressed with on_reject and scores as they are here"},
		{"the fewest points win", files{"problem.yaml": scoring + "grading:\n  objective: min\n"}.tests("secret/1"),
			`problem.yaml:3: objective: "min": only scores of which more is better are supported`},
		{"any test will do", files{
			"problem.yaml":              "name: x\n",
			"data/secret/testdata.yaml": "grader_flags: accept_if_any_accepted\n",
		}.tests("secret/1"), "data/secret/testdata.yaml:1: grader_flags accept_if_any_accepted: a package without scores is accepted when all tests are"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assertGroups(t, tt.files, tt.want) })
	}
}

func TestGroupsOfNewPackages(t *testing.T) {
	scoring := "problem_format_version: 2025-09\nname: x\ntype: scoring\n"
	tests := []struct {
		name  string
		files files
		want  string
	}{
		{"secret is the group", files{"problem.yaml": scoring}.tests("sample/1", "secret/1", "secret/2"), `
			sample 0 min [sample/1]
			secret 100 sum [secret/1 secret/2]`},
		{"groups", files{
			"problem.yaml":                  scoring,
			"data/secret/a/test_group.yaml": "max_score: 40\nrequire_pass: sample\n",
			"data/secret/b/test_group.yaml": "max_score: 60\nscore_aggregation: min\nrequire_pass: [sample, secret/a]\n",
		}.tests("sample/1", "secret/a/1", "secret/b/1", "secret/b/deep/2"), `
			sample 0 min [sample/1]
			secret/a 40 min [secret/a/1] after [sample]
			secret/b 60 min [secret/b/1 secret/b/deep/2] after [sample secret/a]`},
		{"all or nothing", files{
			"problem.yaml":                scoring,
			"data/secret/test_group.yaml": "score_aggregation: pass-fail\n",
		}.tests("secret/a/1", "secret/b/1"), `
			secret 100 min [secret/a/1 secret/b/1]`},
		{"a group without points", files{"problem.yaml": scoring}.tests("secret/a/1"),
			"data/secret/a: has no max_score: a pass-fail group wants one, in its test_group.yaml"},
		{"a legacy package's file", files{
			"problem.yaml":              scoring,
			"data/secret/testdata.yaml": "accept_score: 50\n",
		}.tests("secret/1"), "data/secret/testdata.yaml: is of legacy packages: want test_group.yaml"},
		{"unknown group", files{
			"problem.yaml":                  scoring,
			"data/secret/a/test_group.yaml": "max_score: 100\nrequire_pass: secret/0\n",
		}.tests("secret/a/1"), "data/secret/a/test_group.yaml: require_pass secret/0: no group before this one is called so"},
		{"tests beside groups", files{"problem.yaml": scoring}.tests("secret/a/1", "secret/1"), "data/secret: has test cases beside groups: want one of the two"},
		{"the validator scores", files{
			"problem.yaml":                scoring,
			"output_validator/v.py":       "open('score.txt')",
			"data/secret/test_group.yaml": "max_score: unbounded\n",
		}.tests("sample/1", "secret/1"), `
			sample 0 min [sample/1]
			secret - sum [secret/1]`},
		{"score_multiplier.txt", files{
			"problem.yaml":          scoring,
			"output_validator/v.py": "open('score_multiplier.txt')",
		}.tests("secret/1"), "output_validator/v.py: output validators that write score_multiplier.txt are not supported: want score.txt"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assertGroups(t, tt.files, tt.want) })
	}
}

// assertGroups compares groups, or the error.
func assertGroups(t *testing.T, f files, want string) {
	t.Helper()
	p, err := f.read(t)
	if !strings.HasPrefix(want, "\n") {
		input := (*judge.InputError)(nil)
		require.ErrorAs(t, err, &input)
		line, _, _ := strings.Cut(input.Error(), "\n")
		_, line, _ = strings.Cut(line, "/package/")
		assert.Equal(t, want, line)
		return
	}
	require.NoError(t, err)
	var got strings.Builder
	for _, g := range p.groups {
		score := "-"
		if g.score != nil {
			score = number(*g.score)
		}
		fmt.Fprintf(&got, "\n%s %s %s %v", g.name, score, g.aggregate, g.tests)
		if len(g.depends) > 0 {
			fmt.Fprintf(&got, " after %v", g.depends)
		}
	}
	assert.Equal(t, strings.ReplaceAll(want, "\t", ""), got.String())
}

func TestExpectations(t *testing.T) {
	f := files{
		"problem.yaml": "problem_format_version: 2025-09\nname: x\n",
		"submissions/submissions.yaml": `
wrong_answer:
  permitted: [AC, WA, RTE]
"{mine,yours}/*.py":
  permitted: [AC, TLE]
  required: [TLE]
  use_for_time_limit: false
accepted/slow.py:
  use_for_time_limit: false
mine/odd.c:
  language: cpp
`,
	}.tests("secret/1")
	for _, name := range []string{"accepted/slow.py", "wrong_answer/w.py", "run_time_error/r.py", "time_limit_exceeded/t.py", "brute_force/b.py",
		"rejected/r.py", "mine/m.py", "yours/y.py", "mine/odd.c", "accepted/note.txt"} {
		f["submissions/"+name] = ""
	}
	f["submissions/rejected/marked.py"] = "# @EXPECTED_RESULTS@: TIMELIMIT, WRONG_ANSWER"
	p, err := f.read(t)
	require.NoError(t, err)
	got := map[string]string{}
	for _, s := range p.submissions {
		got[strings.TrimPrefix(s.name, "submissions/")] = fmt.Sprint(s.expected, s.calibrates)
	}
	assert.Equal(t, map[string]string{
		"accepted/a.py":            "[accepted] true",
		"accepted/slow.py":         "[accepted] false",
		"wrong_answer/w.py":        "[wrong-answer runtime-error memory-limit output-limit] true",
		"run_time_error/r.py":      "[runtime-error memory-limit output-limit] true",
		"time_limit_exceeded/t.py": "[time-limit] false",
		"brute_force/b.py":         "[time-limit runtime-error memory-limit output-limit] false",
		"rejected/r.py":            "[wrong-answer time-limit runtime-error memory-limit output-limit] false",
		"rejected/marked.py":       "[time-limit wrong-answer] false",
		"mine/m.py":                "[time-limit] false",
		"mine/odd.c":               "[accepted wrong-answer time-limit runtime-error memory-limit output-limit] false",
		"yours/y.py":               "[time-limit] false",
	}, got)
	assert.Equal(t, []string{
		"submissions/accepted/note.txt is left out: no language has its extension",
		"submissions/mine/odd.c: nothing is expected of it: directory mine is none that the format knows",
	}, p.Notes())
}

// TestResultsAsDOMjudgeWritesThem has its words in comments and its names of directories.
func TestResultsAsDOMjudgeWritesThem(t *testing.T) {
	f := files{"problem.yaml": "name: x\nlibraries:\nvalidator_args: --for-others\n"}.tests("secret/1")
	want := map[string]string{"accepted/a.py": "[accepted]"}
	for name, tt := range map[string]struct{ text, want string }{
		"mixed/block.hs":  {"{- @EXPECTED_RESULTS@: CORRECT -}", "[accepted]"},
		"mixed/block.lua": {"--[[ @EXPECTED_RESULTS@: NO-OUTPUT --]]", "[wrong-answer]"},
		"mixed/block.ml":  {"(* @EXPECTED_RESULTS@: CORRECT,TIMELIMIT *)", "[accepted time-limit]"},
		"mixed/lower.py":  {"# @expected_results@: run-error", "[runtime-error memory-limit output-limit]"},
		"mixed/two.cpp":   {"// @EXPECTED_RESULTS@: TIME-LIMIT,RUN-ERROR", "[time-limit runtime-error memory-limit output-limit]"},
		"mixed/any.c": {"// @EXPECTED_RESULTS@: CHECK-MANUALLY",
			"[accepted wrong-answer time-limit memory-limit output-limit runtime-error compile-error]"},
		"mixed/score.py":                 {"# @EXPECTED_SCORE@: CORRECT", "[accepted]"},
		"mixed/prose.c":                  {"// @EXPECTED_SCORE@ is a tag too, like @EXPECTED_RESULTS@: that.\n// @EXPECTED_RESULTS@: CORRECT", "[accepted]"},
		"wrong_answer/empty.c":           {"/* @EXPECTED_RESULTS@: \n */", "[wrong-answer]"},
		"wrong_answer/blank.hs":          {"{- @EXPECTED_RESULTS@: -}", "[wrong-answer]"},
		"mixed/note/main.c":              {"// @EXPECTED_RESULTS@: is in note.txt", "[wrong-answer]"},
		"mixed/note/note.txt":            {"@EXPECTED_RESULTS@: NO-OUTPUT", ""},
		"accepted/twice/main.c":          {"// @EXPECTED_RESULTS@: CORRECT", "[accepted time-limit]"},
		"accepted/twice/note.txt":        {"@EXPECTED_RESULTS@: TIMELIMIT", ""},
		"compiler_error/x.c":             {"", "[compile-error]"},
		"no_output/x.c":                  {"", "[wrong-answer]"},
		"output_limit/x.c":               {"", "[output-limit]"},
		"output_limit/marked.c":          {"// @EXPECTED_RESULTS@: TIMELIMIT", "[time-limit]"},
		"compiler_error/plus.c++":        {"", "[compile-error]"},
		"compiler_error/several/main.c":  {"", "[compile-error]"},
		"compiler_error/several/other.h": {"", ""},
	} {
		f["submissions/"+name] = tt.text
		if strings.Count(name, "/") == 2 {
			name = path.Dir(name)
		}
		if tt.want != "" {
			want[name] = tt.want
		}
	}
	p, err := f.read(t)
	require.NoError(t, err)
	got := map[string]string{}
	for _, s := range p.submissions {
		got[strings.TrimPrefix(s.name, "submissions/")] = fmt.Sprint(s.expected)
	}
	assert.Equal(t, want, got)
	assert.Equal(t, []string{
		"validator_args: is none of a legacy package's keys; only validator_flags is looked at",
		"submissions/accepted/twice has comments @EXPECTED_RESULTS@ that differ: any result of theirs is expected",
	}, p.Notes())
}

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

// TestFilesWithNamesThatTheFormatDoesNotAllow are not passed over where that changed a verdict.
func TestFilesWithNamesThatTheFormatDoesNotAllow(t *testing.T) {
	for _, name := range []string{"data/secret/1 (copy).in", "data/secret/a b/1.in"} {
		_, err := files{"problem.yaml": "name: x\n", name: ""}.tests("secret/1").read(t)
		assert.ErrorContains(t, err, ": want a name of letters, digits, _, ., - and + only", name)
	}
	_, err := files{"problem.yaml": "name: x\n", "data/secret/notes on tests.txt": ""}.tests("secret/1").read(t)
	assert.NoError(t, err)
}

// TestConstants: programs and groups' files have their values, test data do not, and the package stays as it is.
func TestConstants(t *testing.T) {
	f := files{
		"problem.yaml":              "problem_format_version: 2025-09\nname: x\nconstants:\n  six: 6\n  zero: 0.0\n  five: {value: 5, roman: V}\n",
		"data/secret/1.in":          "{{six}}",
		"data/secret/1.ans":         "",
		"submissions/accepted/b.py": "'{{seven}}' {six} {{ six }}",
	}
	dir := f.write(t)
	p, err := Open(dir)
	require.NoError(t, err)
	assert.Empty(t, p.Passing(), "nothing has constants")
	assert.Equal(t, dir, p.tree.root)

	maps.Copy(f, files{
		"submissions/accepted/a/main.py": "{{six}}{{five}}{{five.value}}{{five.roman}}{{six.roman}}{{seven}}",
		"output_validator/v/v.py":        "# {{zero}} and {{zero}}",
		"data/secret/test_group.yaml":    "output_validator_args: ['{{five}}']\n",
		"include/default/x.h":            "{{six}}",
		"input_validators/v.py":          "{{six}}",
	})
	dir = f.write(t)
	p, err = Open(dir)
	require.NoError(t, err)
	for name, want := range map[string]string{
		"submissions/accepted/a/main.py": "655V{{six.roman}}{{seven}}", "output_validator/v/v.py": "# 0.0 and 0.0",
		"data/secret/test_group.yaml": "output_validator_args: ['5']\n", "include/default/x.h": "6", "input_validators/v.py": "6",
		"data/secret/1.in": "{{six}}", "submissions/accepted/b.py": f["submissions/accepted/b.py"],
	} {
		text, ok, err := p.tree.text(name)
		require.NoError(t, err)
		require.True(t, ok, name)
		assert.Equal(t, want, text, name)
		before, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, f[name], string(before), name)
	}
	assert.Equal(t, []string{"5"}, p.checkerTool.args)
	assert.Equal(t, "write the values of its constants into its programs", p.Passing())
	_, err = judge.LoadFiles(p.TaskFile())
	require.NoError(t, err)
	copied := p.tree.root
	require.NoError(t, p.Close())
	assert.NoDirExists(t, copied)
}

// TestLinksOfACopy: the directory for temporary files may be a link.
func TestLinksOfACopy(t *testing.T) {
	temp := filepath.Join(t.TempDir(), "temp")
	require.NoError(t, os.Symlink(t.TempDir(), temp))
	f := files{"problem.yaml": "problem_format_version: 2025-09\nname: x\nconstants: {n: 5}\n", "submissions/accepted/a.py": "{{n}}"}
	dir := f.tests("secret/1").write(t)
	require.NoError(t, os.Symlink("a.py", filepath.Join(dir, "submissions/accepted/b.py")))
	t.Setenv("TMPDIR", temp)
	p, err := Open(dir)
	require.NoError(t, err)
	text, _, err := p.tree.text("submissions/accepted/b.py")
	require.NoError(t, err)
	assert.Equal(t, "5", text)
	require.NoError(t, p.Close())
}

// TestConstantsThatAreRefused leave no copy behind.
func TestConstantsThatAreRefused(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, tt := range []struct{ constants, program, link, want string }{
		{"{max-n: 5}", "", "", "/problem.yaml:3: max-n: want a name of letters, digits and _"},
		{"{n: [5]}", "", "", "/problem.yaml:3: n: want text"},
		{"{n: }", "", "", "/problem.yaml:3: n: want a number or text"},
		{"{n: {value: {value: 5}}}", "", "", "/problem.yaml:3: value: want text"},
		{"{n: " + strings.Repeat("5", 1<<20) + "}", strings.Repeat("{{n}}", 1<<10), "", "/submissions/accepted/a.py: its constants make the package's programs larger than 64 MiB"},
		{"{n: 5}", "{{n}}", "submissions/accepted/a.py", "/submissions/accepted/b.py: is a symbolic link that leads out of the package"},
	} {
		f := files{"problem.yaml": "problem_format_version: 2025-09\nname: x\nconstants: " + tt.constants + "\n", "submissions/accepted/a.py": tt.program}
		dir := f.tests("secret/1").write(t)
		if tt.link != "" {
			require.NoError(t, os.Symlink(filepath.Join(dir, tt.link), filepath.Join(dir, "submissions/accepted/b.py")))
		}
		_, err := Open(dir)
		require.ErrorContains(t, err, tt.want)
		if tt.link != "" {
			before, err := os.ReadFile(filepath.Join(dir, tt.link))
			require.NoError(t, err)
			assert.Equal(t, tt.program, string(before))
		}
	}
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "judge-package-*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

// TestPlacesOfOutputValidators: DOMjudge takes both from legacy packages, and drafts had both.
func TestPlacesOfOutputValidators(t *testing.T) {
	for _, tt := range []struct{ version, dir, want string }{
		{"legacy", "output_validators", ""},
		{"legacy", "output_validator", ""},
		{"2023-07-draft", "output_validators", ""},
		{"2023-07-draft", "output_validator", ""},
		{"2025-09", "output_validator", ""},
		{"2025-09", "output_validators", "/output_validators: is of legacy packages: want output_validator"},
	} {
		f := files{"problem.yaml": "problem_format_version: " + tt.version + "\nname: x\n", tt.dir + "/check/v.py": ""}.tests("secret/1")
		if tt.version == "legacy" {
			f["problem.yaml"] += "validation: custom\nvalidator_flags: --note 'more tests'\n"
		}
		p, err := f.read(t)
		if tt.want != "" {
			assert.ErrorContains(t, err, tt.want, "%s %s", tt.version, tt.dir)
			continue
		}
		require.NoError(t, err, "%s %s", tt.version, tt.dir)
		require.NotNil(t, p.checkerTool, "%s %s", tt.version, tt.dir)
		if tt.version == "legacy" {
			assert.Equal(t, []string{"--note", "more tests"}, p.checkerTool.args)
		}
	}
}

// TestWhatKeepsATimeLimitFromBeingMeasured: what else is wrong shows in the table of the run.
func TestWhatKeepsATimeLimitFromBeingMeasured(t *testing.T) {
	yes, no := true, false
	record := func(name string, expected, verdict judge.Verdict) *judge.Record {
		r := &judge.Record{Kind: judge.KindSubmission, Submission: name, Test: "1", AsExpected: &no}
		if expected == verdict {
			r.AsExpected = &yes
		}
		r.Expected, r.Verdict = []judge.Verdict{expected}, verdict
		return r
	}
	either := record("either.py", judge.WrongAnswer, judge.WrongAnswer)
	either.Expected = append(either.Expected, judge.Accepted)
	right, wrong := record("right.py", judge.Accepted, judge.Accepted), record("wrong.py", judge.Accepted, judge.WrongAnswer)
	for _, c := range []struct {
		name    string
		records []*judge.Record
		want    string
	}{
		{"none is accepted", []*judge.Record{wrong}, "wrong.py: wrong-answer on test 1"},
		{"another one is", []*judge.Record{wrong, right}, ""},
		{"another one may be, and is not", []*judge.Record{wrong, either}, "wrong.py: wrong-answer on test 1"},
		{"none has to be", []*judge.Record{either}, ""},
		{"wrong in another way", []*judge.Record{record("a.py", judge.WrongAnswer, judge.CompileError)}, ""},
		{"not wrong at all", []*judge.Record{record("a.py", judge.WrongAnswer, judge.Accepted)}, ""},
		{"without end", []*judge.Record{right, record("a.py", judge.Accepted, judge.TimeLimit)}, "a.py: time-limit on test 1 (of 30s)"},
		{"wrong and without end", []*judge.Record{record("a.py", judge.WrongAnswer, judge.TimeLimit)}, "a.py: time-limit on test 1 (of 30s)"},
	} {
		m := measurement{submission: "right.py", test: "1"}
		for _, r := range c.records {
			require.NoError(t, m.Write(r))
		}
		assert.Equal(t, c.want, m.hindrance(), c.name)
	}
	assert.Equal(t, "no submission could be run", (&measurement{}).hindrance())
}

func TestCalibratedLimit(t *testing.T) {
	tests := []struct {
		name    string
		c       calibration
		slowest time.Duration
		want    time.Duration
	}{
		{"at least one step", calibration{multiplier: 2, resolution: time.Second}, time.Millisecond, time.Second},
		{"up to the next step", calibration{multiplier: 2, resolution: time.Second}, 510 * time.Millisecond, 2 * time.Second},
		{"exactly", calibration{multiplier: 2, resolution: time.Second}, 500 * time.Millisecond, time.Second},
		{"small steps", calibration{multiplier: 1.5, resolution: 100 * time.Millisecond}, 210 * time.Millisecond, 400 * time.Millisecond},
		{"to the nearest second", calibration{multiplier: 5, resolution: time.Second, nearest: true}, 290 * time.Millisecond, time.Second},
		{"to the nearest second above", calibration{multiplier: 5, resolution: time.Second, nearest: true}, 310 * time.Millisecond, 2 * time.Second},
		{"but at least one", calibration{multiplier: 5, resolution: time.Second, nearest: true}, 0, time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, tt.c.limit(tt.slowest)) })
	}
}

func TestTestsWithArgumentsAndFiles(t *testing.T) {
	p, err := files{
		"problem.yaml":                  "problem_format_version: 2025-09\nname: x\nlimits: {time_limit: 1.5, compilation_time: 20}\n",
		"data/secret/test_group.yaml":   "args: [a, b]\noutput_validator_args: [float_tolerance, 1e-6]\n",
		"data/secret/2.yaml":            "args: [c]\nhint: none\n",
		"data/secret/1.files/sub/x.txt": "",
		"input_validators/v.py":         "",
		"input_validators/v.ctd":        "",
	}.tests("secret/1", "secret/2").read(t)
	require.NoError(t, err)
	assert.Equal(t, `# x. Made by judge convert from problem.yaml.
#
# What could not be expressed here:
#   - input_validators/v.ctd is no program and is not run on inputs

[language.python]
compile_limits = { time = "20s" }

[[task]]
name = "package"
limits = { time = "1500ms", memory = "2GiB", output = "8MiB" }
checker = "default:float_tolerance 1e-06"
validators = [
    { source = "input_validators/v.py", protocol = "kattis", args = ["a", "b"], tests = ["secret/1"], limits = { time = "60s", memory = "2GiB", output = "8MiB" } },
    { source = "input_validators/v.py", protocol = "kattis", args = ["c"], tests = ["secret/2"], limits = { time = "60s", memory = "2GiB", output = "8MiB" } },
]
submissions = [
    "submissions/accepted/a.py",
]
test = [
    { name = "secret/1", input_file = "data/secret/1.in", answer_file = "data/secret/1.ans", args = ["a", "b"], files = { "sub/x.txt" = "data/secret/1.files/sub/x.txt" } },
    { name = "secret/2", input_file = "data/secret/2.in", answer_file = "data/secret/2.ans", args = ["c"] },
]
`, p.document(""))
}

func TestArgumentsOfTheOutputValidatorByGroup(t *testing.T) {
	f := files{
		"problem.yaml":                "validator_flags: case_sensitive\n",
		"data/secret/testdata.yaml":   "output_validator_flags: float_tolerance 1e-6\n",
		"data/secret/a/testdata.yaml": "output_validator_flags: space_change_sensitive\n",
	}.tests("sample/1", "secret/1", "secret/a/1")
	for _, program := range []string{"", "output_validators/v.py"} {
		f[program], f["problem.yaml"] = "", f["problem.yaml"]+"validation: custom\n"
		if program == "" {
			delete(f, program)
			f["problem.yaml"] = "validator_flags: case_sensitive\n"
		}
		p, err := f.read(t)
		require.NoError(t, err)
		var got []string
		for _, test := range p.tests {
			got = append(got, strings.Join(append([]string{test.name}, test.checkerArgs...), " "))
		}
		assert.Equal(t, []string{"sample/1", "secret/1 float_tolerance 1e-6", "secret/a/1 space_change_sensitive"}, got)
		if program == "" {
			assert.Equal(t, "default:case_sensitive", p.checker)
		} else {
			assert.Equal(t, []string{"case_sensitive"}, p.checkerTool.args)
		}
	}
}

// TestArgumentsOfInputValidators: those that all tests of a group have make one validator for the group.
func TestArgumentsOfInputValidators(t *testing.T) {
	p, err := files{
		"problem.yaml":                "name: x\n",
		"input_validators/v.py":       "",
		"input_validators/w.py":       "",
		"input_validator/any/run":     "",
		"input_validator/any/other":   "",
		"data/secret/a/testdata.yaml": "input_validator_flags: n=5 'of these'\n",
		"data/secret/b/testdata.yaml": "input_validator_flags: {name: w, flags: n=6}\n",
	}.tests("sample/1", "secret/a/1", "secret/a/2", "secret/b/1", "secret/b/2").read(t)
	require.NoError(t, err)
	var got []string
	for _, v := range p.validators {
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %q %v %s", v.source[0], v.args, v.tests, v.language)))
	}
	assert.Equal(t, []string{
		`input_validators/v.py [] [sample/1 secret/b/1 secret/b/2]`,
		`input_validators/v.py ["n=5" "of these"] [secret/a/*]`,
		`input_validators/w.py [] [sample/1]`,
		`input_validators/w.py ["n=5" "of these"] [secret/a/*]`,
		`input_validators/w.py ["n=6"] [secret/b/*]`,
		`input_validator/any/run [] [sample/1 secret/b/1 secret/b/2] scripts`,
		`input_validator/any/run ["n=5" "of these"] [secret/a/*] scripts`,
	}, got)
	assert.Empty(t, p.Notes())
}

func TestPolygon(t *testing.T) {
	const problem = `<problem short-name="p"><judging><testset name="tests"><time-limit>500</time-limit><memory-limit>1048576</memory-limit>
<input-path-pattern>t/%%02d</input-path-pattern><answer-path-pattern>t/%%02d.a</answer-path-pattern>
<tests><test method="manual"/></tests></testset></judging><assets>%s
<solutions><solution tag="main"><source path="submissions/accepted/a.py"/></solution></solutions></assets></problem>`
	const interactor = `<checker name="std::wcmp.cpp" type="testlib"/><interactor><source path="i.cpp"/></interactor>`
	for name, tt := range map[string]struct{ assets, interactor, want string }{
		"tokens":                    {`<checker name="std::wcmp.cpp"/>`, "", `checker = "tokens"`},
		"numbers":                   {`<checker name="std::rcmp6.cpp"/>`, "", `checker = "floats:1e-6"`},
		"yes or no":                 {`<checker name="std::nyesno.cpp"/>`, "", `checker = "default"`},
		"absolute":                  {`<checker name="std::rcmp.cpp"/>`, "", `checker = "default:case_sensitive float_absolute_tolerance 1.5e-6"`},
		"a standard one of no kin":  {`<checker name="std::lcmp.cpp"><source path="i.cpp"/></checker>`, "", `checker = { source = "i.cpp", protocol = "testlib" }`},
		"its source is not there":   {`<checker name="std::lcmp.cpp"><source path="check.cpp"/></checker>`, "", `problem.xml: source "check.cpp": there is no such file`},
		"interactor":                {interactor, "", `interactor = { source = "i.cpp", protocol = "testlib" }`},
		"interactor and checker":    {interactor, "tout << 1;", "i.cpp: writes to tout, for a checker to judge: a task has an interactor or a checker"},
		"neither the one nor other": {"", "", "problem.xml: the package has no checker"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := files{"problem.xml": fmt.Sprintf(problem, tt.assets), "t/01": "", "t/01.a": "", "i.cpp": tt.interactor}.read(t)
			if err != nil {
				assert.ErrorContains(t, err, "/package/"+tt.want)
				return
			}
			assert.Contains(t, p.document(""), "\n"+tt.want+"\n")
		})
	}
}
