package queue

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

func only(languages ...string) func(string) bool {
	return func(l string) bool { return slices.Contains(languages, l) }
}

func TestTakeOrder(t *testing.T) {
	q := embedded(t)
	for i, p := range []Priority{Rejudge, Normal, Contest, Normal, Contest, Rejudge} {
		j := job(fmt.Sprint(p, i))
		j.Priority = p
		submit(t, q, j)
	}
	var got []string
	for range 6 {
		got = append(got, take(t, q).Job().ID)
	}
	assert.Equal(t, []string{"contest2", "contest4", "normal1", "normal3", "rejudge0", "rejudge5"}, got)
}

func TestTakeOnlyWhatTheWorkerCan(t *testing.T) {
	q := embedded(t)
	urgent := job("both", "cpp", "python")
	urgent.Priority = Contest
	submit(t, q, urgent)
	submit(t, q, job("cpp", "cpp"))
	submit(t, q, job("python", "python"))
	submit(t, q, job("odd", "c++-20_x.y"))
	ctx := within(t, quiet)
	for want, can := range map[string]func(string) bool{"cpp": only("cpp"), "odd": only("c++-20_x.y")} {
		d, err := q.Take(ctx, can)
		require.NoError(t, err)
		assert.Equal(t, want, d.Job().ID)
	}
	submit(t, q, job("any"))
	d, err := q.Take(ctx, only())
	require.NoError(t, err)
	assert.Equal(t, "any", d.Job().ID)
	d, err = q.Take(ctx, only("cpp", "python"))
	require.NoError(t, err)
	assert.Equal(t, "both", d.Job().ID)
}

func TestIdleWorkersAreWoken(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	got := make(chan string)
	for language, count := range map[string]int{"cpp": 1, "python": 3} {
		for i := range count {
			worker := another(t, q, fmt.Sprint(language, i))
			go func() {
				for {
					d, err := worker.Take(ctx, only(language))
					if err != nil {
						return
					}
					_ = d.Finish(ctx, Result{}, nil)
					got <- language
				}
			}()
		}
	}
	for range 10 {
		submit(t, q, job("", "cpp"))
		assert.Equal(t, "cpp", <-got)
		submit(t, q, job("", "python"))
		assert.Equal(t, "python", <-got)
	}
}

// What says that a job was queued can get lost.
func TestWorkerFindsWhatItDidNotHearOf(t *testing.T) {
	q := embedded(t)
	worker := another(t, q, "worker")
	ctx := within(t, quiet)
	require.NoError(t, q.makeConsumer(ctx, Normal, noNeeds))
	taken := make(chan *Delivery)
	go func() {
		d, _ := worker.Take(ctx, nil)
		taken <- d
	}()
	eventually(t, "the worker listens", func() bool { return worker.nc.NumSubscriptions() >= 3 })
	_, data, err := job("a").complete(time.Now())
	require.NoError(t, err)
	_, err = q.js.Publish(ctx, workSubject(string(Normal), noNeeds, "a"), data)
	require.NoError(t, err)
	require.NotNil(t, <-taken)
}

func TestOneWorkerTakesWhatItWasWokenForAndWakesTheNext(t *testing.T) {
	q := embedded(t)
	e := q.listen()
	defer e.close()
	require.NoError(t, q.nc.Flush())
	for i := range 3 {
		submit(t, another(t, q, "front"), job(fmt.Sprint("j", i)))
		assert.Equal(t, call{"normal-=any", true}, <-e.heard)
	}
	take(t, another(t, q, "worker"))
	assert.Equal(t, call{"normal-=any", true}, <-e.heard, "two are left")
}

func TestEarPassesOn(t *testing.T) {
	q := embedded(t)
	messages := make(chan *nats.Msg, 1000)
	_, err := q.nc.ChanSubscribe("judge.wake.>", messages)
	require.NoError(t, err)
	able := another(t, q, "able")
	var deaf []*Queue
	for i := range 4 {
		deaf = append(deaf, another(t, q, fmt.Sprint("deaf", i)))
	}
	ctx, stop := context.WithCancel(within(t, quiet))
	var wait sync.WaitGroup
	for _, d := range deaf {
		e := d.listen()
		require.NoError(t, d.nc.Flush())
		wait.Go(func() {
			defer e.close()
			e.wait(ctx, only(), quiet)
		})
	}
	e := able.listen()
	require.NoError(t, able.nc.Flush())
	const calls = 20 // by chance the one or the other hears it first
	for range calls {
		q.tell(wakeSubject(wakeOne, "normal-cpp"))
		require.True(t, e.wait(ctx, only("cpp"), quiet))
	}
	e.close()
	stop()
	wait.Wait()
	require.NoError(t, q.nc.Flush())
	assert.LessOrEqual(t, len(messages), 2*calls, "nobody passes on what all have heard")
	q.tell(wakeSubject(wakeOne, "nonsense"))
	q.tell(wakeSubject(wakeAll, "normal-=ZZ"))
	submit(t, q, job("a"))
	assert.NotNil(t, take(t, q), "nonsense harms nobody")
}

