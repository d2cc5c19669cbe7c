package judge

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/limits"
)

// trialsFrom reads trials of a limit of 100 ms as "accepted:93 time-limit:104!": a verdict, milliseconds of
// CPU time, and ! where the machine was disturbed.
func trialsFrom(t testing.TB, text string) []trial {
	var trials []trial
	for word := range strings.FieldsSeq(text) {
		word, disturbed := strings.CutSuffix(word, "!")
		verdict, used, ok := strings.Cut(word, ":")
		require.True(t, ok, word)
		cpu, err := time.ParseDuration(used + "ms")
		require.NoError(t, err)
		one := trial{record: &Record{Verdict: Verdict(verdict), CPU: Millis(cpu), Limits: NewRecordLimits(limits.Limits{CPU: 100 * time.Millisecond})}}
		if disturbed {
			one.disturbed = []string{DisturbedCPU}
		}
		trials = append(trials, one)
	}
	return trials
}

func TestDoubtfulRuns(t *testing.T) {
	cases := []struct {
		name, trials string
		want         bool
	}{
		{"far below", "accepted:50", false},
		{"far below, disturbed", "accepted:50!", false},
		{"at the band's lower end", "accepted:90", false},
		{"just below", "accepted:95", true},
		{"just above", "time-limit:105", true},
		{"at the band's upper end", "time-limit:110", true},
		{"far above", "time-limit:110.001", false},
		{"far above, disturbed", "time-limit:110.001!", true},
		{"idle", "time-limit:3", false},
		{"out of time because others had it", "time-limit:3!", true},
		{"wrong whatever the time", "wrong-answer:95!", false},
		{"crashed", "runtime-error:95!", false},
		{"below again", "accepted:95 accepted:96", false},
		{"below at last", "time-limit:105 accepted:95", false},
		{"above again", "time-limit:105 time-limit:104", true},
		{"clearly above at last", "time-limit:105 time-limit:111", false},
		{"disturbed again", "time-limit:120! time-limit:120!", true},
		{"not disturbed at last", "time-limit:120! time-limit:120", false},
		{"our failure", "time-limit:105 judge-error:0", false},
	}
	rule := Rerun{Times: 2, Band: 0.1}
	for _, c := range cases {
		assert.Equal(t, c.want, rule.doubtful(trialsFrom(t, c.trials)), c.name)
	}
	deadlock := trialsFrom(t, "time-limit:3!")
	deadlock[0].record.Reason = ReasonDeadlock
	assert.False(t, rule.doubtful(deadlock), "a deadlock is certain")
	assert.False(t, rule.doubtful([]trial{{record: &Record{Verdict: JudgeError}}}), "never run")
}

func TestDecidingTrial(t *testing.T) {
	cases := []struct {
		name, trials string
		want         int
	}{
		{"only one", "time-limit:105", 0},
		{"the least", "time-limit:105 time-limit:102 time-limit:103", 1},
		{"within the limit", "time-limit:105 accepted:99", 1},
		{"the first was enough", "accepted:95 time-limit:105", 0},
		{"stopped by others before it used much", "time-limit:30! accepted:95", 1},
		{"the least is wrong", "accepted:95 wrong-answer:91", 1},
		{"not the least is wrong", "accepted:91 wrong-answer:95", 0},
		{"our failure is no result", "accepted:91 judge-error:0", 1},
		{"nor is an end from outside", "time-limit:105 skipped:1", 1},
	}
	for _, c := range cases {
		trials := trialsFrom(t, c.trials)
		assert.Same(t, trials[c.want].record, deciding(trials).record, c.name)
	}
}

func TestEnforcedLimits(t *testing.T) {
	l := limits.Limits{CPU: time.Second, Wall: 3 * time.Second, Memory: 1 << 20}
	assert.Equal(t, l, Rerun{Band: 0.1}.enforced(l), "nothing is run again")
	want := l
	want.CPU, want.Wall = 1100*time.Millisecond, 3300*time.Millisecond
	assert.Equal(t, want, Rerun{Times: 1, Band: 0.1}.enforced(l))
}
