package judge

import (
	"context"
	"slices"
	"time"
)

// maxWaiting bounds the memory, in bytes, of submissions that were begun and of records that wait for
// those of earlier ones. Only a single submission may need more.
const maxWaiting = 64 << 20

// size is how many jobs of the plan there can be at one time: a submission is compiled before its tests. It may be less
// where --only picks lines of a source.
func (q *queue) size() int {
	n := 0
	for _, t := range q.walk.tasks {
		n += len(t.Submissions) * max(len(t.Tests), 1)
		if t.Source != nil {
			n += t.Source.Len() * max(len(t.Tests), 1)
		}
	}
	return n
}

// begin makes the next submission of the plan active, or writes its record at once. It returns false
// when there is none, and while too much waits for earlier ones.
func (q *queue) begin(ctx context.Context) bool {
	if len(q.active) > 0 && q.weight+q.out.Held() > maxWaiting {
		return false
	}
	return q.admit(ctx) != nil
}

// admit takes the next submission out of the plan; nil when there is none.
func (q *queue) admit(ctx context.Context) *entry {
	a, ok, err := q.walk.next()
	if err != nil {
		q.stopped = true
		q.fail(err)
	}
	if !ok {
		return nil
	}
	e := &entry{task: a.task, submission: a.submission, step: q.step, weight: a.weight()}
	e.standing = newStanding(a.task, q.allTests)
	e.context, e.cancel = context.WithCancel(ctx)
	q.step += len(e.task.Tests) + 2
	q.weight += e.weight
	switch {
	case a.fault != nil:
		e.standing.add(&Record{Verdict: JudgeError, Reason: ReasonInternal, Message: a.fault.Error()})
		q.put(e.step)
		e.state = over
		q.settle(e)
	case q.follows(e, a.own):
	default:
		q.activate(e)
	}
	return e
}

// weight is about what a submission needs in memory while it is judged, in bytes.
func (a assignment) weight() int64 {
	const entryBytes = 1 << 10
	n := entryBytes
	for _, f := range a.submission.Files {
		n += len(f.Data.Text)
	}
	if a.own {
		for _, test := range a.task.Tests {
			n += entryBytes + len(test.Input.Text)
			if test.Answer != nil {
				n += len(test.Answer.Text)
			}
		}
	}
	return int64(n)
}

// activate lets the jobs of a submission be handed out.
func (q *queue) activate(e *entry) {
	at, _ := slices.BinarySearchFunc(q.active, e.step, func(other *entry, step int) int { return other.step - step })
	q.active = slices.Insert(q.active, at, e)
}

// follows says whether a submission is identical to another one, whose record it gets or waits for.
func (q *queue) follows(e *entry, own bool) bool {
	if e.task.Source == nil || !e.task.Source.Dedupe {
		return false
	}
	o, other := q.twins.of(identityOf(e.task, e.submission, own), e.submission.Name)
	switch {
	case other && o.record == nil:
		o.followers = append(o.followers, e)
	case other && isJudged(o.record):
		q.copyRecord(e, o)
	default:
		o.name, o.record, e.original = e.submission.Name, nil, o
		return false
	}
	return true
}

// isJudged says whether a submission's record is about the submission: what our own machinery did to one
// says nothing of another.
func isJudged(r *Record) bool { return r.Verdict != JudgeError && r.Verdict != Skipped }

// copyRecord finishes a submission with the record of an identical one.
func (q *queue) copyRecord(e *entry, o *original) {
	r := *o.record
	r.Submission, r.SameAs = e.submission.Name, o.name
	r.Problem = problemOf(e.task, e.submission)
	r.Expected, r.ExpectedScore = e.submission.Expected, e.submission.ExpectedScore
	asExpected := e.submission.expects(&r)
	r.AsExpected = &asExpected
	for step := e.step; step <= e.step+len(e.task.Tests); step++ {
		q.put(step)
	}
	e.state = over
	e.cancel()
	q.conclude(e, &r)
}

// conclude takes the record of a submission that is over, and tells those that are identical.
func (q *queue) conclude(e *entry, record *Record) {
	q.weight -= e.weight
	q.over += len(e.task.Tests)
	q.totals.Add(record)
	q.samples.add(e.submission.Problem, record.Verdict)
	q.put(e.step+1+len(e.task.Tests), record)
	o := e.original
	if o == nil {
		return
	}
	o.record = record
	for len(o.followers) > 0 {
		next := o.followers[0]
		o.followers = o.followers[1:]
		if !isJudged(record) { // the next one takes its place
			o.name, o.record, next.original = next.submission.Name, nil, o
			q.activate(next)
			return
		}
		q.copyRecord(next, o)
	}
}

// problemOf is what a record names beside the task.
func problemOf(t *Task, s *Submission) string {
	if s.Problem == t.Name {
		return ""
	}
	return s.Problem
}

// close ends what a cancelled batch left open: the record of a submission that was begun says so.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.active) > 0 {
		e := q.active[0]
		if e.state == waiting && !e.again {
			q.put(e.step)
		}
		e.state, e.running = over, 0 // nobody works any more
		q.settle(e)
	}
	if err := q.walk.close(); err != nil {
		q.fail(err)
	}
}

// summarize writes the summary record.
func (q *queue) summarize(took time.Duration) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	totals := q.totals
	q.step++
	return q.out.Put(q.step-1, &Record{
		Schema: Schema, Kind: KindSummary, Wall: Millis(took), Totals: &totals, PassAt: q.samples.passAt(q.wantedPassAt()), Judge: q.info,
	})
}

// wantedPassAt are the k that the tasks ask for; nil when none does.
func (q *queue) wantedPassAt() []int {
	var wanted []int
	for _, t := range q.walk.tasks {
		if t.Source != nil {
			wanted = append(wanted, t.Source.PassAt...)
		}
	}
	slices.Sort(wanted)
	return slices.Compact(wanted)
}
