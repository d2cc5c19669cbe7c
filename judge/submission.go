package judge

import "slices"

// SubmissionRecord concludes from what happened to a submission: results holds its compile record,
// if it was compiled, and its runs in plan order; tests is how many runs the plan has for it. The
// first result that is not accepted decides. Without one, but with runs missing because the judge
// was ended, the submission is skipped.
func SubmissionRecord(task string, s Submission, results []*Record, tests int) *Record {
	r := &Record{Schema: Schema, Kind: KindSubmission, Task: task, Submission: s.Name, Expected: s.Expected}
	if s.Language != nil {
		r.Language = s.Language.Name
	}
	runs := 0
	var deciding *Record
	for _, result := range results {
		if result.Kind == KindRun {
			runs++
			r.CPU, r.Wall, r.Memory = max(r.CPU, result.CPU), max(r.Wall, result.Wall), max(r.Memory, result.Memory)
		}
		if deciding == nil && result.Verdict != Accepted {
			deciding = result
		}
	}
	switch {
	case deciding != nil:
		r.Verdict, r.Reason, r.Test, r.Message = deciding.Verdict, deciding.Reason, deciding.Test, deciding.Message
	case runs < tests:
		r.Verdict, r.Reason = Skipped, ReasonCancelled
	default:
		r.Verdict = Accepted
	}
	asExpected := slices.Contains(s.Expected, r.Verdict)
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
