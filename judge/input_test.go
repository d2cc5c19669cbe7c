package judge

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRunsAtTheSameTimeHaveInputsOfTheirOwn(t *testing.T) {
	var c inputs
	d := Data{Text: "1 2 3\n"}
	first, err := c.open(d)
	require.NoError(t, err)
	second, err := c.open(d)
	require.NoError(t, err)
	assert.NotSame(t, first.copy, second.copy)
	for _, in := range []*input{first, second} {
		text, err := io.ReadAll(in)
		require.NoError(t, err)
		assert.Equal(t, d.Text, string(text))
	}
	used := first.copy
	require.NoError(t, first.release())
	third, err := c.open(d)
	require.NoError(t, err)
	assert.Same(t, used, third.copy, "what is idle is used again")
	text, err := io.ReadAll(third)
	require.NoError(t, err)
	assert.Equal(t, d.Text, string(text), "from the beginning")
	require.NoError(t, second.release())
	require.NoError(t, third.release())
	assert.Equal(t, int64(2*len(d.Text)), c.bytes)
	require.NoError(t, c.close())
	assert.Zero(t, c.bytes)
}
