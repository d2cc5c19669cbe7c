package queue

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

func sweepJobs(t *testing.T, q *Queue, want int) {
	t.Helper()
	now, err := q.serverTime(within(t, quiet))
	require.NoError(t, err)
	swept, err := q.sweepJobs(within(t, quiet), now, "nobody")
	require.NoError(t, err)
	require.Equal(t, want, swept)
}

func TestJobsThatNobodyTakesAreGivenUp(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	begin, err := q.serverTime(ctx)
	require.NoError(t, err)
	j := submit(t, q, job("waits", "cobol"))
	_, err = q.js.Publish(ctx, workSubject(string(Normal), noNeeds, "garbled"), []byte("{"))
	require.NoError(t, err)
	swept, err := q.sweepJobs(ctx, begin, "nobody")
	require.NoError(t, err)
	assert.Zero(t, swept, "they are young")
	swept, err = q.SweepJobs(ctx)
	require.NoError(t, err)
	assert.Zero(t, swept, "they are younger than six days")

	sweepJobs(t, q, 2)
	s := status(t, q, "waits")
	assert.Equal(t, Dead, s.State)
	assert.Equal(t, judge.JudgeError, s.Result.Verdict)
	assert.Equal(t, "nobody", s.Result.Reason)
	assert.Equal(t, j.Submitted, s.Result.Queued)
	assert.Zero(t, waiting(t, q, streamWork), "none comes to a worker any more")
	sweepJobs(t, q, 0)
}

func TestJobsThatAreDoneAreNotGivenUp(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	submit(t, q, job("runs"))
	d := take(t, q)
	sweepJobs(t, q, 0)
	assert.Equal(t, Running, status(t, q, "runs").State)
	require.NoError(t, d.Finish(ctx, Result{}, nil))

	done := submit(t, q, job("done"))
	_, err := q.publishResult(ctx, storedResult{Result: Result{ID: done.ID, State: Done}}, "another worker")
	require.NoError(t, err)
	sweepJobs(t, q, 0)
	assert.Equal(t, Done, status(t, q, "done").State)
	assert.Zero(t, waiting(t, q, streamWork))

	submit(t, q, job("back"))
	d = take(t, q)
	require.NoError(t, d.Release(ctx, time.Hour, "this host is broken"))
	sweepJobs(t, q, 1)
	s := status(t, q, "back")
	assert.Equal(t, Dead, s.State)
	assert.Equal(t, 1, s.Result.Attempt)
}

// A job that leaves the list while nobody could take it is not judged afterwards: its client cannot ask for it any more.
func TestJobsThatAreNotKeptAnyMoreAreNotTaken(t *testing.T) {
	const keep = 500 * time.Millisecond
	q := embedded(t, Options{Keep: keep})
	ctx := within(t, quiet)
	submit(t, q, job("old"))
	eventually(t, "it is not in the list any more", func() bool {
		_, err := q.Status(ctx, "old")
		return err != nil
	})
	require.EqualValues(t, 1, waiting(t, q, streamWork))
	taken, stop := context.WithCancel(ctx)
	go func() {
		eventually(t, "it leaves the queue", func() bool { return waiting(t, q, streamWork) == 0 })
		stop()
	}()
	_, err := q.Take(taken, nil)
	require.ErrorIs(t, err, context.Canceled)
}

func TestOverdueIsWhatIsAboutToBeForgotten(t *testing.T) {
	const day = 24 * time.Hour
	for _, row := range []struct {
		name        string
		keep, after time.Duration
		reason      string
	}{
		{"a week", 7 * day, 6 * day, "no worker could judge it in 6 days"},
		{"a month", 28 * day, 24 * day, "no worker could judge it in 24 days"},
		{"a day and a half", 42 * time.Hour, 36 * time.Hour, "no worker could judge it in 1.5 days"},
		{"for good", 0, 0, ""},
	} {
		assert.Equal(t, row.after, overdueAfter(row.keep), row.name)
		if row.after > 0 {
			assert.Equal(t, row.reason, overdueReason(row.after), row.name)
		}
	}
}

// The clock of a worker may be wrong: that of the server, which dates messages, decides.
func TestClockOfTheServerSaysWhatIsOverdue(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	now, err := q.serverTime(ctx)
	require.NoError(t, err)
	limit := q.overdueLimit()
	require.Equal(t, 6*24*time.Hour, limit)
	assert.True(t, q.isOverdue(ctx, now.Add(-limit)))
	assert.False(t, q.isOverdue(ctx, now.Add(-limit+time.Hour)))
}
