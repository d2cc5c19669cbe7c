package judge

import "slices"

// Submission is a program to judge: code, or a command.
type Submission struct {
	Name     string    // as in the records: its path relative to the task file's directory
	Code               // zero for a command
	Command  []string  // the task's command, nil otherwise; a bare word is looked up in the sandbox's PATH
	Path     string    // absolute path of the command's executable; empty: Command[0] is a bare word
	Expected []Verdict // any of them; empty: any, and ExpectedScore says what counts

	ExpectedScore *ScoreRange // nil: any score
	Problem       string      // that it is one of several answers to, for pass@k; empty: it does not count for that
}

// expects says whether a submission's record is what the task file expects.
func (s *Submission) expects(r *Record) bool {
	switch {
	case r.Verdict == JudgeError || r.Verdict == Skipped:
		return false
	case s.ExpectedScore != nil && (r.Score == nil || !s.ExpectedScore.Contains(*r.Score)):
		return false
	}
	return len(s.Expected) == 0 || slices.Contains(s.Expected, r.Verdict)
}

// ScoreRange is the least and the most points that are expected, both inclusive.
type ScoreRange [2]float64

// Contains tells whether a score is in the range, as exactly as records show scores.
func (r ScoreRange) Contains(score float64) bool {
	return roundScore(r[0]) <= score && score <= roundScore(r[1])
}
