package packages

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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
