package queue

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

// brief is an AckWait after which tests see jobs given to another worker.
const brief = 300 * time.Millisecond

// die makes a worker silent, as one that was killed.
func (d *Delivery) die() { d.end() }

func records(t *testing.T, q *Queue, id string) string {
	t.Helper()
	r, err := q.OpenRecords(within(t, quiet), id)
	require.NoError(t, err)
	defer r.Close()
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(b)
}

func status(t *testing.T, q *Queue, id string) Status {
	t.Helper()
	s, err := q.Status(within(t, quiet), id)
	require.NoError(t, err)
	return s
}

func TestTwoWorkersFinishTheSameJob(t *testing.T) {
	q := embedded(t, Options{AckWait: brief})
	first, second := another(t, q, "first"), another(t, q, "second")
	ctx := within(t, quiet)
	for i := range 5 {
		id := fmt.Sprint("j", i)
		submit(t, q, job(id))
		a := take(t, first)
		a.stop() // it runs on, and nobody hears of it
		b := take(t, second)
		require.Equal(t, id, b.Job().ID)
		require.Equal(t, 2, b.Attempt())

		errs := map[string]error{}
		var mu sync.Mutex
		var wait sync.WaitGroup
		for name, d := range map[string]*Delivery{"first": a, "second": b} {
			wait.Go(func() {
				err := d.Finish(ctx, Result{Verdict: judge.Accepted}, strings.NewReader(name))
				mu.Lock()
				errs[name] = err
				mu.Unlock()
			})
		}
		wait.Wait()
		winner, loser := "first", "second"
		if errs[winner] != nil {
			winner, loser = loser, winner
		}
		require.NoError(t, errs[winner])
		require.ErrorIs(t, errs[loser], ErrFinished)
		s := status(t, q, id)
		assert.Equal(t, winner, s.Result.Worker)
		assert.Len(t, s.Attempts, 2)
		assert.Equal(t, winner, records(t, q, id))
		eventually(t, "the job leaves the queue", func() bool { return waiting(t, q, streamWork) == 0 })
		assert.EqualValues(t, i+1, waiting(t, q, streamResults))
	}
}

func TestTheFirstWorkerHearsThatTheSecondHasFinished(t *testing.T) {
	q := embedded(t, Options{AckWait: brief})
	submit(t, q, job("a"))
	first := take(t, q)
	require.NoError(t, finishElsewhere(t, q, first))
	select {
	case <-first.Cancelled():
	case <-within(t, quiet).Done():
		require.Fail(t, "it was not told")
	}
	require.NoError(t, first.Close())
	eventually(t, "the job leaves the queue", func() bool { return waiting(t, q, streamWork) == 0 })
}

// finishElsewhere stores a result for a delivery's job, as another worker would, without acknowledging.
func finishElsewhere(t *testing.T, q *Queue, d *Delivery) error {
	r := storedResult{Result: Result{ID: d.job.ID, State: Done, Verdict: judge.Accepted}}
	_, err := q.publishResult(within(t, quiet), r, d.job.ID+".elsewhere")
	return err
}

func TestWorkerDiesBetweenResultAndAcknowledgement(t *testing.T) {
	q := embedded(t, Options{AckWait: brief})
	submit(t, q, job("a"))
	d := take(t, q)
	d.die()
	require.NoError(t, finishElsewhere(t, q, d))
	ctx, stop := context.WithCancel(within(t, quiet))
	taken := make(chan error)
	go func() {
		_, err := q.Take(ctx, nil)
		taken <- err
	}()
	eventually(t, "the job leaves the queue", func() bool { return waiting(t, q, streamWork) == 0 })
	stop()
	require.ErrorIs(t, <-taken, context.Canceled, "no worker judges it again")
	assert.Len(t, status(t, q, "a").Attempts, 1)
}

