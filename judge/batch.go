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
	"judge/limits"
)

// Batch judges the submissions of tasks and writes a record of everything that it does. The zero
// value uses every CPU and stops a submission at its first failed test case.
type Batch struct {
	Jobs     int    // runs at one time; 0: the CPUs that this process may use
	AllTests bool   // go on after a submission's first failed test case
	Degraded bool   // accept a host that cannot enforce or measure every limit
	Version  string // of the judge, for the records
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
// they had not: what a submission did beyond its first failed test case is not recorded.
func (b Batch) Run(ctx context.Context, tasks []Task, sink Sink) (Totals, error) {
	begin := time.Now()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out := NewOrdered(sink)
	host, err := limits.Open(limits.Options{Degraded: b.Degraded})
	if err != nil {
		return Totals{}, errors.Join(&HostError{err}, out.Close())
	}
	q := newQueue(tasks, b.AllTests, b.info(host), out, cancel)
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
	var workers sync.WaitGroup
	errs := make([]error, jobs)
	stop := context.AfterFunc(ctx, q.stop)
	defer stop()
	shared := newShared(host)
	for i := range jobs {
		workers.Go(func() {
			if errs[i] = shared.work(ctx, q); errs[i] != nil {
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
