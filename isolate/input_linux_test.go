package isolate

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func newInput(t *testing.T, text string) *Input {
	t.Helper()
	in, err := NewInput(strings.NewReader(text))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, in.Close()) })
	return in
}

func TestInputIsReadFromTheBeginningByEveryRun(t *testing.T) {
	b := newBox(t)
	in := newInput(t, "the input")
	assert.EqualValues(t, 9, in.Size())
	for range 3 {
		f, err := in.Open()
		require.NoError(t, err)
		p := b.probeProgram("read", "0")
		p.Stdin = f
		_, out := b.mustRun(p)
		require.NoError(t, f.Close())
		assert.Equal(t, "0: the input\n", out)
	}
}

func TestProgramCannotChangeItsInput(t *testing.T) {
	b := newBox(t)
	in := newInput(t, "the input")
	f, err := in.Open()
	require.NoError(t, err)
	defer f.Close()
	p := b.probeProgram("input")
	p.Stdin = f
	_, out := b.mustRun(p)
	for line := range strings.Lines(out) {
		assert.NotContains(t, line, ": ok")
	}
	assert.Equal(t, 9, strings.Count(out, "\n"))
	again, err := in.Open()
	require.NoError(t, err)
	defer again.Close()
	text, err := io.ReadAll(again)
	require.NoError(t, err)
	assert.Equal(t, "the input", string(text))
}

func TestInputSaysNothingOfTheHost(t *testing.T) {
	needOwnIDs(t)
	b := newBox(t)
	f, err := newInput(t, "x").Open()
	require.NoError(t, err)
	defer f.Close()
	p := Program{Path: "/usr/bin/readlink", Args: []string{"readlink", "/proc/self/fd/0"}, Root: b.root, Stdin: f}
	_, out := b.mustRun(p)
	assert.Equal(t, "/memfd:input (deleted)\n", out)
}

func TestInputIsSealed(t *testing.T) {
	needOwnIDs(t)
	f, err := newInput(t, "x").Open()
	require.NoError(t, err)
	defer f.Close()
	seals, err := unix.FcntlInt(f.Fd(), unix.F_GET_SEALS, 0)
	require.NoError(t, err)
	assert.Equal(t, unix.F_SEAL_SEAL|unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_WRITE, seals&^unix.F_SEAL_EXEC)
}

func TestOpenedInputOutlivesTheInput(t *testing.T) {
	in, err := NewInput(strings.NewReader("kept"))
	require.NoError(t, err)
	f, err := in.Open()
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, in.Close())
	text, err := io.ReadAll(f)
	require.NoError(t, err)
	assert.Equal(t, "kept", string(text))
	_, err = in.Open()
	require.Error(t, err)
}

func TestInputThatCannotBeReadIsAnErrorAndLeavesNothing(t *testing.T) {
	countDescriptors(t)
	failure := errors.New("disk on fire")
	_, err := NewInput(iotest.ErrReader(failure))
	require.ErrorIs(t, err, failure)
}
