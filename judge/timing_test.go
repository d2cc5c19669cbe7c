package judge

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTiming(t *testing.T) {
	interval := func(low, high Millis) *[2]Millis { return &[2]Millis{low, high} }
	cases := []struct {
		name  string
		times []Millis
		want  Timing
	}{
		{"one", []Millis{7}, Timing{Runs: 1, Median: 7, Min: 7, Max: 7}},
		{"two", []Millis{10, 20}, Timing{Runs: 2, Median: 15, MAD: 5, Min: 10, Max: 20}},
		{"any order", []Millis{5, 1, 4, 2, 300}, Timing{Runs: 5, Median: 4, MAD: 2, Min: 1, Max: 300}},
		{"six have an interval", []Millis{1, 2, 3, 4, 5, 6}, Timing{Runs: 6, Median: 3, MAD: 1, Min: 1, Max: 6, Interval: interval(1, 6)}},
		{"ten", []Millis{1, 2, 3, 4, 5, 6, 7, 8, 9, 100}, Timing{Runs: 10, Median: 5, MAD: 2, Min: 1, Max: 100, Interval: interval(2, 9)}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, &c.want, newTiming(c.times))
		})
	}
}

// The ranks are those of the tables of nonparametric statistics: the k-th least and the k-th greatest.
func TestMedianInterval(t *testing.T) {
	for n, rank := range map[int]int{6: 1, 8: 1, 9: 2, 11: 2, 12: 3, 15: 4, 20: 6, 25: 8, 30: 10, 50: 18, 100: 40, 1000: 469} {
		cut, ok := medianInterval(n)
		require.True(t, ok, "%d", n)
		assert.Equal(t, rank, cut+1, "%d", n)
	}
	for n := range 6 {
		_, ok := medianInterval(n)
		assert.False(t, ok, "%d", n)
	}
}
