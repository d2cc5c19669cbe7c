package judge

import (
	"bytes"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOutputForACheckerProgramIsNotOnTheHeap(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has memfd_create")
	}
	const size = 64 << 20
	piece := bytes.Repeat([]byte("\x00\xffoutput\n"), 1<<12)
	c := &programChecker{}
	defer c.forget()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range size / len(piece) {
		n, err := c.Write(piece)
		require.NoError(t, err)
		require.Len(t, piece, n)
	}
	runtime.ReadMemStats(&after)
	require.NoError(t, c.err)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
	length, err := c.spool.Seek(0, io.SeekEnd)
	require.NoError(t, err)
	assert.EqualValues(t, size/len(piece)*len(piece), length)
}
