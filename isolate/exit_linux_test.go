package isolate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestExitStatusIsTheProgramsOwn(t *testing.T) {
	b := newBox(t)
	for _, row := range []struct {
		name string
		args []string
		want syscall.WaitStatus
	}{
		{"success", []string{"exit", "0"}, 0},
		{"failure", []string{"exit", "7"}, 7 << 8},
		{"only eight bits", []string{"exit", "300"}, 44 << 8},
		{"127 is an exit status like any", []string{"exit", "127"}, 127 << 8},
		{"abort", []string{"abort"}, syscall.WaitStatus(unix.SIGABRT)},
		{"kill itself", []string{"kill", "9"}, syscall.WaitStatus(unix.SIGKILL)},
		{"terminate itself", []string{"kill", "15"}, syscall.WaitStatus(unix.SIGTERM)},
		{"a signal that init ignores", []string{"kill", "1"}, syscall.WaitStatus(unix.SIGHUP)},
		{"real-time signal", []string{"kill", "64"}, 64},
	} {
		t.Run(row.name, func(t *testing.T) {
			exit, _ := b.in(t).mustRun(b.probeProgram(row.args...))
			assert.Equal(t, row.want, exit.Status&^0x80, "status %#x", uint32(exit.Status))
			assert.False(t, exit.Status.CoreDump())
			assert.Positive(t, exit.Wall)
			assert.Positive(t, exit.Rusage.Maxrss)
			assert.NoError(t, exit.Cause)
		})
	}
}

func TestEndOfTheFirstProcessEndsTheRun(t *testing.T) {
	b := newBox(t)
	for _, row := range []struct {
		kind  string
		count int
	}{{"child", 1}, {"child", 20}, {"daemon", 3}, {"stopped", 3}, {"deaf", 3}, {"child", 300}} {
		t.Run(fmt.Sprintf("%d %s", row.count, row.kind), func(t *testing.T) {
			exit, out := b.in(t).mustRun(b.probeProgram("leave", row.kind, strconv.Itoa(row.count))) // which looks for those left
			assert.Zero(t, exit.Status)
			assert.Equal(t, strconv.Itoa(row.count)+"\n", out)
		})
	}
}

func TestLeftProcessesHoldNothingWhenRunReturns(t *testing.T) {
	b := newBox(t)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	p := b.probeProgram("leave", "daemon", "5")
	p.Files = []*os.File{w}
	b.mustRun(p)
	require.NoError(t, w.Close())
	require.NoError(t, unix.SetNonblock(int(r.Fd()), true))
	n, err := unix.Read(int(r.Fd()), make([]byte, 1))
	assert.NoError(t, err, "the pipe is still open somewhere")
	assert.Zero(t, n)
}

// runUntilSaid runs a program that prints a line when it is where the test wants it, and then acts.
func runUntilSaid(t *testing.T, b *box, ctx context.Context, act func(pid int), args ...string) (Exit, error) {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	p := b.probeProgram(args...)
	p.Stdout = w
	var program atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.SetReadDeadline(time.Now().Add(patience))
		if _, err := r.Read(make([]byte, 1)); assert.NoError(t, err) {
			act(int(program.Load()))
		}
	}()
	exit, _, err := b.run(ctx, p, func(pid int) error { program.Store(int64(pid)); return nil })
	w.Close()
	<-done
	return exit, err
}

var errStop = errors.New("the judge wants no more")

func TestCancellingKillsAndSaysWhy(t *testing.T) {
	b := newBox(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	exit, err := runUntilSaid(t, b, ctx, func(int) { cancel(errStop) }, "say", "here")
	require.NoError(t, err)
	assert.ErrorIs(t, exit.Cause, errStop)
	assert.Equal(t, syscall.WaitStatus(unix.SIGKILL), exit.Status)
	assert.Positive(t, exit.Wall)
	assert.Positive(t, exit.Rusage.Maxrss)
	assert.NoError(t, b.Err())
	b.probed("exit", "0")
}

func TestCancelledContextStartsNothing(t *testing.T) {
	b := newBox(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errStop)
	for range 30 { // the kill comes before, while and after the program is told to go
		exit, _, err := b.run(ctx, b.probeProgram("pause"), nil)
		require.NoError(t, err)
		require.ErrorIs(t, exit.Cause, errStop)
		require.Equal(t, syscall.WaitStatus(unix.SIGKILL), exit.Status)
	}
	b.probed("exit", "0")
}

func TestCancellingAtTheGateIsACauseAndNoError(t *testing.T) {
	b := newBox(t)
	for range 30 {
		ctx, cancel := context.WithCancelCause(context.Background())
		exit, _, err := b.run(ctx, b.probeProgram("pause"), func(int) error { cancel(errStop); return nil })
		require.NoError(t, err)
		require.ErrorIs(t, exit.Cause, errStop)
	}
}

func TestCancellingAfterTheEndChangesNothing(t *testing.T) {
	b := newBox(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	exit, _, err := b.run(ctx, b.probeProgram("exit", "3"), nil)
	cancel(errStop)
	require.NoError(t, err)
	assert.NoError(t, exit.Cause)
	assert.Equal(t, 3, exit.Status.ExitStatus())
}

func TestDeadlineOfTheContextIsTheCause(t *testing.T) {
	b := newBox(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	exit, _, err := b.run(ctx, b.probeProgram("pause"), nil)
	require.NoError(t, err)
	assert.ErrorIs(t, exit.Cause, context.DeadlineExceeded)
}

func TestProgramKilledFromOutsideIsNoCause(t *testing.T) {
	b := newBox(t)
	exit, err := runUntilSaid(t, b, context.Background(), func(pid int) {
		assert.NoError(t, unix.Kill(pid, unix.SIGKILL))
	}, "say", "here")
	require.NoError(t, err)
	assert.Equal(t, syscall.WaitStatus(unix.SIGKILL), exit.Status)
	assert.NoError(t, exit.Cause)
}

func TestIgnoredSignalsOfTheParentAreDefaultInside(t *testing.T) {
	signal.Ignore(unix.SIGHUP, unix.SIGUSR1) // as under nohup(1)
	t.Cleanup(func() { signal.Reset(unix.SIGHUP, unix.SIGUSR1) })
	b := newBox(t)
	assert.Contains(t, b.probed("cat", "/proc/self/status"), "SigIgn:\t0000000000000000\n")
	exit, _ := b.mustRun(b.probeProgram("kill", "1"))
	assert.Equal(t, unix.SIGHUP, exit.Status.Signal())
}

func TestNoSignalIsBlockedInside(t *testing.T) {
	b := newBox(t)
	status := b.probed("cat", "/proc/self/status")
	assert.Contains(t, status, "SigBlk:\t0000000000000000\n")
	assert.Contains(t, status, "SigPnd:\t0000000000000000\n")
}
