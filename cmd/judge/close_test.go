package main

import (
	"io"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

// TestRunsCloseToTheLimitAreMadeAgain judges a program that uses a given CPU time, with a band of 10 %. How often a
// run far from the limit is made depends on what else the machine does.
func TestRunsCloseToTheLimitAreMadeAgain(t *testing.T) {
	needsJudging(t)
	tasks, err := judge.Load("testdata/close")
	require.NoError(t, err)
	factor := slowness(t)
	slowDown(tasks, factor)
	for i := range tasks[0].Tests {
		args := tasks[0].Tests[i].Args
		seconds, err := strconv.ParseFloat(args[0], 64)
		require.NoError(t, err)
		tasks[0].Tests[i].Args = []string{strconv.FormatFloat(seconds*float64(factor), 'f', -1, 64)}
	}
	f := runFlags{format: formatNone, allTests: true, pin: true, out: filepath.Join(t.TempDir(), "records.jsonl")}
	err = f.judge(t.Context(), tasks, io.Discard, io.Discard)
	require.Empty(t, messageOf(err))

	wants := map[string]struct {
		verdict     judge.Verdict
		least, most int // samples; none: it was run once
	}{
		"far below":  {judge.Accepted, 0, 0},
		"just below": {judge.Accepted, 2, 3},
		"just above": {judge.TimeLimit, 3, 3},
		"far above":  {judge.TimeLimit, 0, 3},
	}
	for _, r := range readRecords(t, f.out) {
		want, ok := wants[r.Test]
		if r.Kind != judge.KindRun || !ok {
			continue
		}
		assert.Equal(t, want.verdict, r.Verdict, r.Test)
		assert.GreaterOrEqual(t, len(r.Samples), want.least, "%s: %v", r.Test, r.Samples)
		assert.LessOrEqual(t, len(r.Samples), want.most, "%s: %v", r.Test, r.Samples)
		assert.Equal(t, 400*float64(factor), float64(r.Limits.CPU)/1e6, "records show the task's limit")
		for _, s := range r.Samples {
			if s.Verdict == r.Verdict {
				assert.GreaterOrEqual(t, s.CPU, r.CPU, "%s: the least counts: %v", r.Test, r.Samples)
			}
		}
		delete(wants, r.Test)
	}
	assert.Empty(t, wants)
}
