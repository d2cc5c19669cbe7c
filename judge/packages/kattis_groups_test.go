package packages

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

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
