package report

import (
	"reflect"
	"slices"
	"time"

	"judge/judge"
)

// htmlBatch is what a report keeps in memory: of a run only figures, of a submission also its outcome.
// The zero value is empty.
type htmlBatch struct {
	tasks   []*htmlTask
	runs    int // and compilations, whose numbers are those of the details
	totals  judge.Totals
	good    int  // submissions
	expects bool // of some submission something is expected
	passAt  []judge.PassAt
	judges  []*judge.JudgeInfo // different ones, usually one

	compiled []htmlRun // of the submission whose record is still to come
	open     []htmlRun
	began    time.Time // the first run
	ended    time.Time
}

// htmlTask is a task with its submissions in the order of their records.
type htmlTask struct {
	name        string
	tests       []string
	places      map[string]int // test = its index
	submissions []*htmlSubmission
	runs        int
}

// htmlSubmission is a submission with its outcome.
type htmlSubmission struct {
	id                 int // in the whole report
	name, language     string
	verdict            judge.Verdict
	label              string // verdict with its reason
	test, message      string
	score, expectation string
	good               bool // as expected; accepted where nothing is
	sameAs             string
	cpu                judge.Millis
	memory             int64
	groups             []judge.GroupResult
	compile            *htmlRun // nil: nothing was compiled
	runs               []htmlRun
}

// htmlRun is a run, or a compilation.
type htmlRun struct {
	id       int
	test     int // index of its task's; of a compilation -1
	verdict  judge.Verdict
	made     bool
	cpu      judge.Millis
	cpuLimit judge.Millis
	memory   int64
	memLimit int64
	input    int64 // bytes; zero: not known
}

func (b *htmlBatch) task(name string) *htmlTask {
	if n := len(b.tasks); n > 0 && b.tasks[n-1].name == name {
		return b.tasks[n-1]
	}
	t := &htmlTask{name: name, places: map[string]int{}}
	b.tasks = append(b.tasks, t)
	return t
}

// addRun keeps a run or a compilation until the record of its submission.
func (b *htmlBatch) addRun(r *judge.Record) {
	b.totals.Add(r)
	run := htmlRun{id: b.runs, test: -1, verdict: r.Verdict, made: r.Made(), cpu: r.CPU, memory: r.Memory, input: r.InputBytes}
	b.runs++
	if r.Limits != nil {
		run.cpuLimit, run.memLimit = r.Limits.CPU, r.Limits.Memory
	}
	b.span(r)
	if r.Kind == judge.KindCompile {
		b.compiled = append(b.compiled, run)
		return
	}
	t := b.task(r.Task)
	place, ok := t.places[r.Test]
	if !ok {
		place = len(t.tests)
		t.places[r.Test] = place
		t.tests = append(t.tests, r.Test)
	}
	run.test = place
	b.open = append(b.open, run)
}

// span widens the time in which the batch was run.
func (b *htmlBatch) span(r *judge.Record) {
	if r.StartedAt == nil || r.StartedAt.IsZero() {
		return
	}
	if b.began.IsZero() || r.StartedAt.Before(b.began) {
		b.began = *r.StartedAt
	}
	if end := r.StartedAt.Add(time.Duration(r.Wall)); end.After(b.ended) {
		b.ended = end
	}
}

// htmlMessageRunes bounds a message in the overview; the run has all of it.
const htmlMessageRunes = 240

// addSubmission takes a submission, whose runs were those since the last one.
func (b *htmlBatch) addSubmission(r *judge.Record) {
	s := &htmlSubmission{
		id: b.totals.Submissions, name: r.Submission, language: judge.Visible(r.Language),
		verdict: r.Verdict, label: verdictText(r), test: r.Test, message: shorten(judge.Visible(r.Message), htmlMessageRunes),
		score: scoreText(r), good: r.Verdict == judge.Accepted, sameAs: r.SameAs,
		cpu: r.CPU, memory: r.Memory, groups: r.Groups, runs: slices.Clip(b.open),
	}
	if len(b.compiled) > 0 {
		s.compile = &b.compiled[len(b.compiled)-1]
	}
	if r.AsExpected != nil {
		b.expects, s.good, s.expectation = true, *r.AsExpected, expectation(r)
	}
	if s.good {
		b.good++
	}
	b.totals.Add(r)
	t := b.task(r.Task)
	for _, run := range b.open {
		if run.verdict != judge.Skipped {
			t.runs++
		}
	}
	t.submissions = append(t.submissions, s)
	b.open, b.compiled = nil, nil
}

// judge is the number, from 1, of who has judged; 0: it is not known.
func (b *htmlBatch) judge(info *judge.JudgeInfo) int {
	if info == nil {
		return 0
	}
	for i := len(b.judges) - 1; i >= 0; i-- {
		if b.judges[i] == info || reflect.DeepEqual(b.judges[i], info) {
			return i + 1
		}
	}
	b.judges = append(b.judges, info)
	return len(b.judges)
}

// finish drops runs whose submission's record never came, because the batch was ended there: the totals
// count them, but no row can show them.
func (b *htmlBatch) finish() {
	for _, t := range b.tasks {
		t.places = nil
	}
	b.open, b.compiled = nil, nil
}

// decisive is the run that decides what the submission is: its compilation, the test that its record names,
// or the first that was not accepted; -1: there is none.
func (s *htmlSubmission) decisive(t *htmlTask) int {
	if s.compile != nil && s.compile.verdict != judge.Accepted {
		return s.compile.id
	}
	for _, r := range s.runs {
		if r.verdict != judge.Accepted && r.verdict != judge.Skipped && (s.test == "" || t.tests[r.test] == s.test) {
			return r.id
		}
	}
	if len(s.runs) > 0 {
		return s.runs[0].id
	}
	return -1
}

// shorten cuts a text after so many characters.
func shorten(s string, most int) string {
	runes := 0
	for i := range s {
		if runes == most {
			return s[:i] + "…"
		}
		runes++
	}
	return s
}
