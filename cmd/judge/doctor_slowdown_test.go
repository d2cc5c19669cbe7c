package main

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTrySlowdown(t *testing.T) {
	for _, test := range []struct {
		name  string
		jobs  int
		at    map[int]slowdown
		what  string // empty: nothing to say
		fixed string
	}{
		{"one job", 1, nil, "", ""},
		{"fair", 8, map[int]slowdown{8: {registers: 1, memory: 5}}, "", ""},
		{"faster together, by chance", 2, map[int]slowdown{2: {registers: -7, memory: -3}}, "", ""},
		{"memory", 8, map[int]slowdown{8: {registers: 1, memory: 40.4}, 4: {memory: 6}, 2: {memory: 2}},
			"With 8 jobs a program needs up to 40 % more CPU time than alone: they share caches and memory bandwidth.", "judge run --jobs 2"},
		{"threads of a core", 2, map[int]slowdown{2: {registers: 60, memory: 20}},
			"With 2 jobs a program needs up to 60 % more CPU time than alone: CPUs are threads of one core, or slow one another down.", "judge run --jobs 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := trySlowdown(test.jobs, func(jobs int) (slowdown, error) {
				s, known := test.at[jobs]
				require.True(t, known, "measured with %d jobs", jobs)
				return s, nil
			})
			require.NoError(t, err)
			if test.what == "" {
				assert.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			assert.Equal(t, test.what, got[0].What)
			assert.Equal(t, test.fixed, got[0].Fix)
		})
	}
	_, err := trySlowdown(2, func(int) (slowdown, error) { return slowdown{}, errors.ErrUnsupported })
	assert.ErrorIs(t, err, errors.ErrUnsupported)
}

func TestExcessTakesTheLeastOfEachSeries(t *testing.T) {
	ms := time.Millisecond
	assert.InDelta(t, 10, excess([]time.Duration{15 * ms, 10 * ms}, []time.Duration{11 * ms, 90 * ms}), 1e-9)
}
