package isolate

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func nothingLeft() bool { return true }

func TestTheNextRunStartsBesideTheEndOfTheSandboxBeforeIt(t *testing.T) {
	b := newBox(t)
	countDescriptors(t)
	root := b.with(Root{})
	nobody := func(int) error { return nil }
	var before *Process
	for range 20 {
		require.NoError(t, b.Prepare(root, nobody))
		program := b.probeProgram("exit", "3")
		program.Root = root
		p, err := b.Start(context.Background(), program, nil)
		require.NoError(t, err)
		exit, err := p.WaitProcesses(nothingLeft)
		require.NoError(t, err)
		assert.Equal(t, 3, exit.Status.ExitStatus())
		if before != nil {
			settled, err := before.Wait()
			require.NoError(t, err)
			assert.Equal(t, 3, settled.Status.ExitStatus())
		}
		again, err := p.WaitProcesses(nil)
		require.NoError(t, err)
		assert.Equal(t, exit, again)
		before = p
	}
	assert.Empty(t, b.leaving)
}

func TestWaitProcessesIsWaitWhileSomethingLives(t *testing.T) {
	b := newBox(t)
	p, err := b.Start(context.Background(), b.probeProgram("stay", "daemon", "3"), nil)
	require.NoError(t, err)
	namespace := namespaceOf(t, p.PID())
	p.Signal(unix.SIGTERM) // the daemons stay
	exit, err := p.WaitProcesses(func() bool { return false })
	require.NoError(t, err)
	assert.True(t, exit.Status.Signaled() || exit.Status.Exited())
	assert.Empty(t, processesIn(namespace))
	assert.Empty(t, b.leaving)
}

func TestWaitProcessesIsWaitForWhatWasKilled(t *testing.T) {
	b := newBox(t)
	p, err := b.Start(context.Background(), b.probeProgram("pause"), nil)
	require.NoError(t, err)
	p.Kill()
	exit, err := p.WaitProcesses(nothingLeft)
	require.NoError(t, err)
	require.ErrorIs(t, exit.Cause, ErrKilled)
	assert.Empty(t, b.leaving)
}

func TestWaitProcessesTellsWhatCouldNotBeExecuted(t *testing.T) {
	b := newBox(t)
	p, err := b.Start(context.Background(), Program{Path: "/nonexistent", Root: b.root}, nil)
	require.NoError(t, err)
	_, err = p.WaitProcesses(nothingLeft)
	require.ErrorIs(t, err, unix.ENOENT)
	assert.Empty(t, b.leaving)
	b.probed("exit", "0")
}

func TestCloseWaitsForWhatIsLeaving(t *testing.T) {
	b := newBox(t)
	p, err := b.Start(context.Background(), b.probeProgram("exit", "0"), nil)
	require.NoError(t, err)
	_, err = p.WaitProcesses(nothingLeft)
	require.NoError(t, err)
	require.NoError(t, b.Close())
	assert.Empty(t, b.leaving)
	_, err = p.Wait()
	assert.NoError(t, err)
}

func TestWhatHasLeftIsNoLongerHarmedByTheEndOfTheIntermediate(t *testing.T) {
	b := newBox(t)
	p, err := b.Start(context.Background(), b.probeProgram("exit", "3"), nil)
	require.NoError(t, err)
	require.NoError(t, b.process.Signal(unix.SIGSTOP)) // it cannot say any more that init has ended
	_, err = p.WaitProcesses(nothingLeft)
	require.NoError(t, err)
	require.NoError(t, b.process.Signal(unix.SIGKILL))
	exit, err := p.Wait()
	require.NoError(t, err)
	assert.Equal(t, 3, exit.Status.ExitStatus())
	_, _, err = b.run(context.Background(), b.probeProgram("exit", "0"), nil)
	assert.Error(t, err, "the next run finds out that the sandbox cannot be used again")
	assert.Error(t, b.Err())
}
