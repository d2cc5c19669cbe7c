package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// contender is one of several ways to do the same, to be compared.
type contender struct {
	name string
	jobs int // at one time; 0: one
	// round does it about n times.
	round func(ctx context.Context, n int) (round, error)
}

// round is what was measured of a contender in one go.
type round struct {
	took []time.Duration // of each run
	rate float64         // runs a second
	cpu  time.Duration   // of the machine, for each run
}

// samples are all rounds of a contender.
type samples []round

// interleave lets the contenders take turns, so that what disturbs the machine for a while disturbs all of
// them. Ratios are then formed round by round.
func interleave(ctx context.Context, rounds, n int, contenders []contender) (map[string]samples, error) {
	all := map[string]samples{}
	for range rounds {
		for _, c := range contenders {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			r, err := c.round(ctx, n)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			all[c.name] = append(all[c.name], r)
		}
	}
	return all, nil
}

// took are all runs of all rounds.
func (s samples) took() []time.Duration {
	var all []time.Duration
	for _, r := range s {
		all = append(all, r.took...)
	}
	return all
}

// latency, rate and cpu are of one round: a ratio of them is not bent by other rounds.
func latency(r round) float64 { return micros(quantile(r.took, 0.5)) }
func rate(r round) float64    { return r.rate }
func cpu(r round) float64     { return micros(r.cpu) }

// median of a figure over the rounds.
func (s samples) median(of func(round) float64) float64 {
	values := make([]float64, len(s))
	for i, r := range s {
		values[i] = of(r)
	}
	return median(values)
}

// ratio is the median of a figure's ratio to that of another contender in the same round.
func (s samples) ratio(to samples, of func(round) float64) float64 {
	values := make([]float64, len(s))
	for i, r := range s {
		values[i] = of(r) / of(to[i])
	}
	return median(values)
}

// addLatency adds what there is to say of a contender's samples.
func (f *figures) addLatency(part string, s samples) {
	took := s.took()
	f.add(part+"/median_us", micros(quantile(took, 0.5)))
	f.add(part+"/p95_us", micros(quantile(took, 0.95)))
	f.add(part+"/p99_us", micros(quantile(took, 0.99)))
	f.add(part+"/runs_per_s", s.median(rate))
	if cpu := s.median(cpu); cpu > 0 {
		f.add(part+"/cpu_us", cpu)
	}
}

// timed measures n calls of something, one after the other.
func timed(n int, do func() error) (round, error) {
	r := round{took: make([]time.Duration, 0, n)}
	before, begin := machineCPU(), time.Now()
	for range n {
		start := time.Now()
		if err := do(); err != nil {
			return round{}, err
		}
		r.took = append(r.took, time.Since(start))
	}
	r.rate = float64(n) / time.Since(begin).Seconds()
	r.cpu = (machineCPU() - before) / time.Duration(n)
	return r, nil
}

// quantile returns the value below which the share q of the values lies; zero if there are none.
func quantile[T int | float64 | time.Duration](values []T, q float64) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	mid := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[mid-1] + sorted[mid]) / 2
	}
	return sorted[mid]
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
