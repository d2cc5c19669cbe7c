package packages

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFilesWithNamesThatTheFormatDoesNotAllow are not passed over where that changed a verdict.
func TestFilesWithNamesThatTheFormatDoesNotAllow(t *testing.T) {
	for _, name := range []string{"data/secret/1 (copy).in", "data/secret/a b/1.in"} {
		_, err := files{"problem.yaml": "name: x\n", name: ""}.tests("secret/1").read(t)
		assert.ErrorContains(t, err, ": want a name of letters, digits, _, ., - and + only", name)
	}
	_, err := files{"problem.yaml": "name: x\n", "data/secret/notes on tests.txt": ""}.tests("secret/1").read(t)
	assert.NoError(t, err)
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
