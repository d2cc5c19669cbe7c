package judge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Earlier is what a batch that was ended has written, for Batch.Run to go on from there.
//
// Records are written in the order of the plan, so that they are the beginning of what the whole batch
// writes. They are gone through in step with the plan: what is there is not run again, what is missing
// follows. A last line that is half written is cut off; so is what follows the first record of an
// interrupted batch that says so.
type Earlier struct {
	Records io.Reader              // JSONL, from the beginning
	Keep    func(size int64) error // is called when all records fit, before anything is written: only so many bytes are to stay
	Show    Sink                   // is given the earlier records; nil: nobody. It is not closed
}

// MisfitError says that earlier records are not those of the tasks that are to be judged now.
type MisfitError struct {
	Line    int // of the records, from 1
	Message string
}

func (e *MisfitError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

// resumedSink takes the records of a batch from the first. As long as there are earlier ones it wants
// the same; what follows it writes to the sink.
type resumedSink struct {
	Sink
	earlier *Earlier
	lines   *lineScanner
	next    *Record // the earlier one that comes next; nil: no more are there
}

func newResumedSink(e *Earlier, sink Sink) *resumedSink {
	return &resumedSink{Sink: sink, earlier: e, lines: newLineScanner(e.Records)}
}

// Write takes the next record.
func (s *resumedSink) Write(r *Record) error {
	was := s.next
	if was == nil {
		return s.Sink.Write(r)
	}
	if placeOf(was) != placeOf(r) || was.Verdict != r.Verdict || was.SameAs != r.SameAs {
		return s.misfit("is %s, %s; the plan has %s, %s", placeOf(was), was.Verdict, placeOf(r), r.Verdict)
	}
	if s.earlier.Show != nil {
		if err := s.earlier.Show.Write(was); err != nil {
			return err
		}
	}
	return s.advance()
}

func (s *resumedSink) misfit(format string, args ...any) error {
	return &MisfitError{Line: s.lines.number, Message: fmt.Sprintf(format, args...)}
}

// advance reads the next earlier record. After the last it has the rest cut off.
func (s *resumedSink) advance() error {
	s.next = nil
	line, err := s.lines.scan()
	switch {
	case err == io.EOF:
		return s.earlier.Keep(s.lines.offset)
	case errors.Is(err, errLongLine):
		return s.misfit("%v", err)
	case err != nil:
		return err
	case !s.lines.whole:
		if !isHalfRecord(line) {
			return s.misfit("is not a record")
		}
		return s.earlier.Keep(s.lines.offset)
	}
	r := &Record{}
	if err := json.Unmarshal(line, r); err != nil || r.Schema != Schema || r.Kind == "" {
		return s.misfit("is not a record")
	}
	if r.Verdict == Skipped && r.Reason == ReasonCancelled {
		return s.earlier.Keep(s.lines.offset)
	}
	s.next = r
	return nil
}

// isHalfRecord says whether a last line without a newline can be the beginning of a record: we cut no
// other file. Zeros are what a crashed machine can leave of it.
func isHalfRecord(line []byte) bool {
	line = bytes.TrimRight(line, "\x00")
	begin := []byte(`{"schema":`)
	return bytes.HasPrefix(line, begin) || bytes.HasPrefix(begin, line)
}

// placeOf says what a record is about.
func placeOf(r *Record) string {
	switch r.Kind {
	case KindRun:
		return fmt.Sprintf("run of %s on test %s in task %s", quoted(r.Submission), quoted(r.Test), quoted(r.Task))
	case KindSummary:
		return "the summary"
	}
	return fmt.Sprintf("%s of %s in task %s", r.Kind, quoted(r.Submission), quoted(r.Task))
}

// resume takes the results of earlier records as if they came from workers, before any of these is there.
// It returns true when nothing is left to do, and a *MisfitError if the records are not the plan's.
func (q *queue) resume(ctx context.Context, s *resumedSink) (complete bool, err error) {
	if err := s.advance(); err != nil {
		return false, err
	}
	for s.next != nil {
		q.mu.Lock()
		e := q.admit(ctx)
		q.mu.Unlock()
		if err := context.Cause(ctx); err != nil {
			return false, err
		}
		if e == nil {
			return true, q.resumeSummary(s)
		}
		if err := q.resumeEntry(ctx, e, s); err != nil {
			return false, err
		}
	}
	return false, nil
}

// resumeSummary wants the summary as the last of the records.
func (q *queue) resumeSummary(s *resumedSink) error {
	if s.next.Kind != KindSummary {
		return s.misfit("is %s; the plan is at its end", placeOf(s.next))
	}
	if err := q.summarize(0); err != nil {
		return err
	}
	if s.next != nil {
		return s.misfit("follows the summary")
	}
	return nil
}

// resumeEntry takes what is there of a submission. If that is not all, the submission is compiled again.
func (q *queue) resumeEntry(ctx context.Context, e *entry, s *resumedSink) error {
	for e.state != over {
		if s.next == nil {
			if e.state == ready {
				e.state, e.again = waiting, true
			}
			return nil
		}
		q.mu.Lock()
		if !e.supplies() {
			q.mu.Unlock()
			return fmt.Errorf("bug: resume %s: nothing to hand out", e.submission.Name)
		}
		j := q.from(e)
		q.mu.Unlock()
		if err := q.resumeJob(j, s); err != nil {
			return err
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
	}
	return nil
}

// resumeJob gives a job the result that comes next.
func (q *queue) resumeJob(j job, s *resumedSink) error {
	r, want := s.next, newRecord(KindCompile, j)
	if j.test >= 0 {
		want.Kind, want.Test = KindRun, j.task.Tests[j.test].Name
	}
	nothingToCompile := j.submission.Language == nil || len(j.submission.Language.Compile) == 0
	switch {
	case placeOf(r) != placeOf(want) && (j.test >= 0 || !nothingToCompile):
		return s.misfit("is %s; the plan has %s", placeOf(r), placeOf(want))
	case r.Language != want.Language && r.Kind == want.Kind:
		return s.misfit("is in language %s; the plan has language %s", quoted(r.Language), quoted(want.Language))
	case j.test >= 0 && r.Limits != nil && *r.Limits != *runLimits(j):
		return s.misfit("is %s with other limits than the plan has", placeOf(r))
	case j.test >= 0 && r.Verdict == Skipped:
		return s.misfit("is %s, skipped; the plan wants it run", placeOf(r))
	case j.test >= 0:
		q.done(j, r)
	case r.Kind == KindCompile:
		q.compiled(j.entry, nil, r)
	default:
		q.compiled(j.entry, nil, nil)
	}
	return nil
}

// runLimits are what the record of a run says of its limits.
func runLimits(j job) *RecordLimits {
	l := j.task.Tests[j.test].Limits
	if j.submission.Language != nil {
		l = j.submission.Language.LimitsFor(l)
	}
	l.CPU, l.Wall = l.CPU.Round(time.Microsecond), l.Wall.Round(time.Microsecond) // as JSON shows them
	return NewRecordLimits(l)
}

// compiledAgain takes the program of a submission whose first results are known.
func (q *queue) compiledAgain(e *entry, p *program, record *Record) {
	e.again = false
	e.program = p
	e.state = ready
	if record != nil && record.Verdict != Accepted {
		e.standing.add(record)
		e.state = over
	}
	q.settle(e)
}
