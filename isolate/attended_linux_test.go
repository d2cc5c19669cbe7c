package isolate

import (
	"context"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// attended returns a program that makes two forbidden calls, and what it prints.
func (b *box) attended() (Program, io.Reader) {
	p, r, w := b.sh("unshare -r true; unshare -m true; echo over; exit 3")
	b.t.Cleanup(func() { w.Close() })
	p.Attended = true
	return p, r
}

func TestWaitAnswersTheForbiddenCallsOfAnAttendedProgram(t *testing.T) {
	b := newBox(t)
	for range 2 { // nothing is left of the first
		p, _ := b.attended()
		exit, err := b.Run(context.Background(), p, nil)
		require.NoError(t, err)
		assert.Equal(t, 3, exit.Status.ExitStatus())
		assert.Equal(t, []string{"unshare"}, exit.Refused)
	}
	p, _ := b.attended()
	p.Root = b.with(Root{Forbidden: End})
	exit, err := b.Run(context.Background(), p, nil)
	require.NoError(t, err)
	assert.ErrorContains(t, exit.Cause, "unshare")
	assert.Equal(t, []string{"unshare"}, exit.Refused)
}

func TestPrepareAnswersTheForbiddenCallsOfAnAttendedProgram(t *testing.T) {
	b := newBox(t)
	p, out := b.attended()
	process, err := b.Start(context.Background(), p, nil)
	require.NoError(t, err)
	line, done := make([]byte, 5), make(chan error, 1)
	go func() {
		_, err := io.ReadFull(out, line)
		done <- err
	}()
	for len(done) == 0 {
		b.prepare(b.root)
	}
	require.NoError(t, <-done)
	exit, err := process.Wait()
	require.NoError(t, err)
	assert.Equal(t, []string{"unshare"}, exit.Refused)
}

func TestAttendedProgramThatNobodyWaitsForEndsWithTheNextRun(t *testing.T) {
	b := newBox(t)
	p, _ := b.attended()
	_, err := b.Start(context.Background(), p, nil)
	require.NoError(t, err)
	b.probed("exit", "0")
}

func TestLateIsCalledWhenAnAttendedProgramRunsOn(t *testing.T) {
	b := newBox(t)
	in, hold, err := os.Pipe()
	require.NoError(t, err)
	defer in.Close()
	defer hold.Close()
	p, _, _ := b.sh("read forever")
	p.Attended, p.Stdin = true, in
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	calls := 0
	p.Late = func() { calls++; cancel() }
	exit, err := b.Run(ctx, p, nil)
	require.NoError(t, err)
	assert.ErrorIs(t, exit.Cause, context.Canceled)
	assert.Equal(t, 1, calls)

	p.Path = "nothing" // it cannot be executed
	calls = 0
	_, err = b.Run(context.Background(), p, nil)
	require.ErrorAs(t, err, new(*ExecError))
	before := calls
	b.probed("exit", "0")
	assert.Equal(t, before, calls, "the run is over")
}

func TestLateOfAnAttendedProgramIsNotThatOfASecondOne(t *testing.T) {
	b := newBox(t)
	in, hold, err := os.Pipe()
	require.NoError(t, err)
	defer in.Close()
	defer hold.Close()
	p, _, _ := b.sh("read forever")
	p.Attended, p.Stdin = true, in
	calls := 0
	p.Late = func() { calls++ }
	first, err := b.Start(t.Context(), p, nil)
	require.NoError(t, err)
	quick := b.script("unshare -r true; exit 3")
	quick.Attended, quick.Late = true, func() { t.Error("Exec heeds no Late") }
	second, err := first.Exec(t.Context(), quick, nil)
	require.NoError(t, err)
	exit, err := second.Wait()
	require.NoError(t, err)
	assert.Equal(t, 3, exit.Status.ExitStatus())
	assert.Equal(t, []string{"unshare"}, exit.Refused)
	for calls == 0 { // nobody may have had to wait yet
		b.prepare(b.root)
	}
	first.Kill()
	_, err = first.Wait()
	require.NoError(t, err)
	assert.Equal(t, 1, calls)
}
