package queue

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

func TestCancelAgainstFinish(t *testing.T) {
	q := embedded(t)
	worker := another(t, q, "worker")
	ctx := within(t, quiet)
	var cancelled int
	for i := range 30 {
		id := fmt.Sprint("j", i)
		submit(t, q, job(id))
		d := take(t, worker)
		var finish, cancel error
		var wait sync.WaitGroup
		wait.Go(func() { finish = d.Finish(ctx, Result{Verdict: judge.Accepted}, strings.NewReader("x")) })
		wait.Go(func() { cancel = q.Cancel(ctx, id) })
		wait.Wait()
		s := status(t, q, id)
		if s.State == Cancelled {
			cancelled++
			require.NoError(t, cancel)
			require.ErrorIs(t, finish, ErrFinished)
			assert.Empty(t, records(t, q, id))
		} else {
			require.Equal(t, Done, s.State)
			require.ErrorIs(t, cancel, ErrFinished)
			require.NoError(t, finish)
		}
	}
	t.Logf("%d of 30 were cancelled in time", cancelled)
	eventually(t, "all leave the queue", func() bool { return waiting(t, q, streamWork) == 0 })
	assert.EqualValues(t, 30, waiting(t, q, streamResults))
}

func TestCancel(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	submit(t, q, job("waiting"))
	require.NoError(t, q.Cancel(ctx, "waiting"))
	require.NoError(t, q.Cancel(ctx, "waiting"), "twice is none the worse")
	assert.Equal(t, Cancelled, status(t, q, "waiting").State)
	assert.Zero(t, waiting(t, q, streamWork))
	assert.Equal(t, Cancelled, status(t, q, submit(t, q, job("waiting")).ID).State, "nor is submitting it again")

	submit(t, q, job("running"))
	d := take(t, another(t, q, "worker"))
	require.Equal(t, "running", d.Job().ID)
	require.NoError(t, q.Cancel(ctx, "running"))
	select {
	case <-d.Cancelled():
	case <-ctx.Done():
		require.Fail(t, "the worker was not told")
	}
	require.ErrorIs(t, d.Finish(ctx, Result{}, nil), ErrFinished)
	require.NoError(t, d.Close())

	submit(t, q, job("done"))
	require.NoError(t, take(t, q).Finish(ctx, Result{}, nil))
	require.ErrorIs(t, q.Cancel(ctx, "done"), ErrFinished)
	assert.Equal(t, Done, status(t, q, "done").State)
}

// Whoever may send messages may also claim that a job was cancelled.
func TestCancellationWithoutResultIsNotBelieved(t *testing.T) {
	q := embedded(t, Options{AckWait: brief})
	submit(t, q, job("a"))
	d := take(t, q)
	alive := signs(t, q, d)
	q.tell(cancelSubject("a"))
	for range 4 {
		<-alive
	}
	select {
	case <-d.Cancelled():
		require.Fail(t, "it was believed")
	default:
	}
	require.NoError(t, d.Finish(within(t, quiet), Result{}, nil))
}
