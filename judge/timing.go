package judge

import (
	"math"
	"slices"
)

// Timing is what several runs of one test say of its CPU time.
type Timing struct {
	Runs   int    `json:"runs"`
	Median Millis `json:"median_ms"`
	MAD    Millis `json:"mad_ms"` // median of the absolute differences from the median
	Min    Millis `json:"min_ms"`
	Max    Millis `json:"max_ms"`

	// Interval holds the median of all runs that there could be, with a probability of at least 95 %.
	// It assumes nothing but that runs do not depend on one another. Nil with fewer than 6 runs: even their
	// least and greatest enclose the median less often.
	Interval *[2]Millis `json:"ci95_ms,omitempty"`
}

// newTiming sums up the CPU times of at least one run.
func newTiming(times []Millis) *Timing {
	sorted := slices.Sorted(slices.Values(times))
	t := &Timing{Runs: len(sorted), Median: median(sorted), Min: sorted[0], Max: sorted[len(sorted)-1]}
	away := make([]Millis, len(sorted))
	for i, x := range sorted {
		away[i] = max(x-t.Median, t.Median-x)
	}
	slices.Sort(away)
	t.MAD = median(away)
	if cut, ok := medianInterval(len(sorted)); ok {
		t.Interval = &[2]Millis{sorted[cut], sorted[len(sorted)-1-cut]}
	}
	return t
}

func median(sorted []Millis) Millis {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// medianInterval says how many of n sorted values to leave away at each end so that the rest encloses the
// median with a probability of at least 95 %: the interval by order statistics (Hahn and Meeker,
// Statistical Intervals, chapter 5). The number of values below the median has the binomial distribution
// with n and 1/2, so the interval misses it with the probability of at most `cut` successes, or as many
// failures.
func medianInterval(n int) (cut int, ok bool) {
	missed := 0.0
	for k := 0; 2*k < n; k++ {
		missed += 2 * binomialHalf(n, k)
		if missed > 0.05 {
			return k - 1, k > 0
		}
	}
	return 0, false
}

// binomialHalf is the probability of k successes in n trials that succeed half of the time.
func binomialHalf(n, k int) float64 {
	logGamma := func(x int) float64 {
		l, _ := math.Lgamma(float64(x))
		return l
	}
	return math.Exp(logGamma(n+1) - logGamma(k+1) - logGamma(n-k+1) - float64(n)*math.Ln2)
}