// Many takes and requests on one connection do not get each other's answers: no job is lost on its way to a worker.
func TestManyTakesOfOneWorker(t *testing.T) {
	q := embedded(t)
	ctx, stop := context.WithCancel(within(t, quiet))
	const jobs = 200
	attempts := make(chan int, jobs)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for {
				d, err := q.Take(ctx, nil)
				if err != nil {
					return
				}
				assert.NoError(t, d.Finish(ctx, Result{}, nil))
				attempts <- d.Attempt()
			}
		})
	}
	for i := range jobs {
		submit(t, q, job(fmt.Sprint("j", i), []string{"cpp", "python"}[i%2]))
	}
	for range jobs {
		assert.Equal(t, 1, <-attempts)
	}
	stop()
	wait.Wait()
	assert.Zero(t, waiting(t, q, streamWork))
}

func TestTakeEnds(t *testing.T) {
	q := embedded(t)
	ctx, stop := context.WithCancel(context.Background())
	stop()
	_, err := q.Take(ctx, nil)
	require.ErrorIs(t, err, context.Canceled)
	ended := make(chan error)
	worker := another(t, q, "worker")
	go func() {
		_, err := worker.Take(context.Background(), nil)
		ended <- err
	}()
	eventually(t, "the worker listens", func() bool { return worker.nc.NumSubscriptions() >= 2 })
	require.NoError(t, worker.Close())
	require.ErrorIs(t, <-ended, ErrClosed)
}

func TestGarbledJobsBecomeDeadLetters(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	require.NoError(t, q.makeConsumer(ctx, Normal, noNeeds))
	other, data, err := job("other").complete(time.Now())
	require.NoError(t, err)
	for id, payload := range map[string]string{
		"empty":      "",
		"garbage":    "\x00\xff{",
		"null":       "null",
		"list":       "[]",
		"other-id":   string(data),
		"bad-source": `{"id":"bad-source","kind":"judge","priority":"normal","task":"` + task + `","sources":[{"path":"/etc/passwd"}]}`,
		"deep":       string(make([]byte, 800<<10)),
		"$odd=id":    "{}",
	} {
		_, err := q.js.Publish(ctx, workSubject(string(Normal), noNeeds, id), []byte(payload))
		require.NoError(t, err)
	}
	submit(t, q, job("good"))
	d := take(t, q)
	assert.Equal(t, "good", d.Job().ID)
	require.NoError(t, d.Finish(ctx, Result{}, nil))
	assert.Zero(t, waiting(t, q, streamWork), "none comes again")
	letters, err := q.DeadLetters(ctx, 100)
	require.NoError(t, err)
	assert.Len(t, letters, 8)
	for _, l := range letters {
		assert.Contains(t, l.Reason, "the job is not readable: ")
	}
	_, err = q.Status(ctx, other.ID)
	require.ErrorIs(t, err, ErrUnknown)
}

func TestGarbledMessagesOfOtherStreams(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	submit(t, q, job("a"))
	for subject, payload := range map[string]string{
		jobSubject("b"):                        "{",
		progressSubject("a", progressAttempt):  "{",
		progressSubject("a", progressRecord):   "{",
		progressSubject("a", "other"):          "{}",
		resultSubject("a"):                     `{"id":"b","state":"done"}`,
		deadSubject("a"):                       "{",
		"$KV." + bucketWorkers + ".abc":        `{"name":"forged"}`,
		metaSubject(bucketFiles, task):         "{",
		metaSubject(bucketFiles, task[1:]+"a"): `{"name":"` + task[1:] + `a","bucket":"judge_files","nuid":"*","size":5}`,
	} {
		_, err := q.js.Publish(ctx, subject, []byte(payload))
		require.NoError(t, err)
	}
	s := status(t, q, "a")
	assert.Equal(t, Dead, s.State)
	assert.Equal(t, judge.JudgeError, s.Result.Verdict)
	assert.Contains(t, s.Result.Reason, "the result is not readable")
	assert.Empty(t, s.Attempts)
	_, err := q.Status(ctx, "b")
	require.ErrorIs(t, err, ErrDamaged)
	list, _, err := q.List(ctx, ListOptions{})
	require.NoError(t, err)
	assert.Len(t, list, 1)
	workers, err := q.Workers(ctx)
	require.NoError(t, err)
	assert.Empty(t, workers)
	letters, err := q.DeadLetters(ctx, 10)
	require.NoError(t, err)
	assert.Empty(t, letters)
	for _, hash := range []string{task, task[1:] + "a"} {
		_, err = q.OpenFile(ctx, hash)
		require.ErrorIs(t, err, ErrDamaged)
	}
	var events []Event
	for e, err := range q.Watch(ctx, "a", 0) {
		require.NoError(t, err)
		events = append(events, e)
	}
	require.Len(t, events, 1)
	assert.Equal(t, Dead, events[0].Result.State)
	ended, stop := context.WithCancel(ctx)
	go func() {
		eventually(t, "what has a result leaves the queue", func() bool { return waiting(t, q, streamWork) == 0 })
		stop()
	}()
	_, err = q.Take(ended, nil)
	require.ErrorIs(t, err, context.Canceled)
}
