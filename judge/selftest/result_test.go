package selftest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"judge/fixtures/hostile"
	"judge/judge"
)

func TestConclude(t *testing.T) {
	program := hostile.Program{File: "a.c", Expect: []string{"accepted", "runtime-error"}, Stage: hostile.StageRun, Stdin: []string{""}, Runs: 1}
	run := func(change func(*judge.Record)) timed {
		r := &judge.Record{
			Kind: judge.KindRun, Test: "1", Verdict: judge.Accepted, Stdout: &judge.Capture{Text: "SAFE\n"},
			Limits: &judge.RecordLimits{Wall: judge.Millis(3 * time.Second)},
		}
		if change != nil {
			change(r)
		}
		return timed{r, time.Second}
	}
	compile := func(verdict judge.Verdict, messages string) timed {
		return timed{&judge.Record{Kind: judge.KindCompile, Verdict: verdict, Stderr: &judge.Capture{Text: messages}}, 0}
	}
	submission := func(verdict judge.Verdict) timed {
		return timed{&judge.Record{Kind: judge.KindSubmission, Verdict: verdict, Message: "why"}, 0}
	}
	good := []timed{submission(judge.Accepted)}
	for name, c := range map[string]struct {
		stage hostile.Stage
		e     evidence
		want  []string
	}{
		"held": {e: evidence{records: []timed{compile(judge.Accepted, "LEAK in the source"), run(nil), submission(judge.Accepted)}, control: good}},
		"summaries do not count": {e: evidence{
			records: []timed{run(nil), {&judge.Record{Kind: judge.KindSummary}, 0}}, control: good}},
		"verdict": {
			e:    evidence{records: []timed{run(func(r *judge.Record) { r.Verdict, r.Message = judge.TimeLimit, "cpu" })}, control: good},
			want: []string{"verdict time-limit, want accepted or runtime-error (cpu)"}},
		"judge-error": {
			e:    evidence{records: []timed{run(func(r *judge.Record) { r.Verdict = judge.JudgeError })}, control: good},
			want: []string{"verdict judge-error, want accepted or runtime-error"}},
		"no compiler": {
			e:    evidence{records: []timed{compile(judge.JudgeError, "")}, control: good},
			want: []string{"verdict judge-error, want accepted or runtime-error"}},
		"nothing": {e: evidence{control: good}, want: []string{"it has no verdict"}},
		"late": {
			e:    evidence{records: []timed{{run(nil).Record, 5 * time.Second}}, control: good},
			want: []string{"the verdict came after 5s, the wall limit is 3s"}},
		"late on a slow host": {e: evidence{records: []timed{{run(nil).Record, 5 * time.Second}}, control: good, grace: time.Second}},
		"proof": {
			e:    evidence{records: []timed{run(func(r *judge.Record) { r.Stdout.Text = "x\nESCAPED by \x1b[2J\n" })}, control: good},
			want: []string{`it printed: ESCAPED by \x1b[2J`}},
		"canary on standard error": {
			e:    evidence{records: []timed{run(func(r *judge.Record) { r.Stderr = &judge.Capture{Text: "CANARY-1"} })}, control: good},
			want: []string{"it printed: CANARY-1"}},
		"canary in messages": {
			stage: hostile.StageCompile,
			e:     evidence{records: []timed{compile(judge.Accepted, "note: CANARY-1"), run(nil)}, control: good},
			want:  []string{"it printed: note: CANARY-1"}},
		"the next program": {
			e:    evidence{records: []timed{run(nil)}, control: []timed{submission(judge.JudgeError)}},
			want: []string{"the next program: judge-error: why"}},
		"no next program": {e: evidence{records: []timed{run(nil)}}, want: []string{"the next program was not judged"}},
		"host and canaries": {
			e:    evidence{records: []timed{run(nil)}, control: good, host: []string{"new: mount: x"}, contacts: []string{"somebody connected"}},
			want: []string{"host: new: mount: x", "canary: somebody connected"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := program
			if c.stage != "" {
				p.Stage = c.stage
			}
			got := conclude(p, c.e)
			assert.Equal(t, c.want, got.Broken)
			assert.Equal(t, c.want == nil, got.Held())
		})
	}
}

func TestConcludeNamesTheTestOfSeveral(t *testing.T) {
	p := hostile.Program{Expect: []string{"accepted"}, Stdin: []string{""}, Runs: 2}
	second := &judge.Record{Kind: judge.KindRun, Test: "2", Verdict: judge.WrongAnswer}
	third := &judge.Record{Kind: judge.KindRun, Test: "3", Verdict: judge.Accepted}
	got := conclude(p, evidence{records: []timed{{second, 0}, {third, 0}}, control: []timed{{third, 0}}})
	assert.Equal(t, []string{"verdict of test 2 wrong-answer, want accepted"}, got.Broken)
	assert.Equal(t, judge.WrongAnswer, got.Verdict, "the run that is wrong, not the last one")
}

func TestOverlap(t *testing.T) {
	begin := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	run := func(start, wall time.Duration) timed {
		at := begin.Add(start)
		return timed{&judge.Record{Kind: judge.KindRun, StartedAt: &at, Wall: judge.Millis(wall)}, 0}
	}
	for name, c := range map[string]struct {
		records []timed
		want    bool
	}{
		"together":         {[]timed{run(0, time.Second), run(time.Millisecond, time.Second)}, true},
		"for a moment":     {[]timed{run(0, time.Second), run(900*time.Millisecond, time.Second)}, false},
		"one by one":       {[]timed{run(0, time.Second), run(2*time.Second, time.Second)}, false},
		"one within other": {[]timed{run(0, 3*time.Second), run(time.Second, time.Second)}, true},
		"never started":    {[]timed{{&judge.Record{Kind: judge.KindRun}, 0}}, false},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, overlap(c.records)) })
	}
}
