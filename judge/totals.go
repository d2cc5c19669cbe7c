package judge

// Totals counts what a batch came to. The zero value has counted nothing.
type Totals struct {
	Submissions int             `json:"submissions"`
	Runs        int             `json:"runs"`                 // that were made, and so not skipped
	AsExpected  int             `json:"as_expected"`          // submissions
	JudgeErrors int             `json:"judge_errors"`         // submissions
	Duplicates  int             `json:"duplicates,omitempty"` // submissions that were not judged, for they are the same as another
	Verdicts    map[Verdict]int `json:"verdicts,omitempty"`   // of submissions
}

// Add counts a record.
func (t *Totals) Add(r *Record) {
	switch r.Kind {
	case KindRun:
		if r.Verdict != Skipped {
			t.Runs++
		}
	case KindSubmission:
		t.Submissions++
		if r.SameAs != "" {
			t.Duplicates++
		}
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
