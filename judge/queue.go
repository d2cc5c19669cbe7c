package judge

import (
	"context"
	"sync"

	"judge/isolate"
)

// queue hands out the work of a batch, in plan order as far as the order does not matter, and takes
// the results: it decides what is recorded, so that it does not depend on what finishes first.
//
// A submission is compiled before its runs start. Its runs are then handed out ahead of the results
// of earlier ones. Whether a test is skipped is decided when all tests before it have their records, and
// by these alone: a run that turns out not to be needed is cancelled, and forgotten if it was over.
type queue struct {
	mu       sync.Mutex
	changed  sync.Cond // something can be handed out, or nothing ever will
	walk     walk
	allTests bool
	info     *JudgeInfo
	out      *Ordered
	fail     context.CancelCauseFunc // ends the batch: the sink is broken
	active   []*entry                // in plan order; all others are finished or not begun
	step     int                     // of the next submission to begin, in the plan
	weight   int64                   // of the submissions that were begun and are not over, in bytes
	twins    twins
	samples  samples
	stopped  bool
	totals   Totals
	over     int // runs of submissions that are finished, made or not
}

// job is a piece of work: compiling a submission, or running it on a test.
type job struct {
	*entry
	test    int             // -1: compile
	context context.Context // ends when the result is not wanted any more
}

// ahead is how many results of a submission may wait for an earlier one.
const ahead = 256

func newQueue(tasks []Task, allTests bool, info *JudgeInfo, out *Ordered, fail context.CancelCauseFunc) *queue {
	q := &queue{walk: walk{tasks: tasks}, allTests: allTests, info: info, out: out, fail: fail}
	q.changed.L = &q.mu
	return q
}

// stop lets nothing be handed out any more.
func (q *queue) stop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stopped = true
	q.changed.Broadcast()
}

// poll returns the next job, of the preferred submission if it has one; false says that there is none now.
func (q *queue) poll(ctx context.Context, prefer *entry) (job, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	e, _ := q.supplier(ctx, prefer)
	if e == nil {
		return job{}, false
	}
	return q.from(e), true
}

// await waits until there is a job to hand out, and returns false when there will be none.
func (q *queue) await(ctx context.Context) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		e, more := q.supplier(ctx, nil)
		if e != nil || !more {
			return more
		}
		q.changed.Wait()
	}
}

// supplier is a submission that has a job to hand out, the preferred one if it has; nil when there is none,
// and then more tells whether there may be one later.
func (q *queue) supplier(ctx context.Context, prefer *entry) (e *entry, more bool) {
	for !q.stopped {
		if prefer != nil && prefer.supplies() {
			return prefer, true
		}
		for _, e := range q.active {
			if e.supplies() {
				return e, true
			}
		}
		if !q.begin(ctx) {
			return nil, len(q.active) > 0
		}
	}
	return nil, false
}

// upcoming returns the file system of the run that the submission will hand out next, if nothing
// goes wrong; nil when there is none.
func (q *queue) upcoming(e *entry) *isolate.Root {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.stopped || e.state != ready {
		return nil
	}
	test := e.upcoming()
	if test == len(e.task.Tests) {
		return nil
	}
	return e.program.sharedRoot(&e.task.Tests[test])
}

// from hands out a job of a submission that has one.
func (q *queue) from(e *entry) job {
	if e.state == waiting {
		e.state = compiling
		e.running++
		return job{e, -1, e.context}
	}
	test := e.upcoming()
	for ; e.next < test; e.next++ {
		e.attempts = append(e.attempts, &attempt{})
	}
	ctx, cancel := context.WithCancel(e.context)
	e.attempts = append(e.attempts, &attempt{cancel: cancel})
	e.next++
	e.running++
	return job{e, test, ctx}
}

// compiled takes the result of compiling: a program, or a record that says why there is none. The
// record is nil when there was nothing to compile.
func (q *queue) compiled(e *entry, p *program, record *Record) {
	q.mu.Lock()
	defer q.mu.Unlock()
	e.running--
	if e.again {
		q.compiledAgain(e, p, record)
		return
	}
	e.program = p
	e.state = ready
	if record != nil {
		q.keep(e, record)
		if record.Verdict != Accepted {
			e.state = over
		}
		q.put(e.step, record)
	} else {
		q.put(e.step)
	}
	q.settle(e)
}

// done takes the record of a run.
func (q *queue) done(j job, record *Record) {
	q.mu.Lock()
	defer q.mu.Unlock()
	e := j.entry
	e.running--
	if e.state == ready && j.test >= e.decided {
		e.attempts[j.test-e.decided].record = record
		q.decide(e)
	}
	q.settle(e)
}

// decide gives out the records of tests whose predecessors all have theirs.
func (q *queue) decide(e *entry) {
	for e.decided < len(e.task.Tests) {
		record := e.skipped()
		if record == nil && len(e.attempts) > 0 {
			record = e.attempts[0].record
		}
		if record == nil {
			return
		}
		q.keep(e, record)
		q.put(e.step+1+e.decided, record)
		e.decided++
		if len(e.attempts) == 0 {
			e.next = e.decided
			continue
		}
		e.attempts[0].end()
		e.attempts = e.attempts[1:]
		if record.Verdict != Accepted && record.Made() {
			e.endUnwanted()
		}
	}
}

// settle finishes a submission when nothing of it runs and nothing is left to run.
func (q *queue) settle(e *entry) {
	defer q.changed.Broadcast()
	if e.state == ready && e.decided == len(e.task.Tests) {
		e.state = over
	}
	if e.state != over || e.running > 0 {
		return
	}
	for i, other := range q.active {
		if other == e {
			q.active = append(q.active[:i:i], q.active[i+1:]...)
		}
	}
	for i := e.decided; i < len(e.task.Tests); i++ {
		q.put(e.step + 1 + i)
	}
	e.cancel()
	if e.program != nil {
		e.program.close()
	}
	record := e.standing.record(e.task.Name, e.submission, len(e.task.Tests))
	record.Problem = problemOf(e.task, e.submission)
	q.conclude(e, record)
}

// keep remembers of a record what the submission's verdict needs.
func (q *queue) keep(e *entry, record *Record) {
	q.totals.Add(record)
	e.standing.add(record)
}

func (q *queue) put(step int, records ...*Record) {
	for _, r := range records {
		if r.Made() { // who judged is the largest part of a record
			r.Judge = q.info
		}
	}
	if err := q.out.Put(step, records...); err != nil {
		q.stopped = true
		q.fail(err)
	}
}
