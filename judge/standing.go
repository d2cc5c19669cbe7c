package judge

import (
	"fmt"
	"slices"
)

// standing is what is known of a submission so far: enough for its record, and to tell which of its tests
// need not be run any more, however many it had. The zero value knows nothing of a task without groups.
type standing struct {
	groups    []groupStanding // in the order of their tests; none: pass or fail
	allTests  bool            // what the outcome no longer depends on is run all the same
	tests     int             // that have a result
	deciding  *Record         // the result that decides; nil: all are accepted
	cpu, wall Millis          // largest of its runs
	memory    int64
}

func newStanding(t *Task, allTests bool) standing {
	s := standing{allTests: allTests, groups: make([]groupStanding, len(t.Groups))}
	for i := range t.Groups {
		s.groups[i].Group = &t.Groups[i]
	}
	return s
}

// add takes the submission's next result, in plan order: of compiling, or of a test, into which it writes
// what the test is worth in its group. Each test has one, perhaps skipped.
//
// The first result that is not accepted decides. Where there are points to lose, a judge-error decides
// before others: nobody knows what the score would be.
func (s *standing) add(r *Record) {
	if r.Kind == KindRun {
		if g := s.group(s.tests); g != nil {
			g.add(r)
		}
		s.tests++
		s.cpu, s.wall, s.memory = max(s.cpu, r.CPU), max(s.wall, r.Wall), max(s.memory, r.Memory)
	}
	if r.Verdict == Accepted || r.Verdict == Skipped && r.Reason != ReasonCancelled {
		return
	}
	if s.deciding == nil || len(s.groups) > 0 && r.Verdict == JudgeError && s.deciding.Verdict != JudgeError {
		s.deciding = r
	}
}

// group is the one that a test is in; nil when the task has none.
func (s *standing) group(test int) *groupStanding {
	for i := range s.groups {
		if own := s.groups[i].Tests; test <= own[len(own)-1] {
			return &s.groups[i]
		}
	}
	return nil
}

// skips says why a test need not be run, as far as is known; an empty reason: it has to be. What it says of
// a test does not change with the results of further tests before it, but for the words.
func (s *standing) skips(test int) (reason, message string) {
	d := s.deciding
	if d != nil && d.Verdict == Skipped {
		return ReasonCancelled, d.Message
	}
	if d != nil && !s.allTests && (len(s.groups) == 0 || d.Verdict == JudgeError) {
		return ReasonDecided, fmt.Sprintf("test %s decided: %s", quoted(d.Test), d.Verdict)
	}
	g := s.group(test)
	if g == nil {
		return "", ""
	}
	for i := range s.groups {
		if other := &s.groups[i]; other.lost && slices.Contains(g.Depends, other.Name) {
			return ReasonDepends, fmt.Sprintf("group %s did not get all its points", quoted(other.Name))
		}
	}
	if g.Aggregate == AggregateMin && g.worthless != "" && !s.allTests {
		return ReasonGroup, fmt.Sprintf("test %s left group %s without points", quoted(g.worthless), quoted(g.Name))
	}
	return "", ""
}

// record concludes; tests is how many the plan has for the submission. Without a deciding result, but with
// results missing because the judge was ended, it is skipped.
func (s *standing) record(task string, submission *Submission, tests int) *Record {
	r := &Record{
		Schema: Schema, Kind: KindSubmission, Task: task, Submission: submission.Name,
		Expected: submission.Expected, ExpectedScore: submission.ExpectedScore,
		CPU: s.cpu, Wall: s.wall, Memory: s.memory,
	}
	if submission.Language != nil {
		r.Language = submission.Language.Name
	}
	switch d := s.deciding; {
	case d != nil:
		r.Verdict, r.Reason, r.Test, r.Message = d.Verdict, d.Reason, d.Test, d.Message
	case s.tests < tests:
		r.Verdict, r.Reason = Skipped, ReasonCancelled
	default:
		r.Verdict = Accepted
	}
	if len(s.groups) > 0 && r.Verdict != JudgeError && r.Verdict != Skipped {
		groups, score, most := scoresOf(s.groups)
		r.Score, r.MaxScore = &score, most
		if r.Verdict != CompileError {
			r.Groups = groups
		}
	}
	asExpected := submission.expects(r)
	r.AsExpected = &asExpected
	return r
}
