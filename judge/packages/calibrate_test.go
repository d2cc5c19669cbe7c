package packages

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

// TestWhatKeepsATimeLimitFromBeingMeasured: what else is wrong shows in the table of the run.
func TestWhatKeepsATimeLimitFromBeingMeasured(t *testing.T) {
	yes, no := true, false
	record := func(name string, expected, verdict judge.Verdict) *judge.Record {
		r := &judge.Record{Kind: judge.KindSubmission, Submission: name, Test: "1", AsExpected: &no}
		if expected == verdict {
			r.AsExpected = &yes
		}
		r.Expected, r.Verdict = []judge.Verdict{expected}, verdict
		return r
	}
	either := record("either.py", judge.WrongAnswer, judge.WrongAnswer)
	either.Expected = append(either.Expected, judge.Accepted)
	right, wrong := record("right.py", judge.Accepted, judge.Accepted), record("wrong.py", judge.Accepted, judge.WrongAnswer)
	for _, c := range []struct {
		name    string
		records []*judge.Record
		want    string
	}{
		{"none is accepted", []*judge.Record{wrong}, "wrong.py: wrong-answer on test 1"},
		{"another one is", []*judge.Record{wrong, right}, ""},
		{"another one may be, and is not", []*judge.Record{wrong, either}, "wrong.py: wrong-answer on test 1"},
		{"none has to be", []*judge.Record{either}, ""},
		{"wrong in another way", []*judge.Record{record("a.py", judge.WrongAnswer, judge.CompileError)}, ""},
		{"not wrong at all", []*judge.Record{record("a.py", judge.WrongAnswer, judge.Accepted)}, ""},
		{"without end", []*judge.Record{right, record("a.py", judge.Accepted, judge.TimeLimit)}, "a.py: time-limit on test 1 (of 30s)"},
		{"wrong and without end", []*judge.Record{record("a.py", judge.WrongAnswer, judge.TimeLimit)}, "a.py: time-limit on test 1 (of 30s)"},
	} {
		m := measurement{submission: "right.py", test: "1"}
		for _, r := range c.records {
			require.NoError(t, m.Write(r))
		}
		assert.Equal(t, c.want, m.hindrance(), c.name)
	}
	assert.Equal(t, "no submission could be run", (&measurement{}).hindrance())
}

func TestCalibratedLimit(t *testing.T) {
	tests := []struct {
		name    string
		c       calibration
		slowest time.Duration
		want    time.Duration
	}{
		{"at least one step", calibration{multiplier: 2, resolution: time.Second}, time.Millisecond, time.Second},
		{"up to the next step", calibration{multiplier: 2, resolution: time.Second}, 510 * time.Millisecond, 2 * time.Second},
		{"exactly", calibration{multiplier: 2, resolution: time.Second}, 500 * time.Millisecond, time.Second},
		{"small steps", calibration{multiplier: 1.5, resolution: 100 * time.Millisecond}, 210 * time.Millisecond, 400 * time.Millisecond},
		{"to the nearest second", calibration{multiplier: 5, resolution: time.Second, nearest: true}, 290 * time.Millisecond, time.Second},
		{"to the nearest second above", calibration{multiplier: 5, resolution: time.Second, nearest: true}, 310 * time.Millisecond, 2 * time.Second},
		{"but at least one", calibration{multiplier: 5, resolution: time.Second, nearest: true}, 0, time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, tt.c.limit(tt.slowest)) })
	}
}
