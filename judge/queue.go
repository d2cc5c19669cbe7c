package judge

import (
	"context"
	"sync"
	"time"

	"judge/isolate"
)

// queue hands out the work of a batch, in plan order as far as the order does not matter, and takes
// the results: it decides what is recorded, so that it does not depend on what finishes first.
//
// A submission is compiled before its runs start. Its runs are then handed out ahead of the results
// of earlier ones; when a run turns out not to be accepted, and not all tests are wanted, later ones
// are cancelled and forgotten.
type queue struct {
	mu       sync.Mutex
	changed  sync.Cond // something can be handed out, or nothing ever will
	tasks    []Task
	allTests bool
	info     *JudgeInfo
	out      *Ordered
	fail     context.CancelCauseFunc // ends the batch: the sink is broken
	active   []*entry                // in plan order; all others are finished or not begun
	task     int                     // of the next submission to begin
	sub      int
	step     int // of that submission in the plan
	stopped  bool
	totals   Totals
}

// entry is a submission that is being judged.
type entry struct {
	task       *Task
	submission *Submission
	step       int // of its compile record; those of its tests and its own follow
	program    *program
	state      entryState
	next       int         // test to hand out
	decided    int         // tests whose records are given out, from the first
	finished   []*finished // results of the tests from decided on; nil: none yet
	running    int
	standing   standing
	cancel     context.CancelFunc
	context    context.Context
}

type entryState int

const (
	waiting   entryState = iota // to be compiled
	compiling                   //
	ready                       // tests can be handed out
	over                        // the verdict is known; what still runs is not wanted
)

type finished struct{ record *Record }

// job is a piece of work: compiling a submission, or running it on a test.
type job struct {
	*entry
	test int // -1: compile
}

// ahead is how many results of a submission may wait for an earlier one.
const ahead = 256

func newQueue(tasks []Task, allTests bool, info *JudgeInfo, out *Ordered, fail context.CancelCauseFunc) *queue {
	q := &queue{tasks: tasks, allTests: allTests, info: info, out: out, fail: fail}
	q.changed.L = &q.mu
	return q
}

// size is the number of jobs in the plan.
func (q *queue) size() int {
	n := 0
	for _, t := range q.tasks {
		n += len(t.Submissions) * (1 + len(t.Tests))
	}
	return n
}

// stop makes take return nothing any more.
func (q *queue) stop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stopped = true
	q.changed.Broadcast()
}

// take returns the next job, of the preferred submission if it has one, waiting for it if results
// of others may bring some. It returns false when there will be none.
func (q *queue) take(ctx context.Context, prefer *entry) (job, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		if q.stopped {
			return job{}, false
		}
		if prefer != nil {
			if j, ok := q.from(prefer); ok {
				return j, true
			}
		}
		for _, e := range q.active {
			if j, ok := q.from(e); ok {
				return j, true
			}
		}
		if e := q.begin(ctx); e != nil {
			continue
		}
		if len(q.active) == 0 {
			return job{}, false
		}
		q.changed.Wait()
	}
}

// upcoming returns the file system of the run that the submission will hand out next, if nothing
// goes wrong; nil when there is none.
func (q *queue) upcoming(e *entry) *isolate.Root {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.stopped || e.state != ready || e.next >= len(e.task.Tests) {
		return nil
	}
	return e.program.sharedRoot(&e.task.Tests[e.next])
}

// from hands out a job of a submission.
func (q *queue) from(e *entry) (job, bool) {
	switch {
	case e.state == waiting:
		e.state = compiling
		e.running++
		return job{e, -1}, true
	case e.state == ready && e.next < len(e.task.Tests) && e.next < e.decided+ahead:
		e.next++
		e.finished = append(e.finished, nil)
		e.running++
		return job{e, e.next - 1}, true
	}
	return job{}, false
}

// begin makes the next submission of the plan active; nil when there is none.
func (q *queue) begin(ctx context.Context) *entry {
	for q.task < len(q.tasks) && q.sub == len(q.tasks[q.task].Submissions) {
		q.task, q.sub = q.task+1, 0
	}
	if q.task == len(q.tasks) {
		return nil
	}
	t := &q.tasks[q.task]
	e := &entry{task: t, submission: &t.Submissions[q.sub], step: q.step}
	e.context, e.cancel = context.WithCancel(ctx)
	q.active = append(q.active, e)
	q.sub++
	q.step += len(t.Tests) + 2
	return e
}

// compiled takes the result of compiling: a program, or a record that says why there is none. The
// record is nil when there was nothing to compile.
func (q *queue) compiled(e *entry, p *program, record *Record) {
	q.mu.Lock()
	defer q.mu.Unlock()
	e.running--
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

// done takes the record of a run, or nil for a run that was cancelled because it is not wanted.
func (q *queue) done(j job, record *Record) {
	q.mu.Lock()
	defer q.mu.Unlock()
	e := j.entry
	e.running--
	if e.state == ready {
		e.finished[j.test-e.decided] = &finished{record}
		q.decide(e)
	}
	q.settle(e)
}

// decide gives out the records of tests whose predecessors all have theirs.
func (q *queue) decide(e *entry) {
	for len(e.finished) > 0 && e.finished[0] != nil && e.state == ready {
		record := e.finished[0].record
		q.keep(e, record)
		q.put(e.step+1+e.decided, record)
		e.finished = e.finished[1:]
		e.decided++
		if record.Verdict != Accepted && !q.allTests {
			e.state = over
			e.cancel()
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
	record := e.standing.record(e.task.Name, e.submission, len(e.task.Tests))
	q.totals.Add(record)
	q.put(e.step+1+len(e.task.Tests), record)
	e.cancel()
	if e.program != nil {
		e.program.close()
	}
}

// keep remembers of a record what the submission's verdict needs.
func (q *queue) keep(e *entry, record *Record) {
	q.totals.Add(record)
	e.standing.add(record)
}

func (q *queue) put(step int, records ...*Record) {
	for _, r := range records {
		r.Judge = q.info
	}
	if err := q.out.Put(step, records...); err != nil {
		q.stopped = true
		q.fail(err)
	}
}

// close ends what a cancelled batch left open.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, e := range q.active {
		e.cancel()
		if e.program != nil {
			e.program.close()
		}
	}
	q.active = nil
}

// summarize writes the summary record.
func (q *queue) summarize(took time.Duration) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	totals := q.totals
	return q.out.Put(q.step, &Record{Schema: Schema, Kind: KindSummary, Wall: Millis(took), Totals: &totals, Judge: q.info})
}
