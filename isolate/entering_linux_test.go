package isolate

import (
	"context"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"judge/isolate/internal/child"
	"judge/isolate/internal/handshake"
)

// standIns are pipes in place of tasks files; what was written to them shows who has entered.
func standIns(t *testing.T, n int) (tasks, entered []*os.File) {
	t.Helper()
	for range n {
		r, w, err := os.Pipe()
		require.NoError(t, err)
		t.Cleanup(func() { r.Close(); w.Close() })
		tasks, entered = append(tasks, w), append(entered, r)
	}
	return tasks, entered
}

func TestProgramEntersEachGroupOnce(t *testing.T) {
	s := openSandbox(t)
	countDescriptors(t)
	for range 3 { // each with descriptors of its own
		tasks, entered := standIns(t, 3)
		root := &Root{}
		require.NoError(t, s.Prepare(root, nil, tasks...))
		p := Program{Path: "sh", Args: []string{"sh", "-c", "ls /proc/self/fd"}, Env: []string{"PATH=/usr/bin:/bin"}, Root: root}
		out, exit, err := s.Output(context.Background(), p, nil)
		require.NoError(t, err)
		assert.Zero(t, exit.Status)
		assert.Equal(t, "0\n1\n2\n3\n", string(out), "3 is ls's own")
		for i, r := range entered {
			tasks[i].Close()
			text, err := io.ReadAll(r)
			require.NoError(t, err)
			assert.Equal(t, "0", string(text))
			r.Close()
		}
	}
}

// Prepare has not waited for it, so Run is the first to know.
func TestGroupThatCannotBeEnteredIsAnErrorOfTheRun(t *testing.T) {
	s := openSandbox(t)
	unwritable, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer unwritable.Close()
	root := &Root{}
	require.NoError(t, s.Prepare(root, nil, unwritable))
	_, err = s.Run(context.Background(), shortProgram(root), nil)
	var step *StepError
	require.ErrorAs(t, err, &step)
	assert.Equal(t, "enter a control group", step.Step)
	assert.ErrorIs(t, err, unix.EBADF)
	_, err = s.Run(context.Background(), shortProgram(root), nil)
	assert.NoError(t, err, "the next run")
}

// Nothing of it lives when Discard returns: its groups can be removed.
func TestDiscardedProgramHasEnteredOrNeverWill(t *testing.T) {
	s := openSandbox(t)
	countDescriptors(t)
	countChildren(t)
	for range 20 {
		tasks, entered := standIns(t, 1)
		require.NoError(t, s.Prepare(&Root{}, nil, tasks...))
		require.NoError(t, s.Discard())
		tasks[0].Close()
		text, err := io.ReadAll(entered[0]) // ends when nobody has the other end
		require.NoError(t, err)
		assert.LessOrEqual(t, len(text), 1)
		entered[0].Close()
	}
}

func TestTooManyGroupsAreRefused(t *testing.T) {
	s := openSandbox(t)
	tasks, _ := standIns(t, 16)
	assert.ErrorContains(t, s.Prepare(&Root{}, nil, tasks...), "at most 15")
	_, err := s.Run(context.Background(), shortProgram(&Root{}), nil)
	assert.NoError(t, err)
}

// Were there a descriptor for each program of Exec that lives, those that come with prepare would grow into the numbers
// that init gives them.
func TestProgramEntersItsGroupsBesideManyOthers(t *testing.T) {
	b := newBox(t)
	first, err := b.Start(context.Background(), b.probeProgram("pause"), nil)
	require.NoError(t, err)
	for n := range child.Socket + handshake.MaxTasks {
		_, err := first.Exec(context.Background(), b.probeProgram("pause"), nil)
		require.NoError(t, err)
		if n+handshake.MaxTasks < child.Socket-16 {
			continue // far from it
		}
		tasks, entered := standIns(t, handshake.MaxTasks)
		root := b.with(Root{Hooks: Hooks{BeforeExec: func(int) error { return nil }}}) // so Prepare waits
		require.NoError(t, b.Prepare(root, nil, tasks...), "beside %d programs", n)
		require.NoError(t, b.Discard())
		for i, r := range entered {
			tasks[i].Close()
			text, err := io.ReadAll(r)
			require.NoError(t, err)
			require.Equal(t, "0", string(text), "group %d beside %d programs", i, n)
			r.Close()
		}
	}
}