// signs are those by which a delivery says that it is alive.
func signs(t *testing.T, q *Queue, d *Delivery) <-chan *nats.Msg {
	t.Helper()
	c := make(chan *nats.Msg, 100)
	s, err := q.nc.ChanSubscribe(d.m.Reply, c)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Unsubscribe() })
	return c
}

func TestRunningJobIsNotGivenToAnother(t *testing.T) {
	q := embedded(t, Options{AckWait: brief})
	submit(t, q, job("a"))
	d := take(t, q)
	alive := signs(t, q, d)
	for range 7 { // more than two AckWaits
		<-alive
	}
	c, err := q.streams[streamWork].Consumer(within(t, quiet), consumerName(Normal, noNeeds))
	require.NoError(t, err)
	assert.Zero(t, c.CachedInfo().NumRedelivered)
	require.NoError(t, d.Finish(within(t, quiet), Result{}, nil))
}

func TestJobIsGivenUp(t *testing.T) {
	q := embedded(t, Options{Name: "worker", MaxAttempts: 3})
	ctx := within(t, quiet)
	submit(t, q, job("a"))
	for i := range 3 {
		d := take(t, q)
		require.Equal(t, i+1, d.Attempt())
		require.NoError(t, d.Release(ctx, 0, fmt.Sprint("reason ", i+1)))
		require.NoError(t, d.Close(), "after Release it does nothing")
		assert.Equal(t, Queued, status(t, q, "a").State)
	}
	submit(t, q, job("b"))
	assert.Equal(t, "b", take(t, q).Job().ID, "the worker goes on with the next")
	s := status(t, q, "a")
	assert.Equal(t, Dead, s.State)
	assert.Equal(t, judge.JudgeError, s.Result.Verdict)
	assert.Equal(t, "no result after 3 attempts: reason 3", s.Result.Reason)
	letters, err := q.DeadLetters(ctx, 10)
	require.NoError(t, err)
	require.Len(t, letters, 1)
	assert.Equal(t, "a", letters[0].ID)
	assert.Equal(t, s.Result.Reason, letters[0].Reason)
	require.Len(t, letters[0].Attempts, 3)
	assert.Equal(t, "reason 1", letters[0].Attempts[0].Reason)
	assert.Contains(t, string(letters[0].Job), `"id":"a"`)
}

func TestGivenUp(t *testing.T) {
	for name, test := range map[string]struct {
		delivered, attempts int
		want                bool
	}{
		"first":                              {1, 0, false},
		"last":                               {5, 4, false},
		"too often":                          {6, 5, true},
		"answers got lost":                   {9, 2, false},
		"dies before it can say that it has": {21, 0, true},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, givenUp(test.delivered, test.attempts, 5)) })
	}
}

func TestReleaseWithDelay(t *testing.T) {
	q := embedded(t)
	submit(t, q, job("a"))
	require.NoError(t, take(t, q).Release(within(t, quiet), 50*time.Millisecond, "no disk"))
	assert.Equal(t, "no disk", status(t, q, "a").Attempts[0].Reason)
	assert.Equal(t, 2, take(t, q).Attempt())
}

func TestCloseGivesBack(t *testing.T) {
	q := embedded(t)
	submit(t, q, job("a"))
	d := take(t, q)
	require.NoError(t, d.Close())
	require.NoError(t, d.Close())
	assert.Equal(t, 2, take(t, q).Attempt())
}

func TestFinishMayBeCalledAgain(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	submit(t, q, job("a"))
	d := take(t, q)
	want := noise(1 << 20)
	r := &failing{ReadSeeker: strings.NewReader(want)}
	err := d.Finish(ctx, Result{}, r)
	if err != nil {
		require.ErrorContains(t, err, "the disk is tired")
		assert.Equal(t, Running, status(t, q, "a").State)
		err = d.Finish(ctx, Result{}, r)
	}
	require.NoError(t, err)
	assert.True(t, want == records(t, q, "a"))
}
