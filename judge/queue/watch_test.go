package queue

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

// story is what a watcher sees, one word for each event.
func story(t *testing.T, q *Queue, id string, after uint64) (words []string, last uint64) {
	for e, err := range q.Watch(within(t, quiet), id, after) {
		if !assert.NoError(t, err) {
			break
		}
		words = append(words, word(e))
		last = max(last, e.Sequence)
	}
	return words, last
}

func word(e Event) string {
	switch {
	case e.Attempt != nil && e.Attempt.Released.IsZero():
		return fmt.Sprint("attempt ", e.Attempt.Number)
	case e.Attempt != nil:
		return fmt.Sprint("released ", e.Attempt.Number)
	case e.Result != nil:
		return string(e.Result.State)
	}
	_, test, _ := strings.Cut(string(e.Record), `"test":"`)
	test, _, _ = strings.Cut(test, `"`)
	return test
}

func run(test string) *judge.Record {
	return &judge.Record{Schema: 1, Kind: judge.KindRun, Test: test, Verdict: judge.Accepted}
}

func TestWatchSeesEverythingInOrder(t *testing.T) {
	q := embedded(t)
	worker := another(t, q, "worker")
	submit(t, q, job("a"))
	submit(t, q, job("b"))
	seen := make(chan []string, 2)
	early := func() {
		words, _ := story(t, q, "a", 0)
		seen <- words
	}
	go early()
	d := take(t, worker)
	go early()
	want := []string{"attempt 1"}
	for i := range 50 {
		require.NoError(t, d.Record(run(fmt.Sprint(i))))
		want = append(want, fmt.Sprint(i))
	}
	require.NoError(t, d.Finish(within(t, quiet), Result{}, nil))
	want = append(want, "done")
	assert.Equal(t, want, <-seen)
	assert.Equal(t, want, <-seen)
	late, _ := story(t, q, "a", 0)
	assert.Equal(t, want, late)
}

func TestWatchGoesOn(t *testing.T) {
	q := embedded(t)
	submit(t, q, job("a"))
	d := take(t, q)
	for _, test := range []string{"1", "2", "3"} {
		require.NoError(t, d.Record(run(test)))
	}
	var last uint64
	for e, err := range q.Watch(within(t, quiet), "a", 0) {
		require.NoError(t, err)
		last = e.Sequence
		if word(e) == "2" {
			break
		}
	}
	require.NoError(t, d.Finish(within(t, quiet), Result{}, nil))
	words, last := story(t, q, "a", last)
	assert.Equal(t, []string{"3", "done"}, words)
	words, _ = story(t, q, "a", last)
	assert.Equal(t, []string{"done"}, words)
	words, _ = story(t, q, "a", 1<<62)
	assert.Equal(t, []string{"done"}, words, "a sequence that never was")
}

func TestWatchLeavesOutEarlierAttempts(t *testing.T) {
	q := embedded(t, Options{AckWait: brief})
	submit(t, q, job("a"))
	first := take(t, q)
	require.NoError(t, first.Record(run("a1")))
	first.stop() // silent, but alive
	second := take(t, q)
	require.NoError(t, second.Record(run("b1")))
	require.NoError(t, first.Record(run("a2")))
	require.NoError(t, second.Record(run("b2")))
	require.NoError(t, second.Release(within(t, quiet), 0, "no disk"))
	third := take(t, q)
	require.NoError(t, third.Record(run("c1")))
	require.NoError(t, third.Finish(within(t, quiet), Result{}, nil))
	words, _ := story(t, q, "a", 0)
	assert.Equal(t, []string{"attempt 1", "a1", "attempt 2", "b1", "b2", "released 2", "attempt 3", "c1", "done"}, words)
}

func TestWatchEnds(t *testing.T) {
	q := embedded(t)
	submit(t, q, job("a"))
	ctx, stop := context.WithCancel(context.Background())
	subscriptions := q.nc.NumSubscriptions()
	go func() {
		eventually(t, "it watches", func() bool { return q.nc.NumSubscriptions() == subscriptions+2 })
		stop()
	}()
	for _, err := range q.Watch(ctx, "a", 0) {
		require.ErrorIs(t, err, context.Canceled)
	}
	assert.Equal(t, subscriptions, q.nc.NumSubscriptions(), "no subscription is left")
}

func TestWatchSeesCancellation(t *testing.T) {
	q := embedded(t)
	submit(t, q, job("a"))
	subscriptions := q.nc.NumSubscriptions()
	var wait sync.WaitGroup
	wait.Go(func() {
		eventually(t, "it watches", func() bool { return q.nc.NumSubscriptions() > subscriptions })
		assert.NoError(t, q.Cancel(context.Background(), "a"))
	})
	words, _ := story(t, q, "a", 0)
	assert.Equal(t, []string{"cancelled"}, words)
	wait.Wait()
}

func TestLongRecordsAreWatchedWithoutTheirTexts(t *testing.T) {
	q := embedded(t)
	submit(t, q, job("a"))
	d := take(t, q)
	r := run("1")
	r.Stdout = &judge.Capture{Bytes: 2 * maxProgress, Text: strings.Repeat("x", 2*maxProgress)}
	r.Transcript = make([]judge.Message, 1)
	require.NoError(t, d.Record(r))
	assert.Len(t, r.Stdout.Text, 2*maxProgress, "the record is the caller's")
	r.Stdout, r.Message = nil, strings.Repeat("x", 2*maxProgress)
	require.ErrorIs(t, d.Record(r), ErrTooLarge)
	require.NoError(t, d.Finish(within(t, quiet), Result{}, nil))
	for e, err := range q.Watch(within(t, quiet), "a", 0) {
		require.NoError(t, err)
		if e.Record != nil {
			assert.Contains(t, string(e.Record), `"stdout":{"bytes":262144,"text":"","truncated":true}`)
			assert.Contains(t, string(e.Record), `"transcript_cut":true`)
		}
	}
}

func TestResultsYieldsEveryResult(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	submit(t, q, job("before"))
	require.NoError(t, q.Cancel(ctx, "before"))
	got := make(chan string, 20)
	ended := make(chan error)
	ctx, stop := context.WithCancel(ctx)
	subscriptions := q.nc.NumSubscriptions()
	go func() {
		for r, err := range q.Results(ctx) {
			if err != nil {
				ended <- err
				return
			}
			got <- r.ID
		}
	}()
	eventually(t, "it listens", func() bool { return q.nc.NumSubscriptions() > subscriptions })
	front := another(t, q, "front")
	submit(t, front, job("probe"))
	require.NoError(t, front.Cancel(ctx, "probe"))
	require.Equal(t, "probe", <-got)
	for i := range 10 {
		id := fmt.Sprint(i)
		submit(t, front, job(id))
		require.NoError(t, take(t, front).Finish(ctx, Result{}, nil))
		assert.Equal(t, id, <-got)
	}
	stop()
	require.ErrorIs(t, <-ended, context.Canceled)
}
