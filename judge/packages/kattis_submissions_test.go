package packages

import (
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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
