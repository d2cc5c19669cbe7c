package main

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInvalidInputsAreMistakesOfTheTask(t *testing.T) {
	needsJudging(t)
	f := runFlags{format: formatTable, validate: true}
	var table bytes.Buffer
	require.NoError(t, f.run(t.Context(), []string{fixtures + "/validate"}, &table, io.Discard))
	assert.Contains(t, table.String(), "1 submission, 2 runs, all as expected")

	table.Reset()
	err := f.run(t.Context(), []string{fixtures + "/validate/strict.toml"}, &table, io.Discard)
	assert.Equal(t, statusUsage, statusOf(err))
	assert.Equal(t, fixtures+`/validate/tests/large.in: task "echo": test "large": validator small.py: refuses the input with exit code 43: line 1: 50 is more than 10
`+fixtures+`/validate/strict.toml: task "inline": test "any": validator crashes.sh: ended by SIGABRT
`+fixtures+`/validate/tests/large.in: task "some": test "large": validator small.py: refuses the input with exit code 43: line 1: 50 is more than 2
`+fixtures+`/validate/tests/small.in: task "some": test "small": validator small.py: refuses the input with exit code 43: line 1: 5 is more than 1`, messageOf(err))
	assert.Empty(t, table.String(), "nothing is judged")
}

func TestValidateWantsValidators(t *testing.T) {
	err := runFlags{format: formatNone, validate: true}.run(t.Context(), []string{fixtures + "/stdin"}, io.Discard, io.Discard)
	assert.Equal(t, statusUsage, statusOf(err))
	assert.Equal(t, "judge: --validate: no task has validators", messageOf(err))
}
