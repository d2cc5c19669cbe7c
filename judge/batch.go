package judge

import (
	"context"
	"errors"
	"maps"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"judge/isolate"
	"judge/judge/cache"
	"judge/limits"
)

// Batch judges the submissions of tasks and writes a record of everything that it does. The zero
// value uses every CPU and stops a submission at its first failed test case.
type Batch struct {
	Jobs     int      // runs at one time; 0: the CPUs that this process may use
	AllTests bool     // skip no test but those of groups that depend on one without all its points
	Pin      bool     // bind each run to a physical core of its own and leave its siblings idle; Jobs is at most the cores
	Degraded bool     // accept a host that cannot enforce or measure every limit
	Earlier  *Earlier // records that a batch of the same tasks has left, to go on after; nil: begin

	Cache *cache.Store // keeps compilations for later batches; nil: nothing is kept

	Excerpts    bool         // records of runs have the beginnings of input and answer
	Transcripts bool         // records of interactions have their transcripts
	Replay      ReplaySource // plays the interactors' part from transcripts; nil: they are run
	Version     string       // of the judge, for the records
	Monitor     *Monitor     // can be asked where the batch stands; nil: nobody asks
}

// HostError says that this host cannot isolate programs or limit them.
type HostError struct{ Err error }

func (e *HostError) Error() string { return e.Err.Error() }
func (e *HostError) Unwrap() error { return e.Err }

// Run judges all tasks and gives their records, in plan order, to the sink, which it closes. It
// returns a *HostError if nothing could be run, the sink's error if records could not be written,
// and the context's cause if it was cancelled; the totals say what was done until then.
//
// Programs run in parallel, the test cases of one submission as well. Records are the same as if
// they had not: a test that cannot change the outcome any more is skipped, even if it was run.
func (b Batch) Run(ctx context.Context, tasks []Task, sink Sink) (Totals, error) {
	begin := time.Now()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var resumed *resumedSink
	if b.Earlier != nil {
		resumed = newResumedSink(b.Earlier, sink)
		sink = resumed
	}
	out := NewOrdered(sink)
	q := newQueue(tasks, b.AllTests, nil, out, cancel)
	if resumed != nil {
		if complete, err := q.resume(ctx, resumed); complete || err != nil {
			q.close()
			return q.totals, errors.Join(err, out.Close())
		}
	}
	b.Monitor.watch(q.progress)
	host, err := limits.Open(limits.Options{Degraded: b.Degraded})
	if err != nil {
		q.close()
		return Totals{}, errors.Join(&HostError{err}, out.Close())
	}
	q.info = b.info(host)
	err = b.work(ctx, q, host)
	if cause := context.Cause(ctx); err == nil && cause != nil {
		err = cause
	}
	if err == nil {
		err = q.summarize(time.Since(begin))
	}
	return q.totals, errors.Join(err, out.Close(), host.Close())
}

// work runs the queue with a slot for each job.
func (b Batch) work(ctx context.Context, q *queue, host *limits.Host) error {
	jobs := b.Jobs
	if jobs <= 0 {
		jobs = runtime.GOMAXPROCS(0)
	}
	jobs = min(jobs, q.size())
	pins := make([][]int, jobs) // nil: any CPU
	if b.Pin {
		cores, err := ownCores()
		if err != nil {
			return &HostError{err}
		}
		jobs = min(jobs, len(cores))
		for i := range jobs {
			pins[i] = cores[i : i+1]
		}
	}
	var workers sync.WaitGroup
	errs := make([]error, jobs)
	stop := context.AfterFunc(ctx, q.stop)
	defer stop()
	shared := newShared(host)
	shared.cache = b.Cache
	shared.excerpts = b.Excerpts
	shared.transcripts, shared.replay = b.Transcripts, b.Replay
	for i := range jobs {
		workers.Go(func() {
			if errs[i] = shared.work(ctx, q, pins[i]); errs[i] != nil {
				q.stop()
			}
		})
	}
	workers.Wait()
	q.close()
	return errors.Join(append(errs, shared.close())...)
}

// info says who judges, for the records.
func (b Batch) info(host *limits.Host) *JudgeInfo {
	info := &JudgeInfo{Version: b.Version, Mechanisms: host.Mechanisms()}
	maps.Copy(info.Mechanisms, isolate.Mechanisms())
	info.Host, _ = os.Hostname()
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		info.Kernel = strings.TrimSpace(string(release))
	}
	return info
}
