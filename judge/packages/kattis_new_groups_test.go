package packages

import "testing"

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
