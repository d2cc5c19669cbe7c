package judge

import "slices"

// standing is what is known of a submission so far: enough for its record, however many runs it had.
// The zero value knows nothing.
type standing struct {
	runs      int
	deciding  *Record // the first result, in plan order, that is not accepted; nil: none
	cpu, wall Millis  // largest of its runs
	memory    int64
}

// add takes the submission's next result, in plan order: of compiling, or of a run.
func (s *standing) add(r *Record) {
	if r.Kind == KindRun {
		s.runs++
		s.cpu, s.wall, s.memory = max(s.cpu, r.CPU), max(s.wall, r.Wall), max(s.memory, r.Memory)
	}
	if s.deciding == nil && r.Verdict != Accepted {
		s.deciding = r
	}
}

// record concludes; tests is how many runs the plan has for the submission. Without a deciding result,
// but with runs missing because the judge was ended, it is skipped.
func (s *standing) record(task string, submission *Submission, tests int) *Record {
	r := &Record{
		Schema: Schema, Kind: KindSubmission, Task: task, Submission: submission.Name, Expected: submission.Expected,
		CPU: s.cpu, Wall: s.wall, Memory: s.memory,
	}
	if submission.Language != nil {
		r.Language = submission.Language.Name
	}
	switch d := s.deciding; {
	case d != nil:
		r.Verdict, r.Reason, r.Test, r.Message = d.Verdict, d.Reason, d.Test, d.Message
	case s.runs < tests:
		r.Verdict, r.Reason = Skipped, ReasonCancelled
	default:
		r.Verdict = Accepted
	}
	asExpected := slices.Contains(submission.Expected, r.Verdict)
	r.AsExpected = &asExpected
	return r
}

// Totals counts what a batch came to. The zero value has counted nothing.
type Totals struct {
	Submissions int             `json:"submissions"`
	Runs        int             `json:"runs"`
	AsExpected  int             `json:"as_expected"`        // submissions
	JudgeErrors int             `json:"judge_errors"`       // submissions
	Verdicts    map[Verdict]int `json:"verdicts,omitempty"` // of submissions
}

// Add counts a record.
func (t *Totals) Add(r *Record) {
	switch r.Kind {
	case KindRun:
		t.Runs++
	case KindSubmission:
		t.Submissions++
		if r.AsExpected != nil && *r.AsExpected {
			t.AsExpected++
		}
		if r.Verdict == JudgeError {
			t.JudgeErrors++
		}
		if t.Verdicts == nil {
			t.Verdicts = map[Verdict]int{}
		}
		t.Verdicts[r.Verdict]++
	}
}
