package selftest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/fixtures/hostile"
	"judge/limits"
)

func TestSlownessIsThatOfTheFastestStart(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		starts []time.Duration
		want   int
	}{
		"usual":           {[]time.Duration{ms, ms / 2, 3 * ms / 2}, 1},
		"disturbed":       {[]time.Duration{200 * ms, ms, 50 * ms}, 1},
		"somewhat slower": {[]time.Duration{2 * ms, 2 * ms, 2 * ms}, 1},
		"emulated":        {[]time.Duration{140 * ms, 25 * ms, 14 * ms}, 20},
		"not measurable":  {[]time.Duration{0, 0, 0}, 1},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, slownessOf(c.starts)) })
	}
	n, err := Slowness()
	require.NoError(t, err)
	assert.Positive(t, n)
}

func TestSlowHostsChangeNothingButTime(t *testing.T) {
	assert.Equal(t, runLimits, slower(runLimits, 1))
	want := runLimits
	want.CPU, want.Wall = 20*time.Second, 22*time.Second
	assert.Equal(t, want, slower(runLimits, 20))
	assert.Equal(t, limits.Limits{Memory: 1}, slower(limits.Limits{Memory: 1}, 20), "no limit stays none")
}

func TestProgramsThatCountTimeGetNoMore(t *testing.T) {
	assert.True(t, countsTime(hostile.Program{Limits: []hostile.Limit{{Name: "wall", Value: "6s"}, {Name: "cpu", Value: "1s"}}}))
	assert.False(t, countsTime(hostile.Program{Limits: []hostile.Limit{{Name: "mem", Value: "1MiB"}}}))
}

func TestCompilersGetWhatTheyNeed(t *testing.T) {
	assert.Equal(t, compileLimits.CPU, compileTimeOn(1))
	assert.Equal(t, time.Minute, compileTimeOn(20))
}
