package main

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// crowd is a fleet whose jobs take 10 ms on average, exponentially distributed, and keep its slots busy for a share of time.
func crowd(slots int, load float64, n int) fleet {
	const mean = 10 * time.Millisecond
	random := rand.New(rand.NewPCG(1, 1))
	f := fleet{workers: slots, slots: 1, arrivals: poisson(random, n, load*float64(slots)/mean.Seconds())}
	for range n {
		f.services = append(f.services, time.Duration(random.ExpFloat64()*float64(mean)))
	}
	return f
}

// Without costs a fleet is a queue of whose jobs theory knows how long they wait (M/M/c).
func TestSimulationAgreesWithTheory(t *testing.T) {
	for _, row := range []struct {
		name  string
		slots int
		load  float64
		want  time.Duration // mean
	}{
		{"one, half busy", 1, 0.5, 10 * time.Millisecond},
		{"one, busy", 1, 0.8, 40 * time.Millisecond},
		{"four, busy", 4, 0.8, 7455 * time.Microsecond}, // Erlang's C is 0.596
	} {
		t.Run(row.name, func(t *testing.T) {
			f := crowd(row.slots, row.load, 100_000).simulate()
			var sum time.Duration
			for _, d := range f.queueing {
				sum += d
			}
			mean := sum / time.Duration(len(f.queueing))
			assert.InEpsilon(t, row.want, mean, 0.1)
			assert.InEpsilon(t, row.load, f.utilisation, 0.05)
			assert.Zero(t, f.load)
		})
	}
}

func TestSimulationIsTheSameEachTime(t *testing.T) {
	f := crowd(3, 0.9, 1000)
	f.costs = costs{submit: 100 * time.Microsecond, take: time.Millisecond, poll: time.Millisecond}
	f.consumers, f.ahead = 2, 1
	assert.Equal(t, f.simulate(), f.simulate())
}

func TestSimulationOfFullServers(t *testing.T) {
	f := crowd(1000, 0.8, 20_000)
	f.costs = costs{submit: time.Millisecond, finish: time.Millisecond}
	r := f.simulate()
	assert.InDelta(t, 160, r.load, 8, "80,000 jobs a second, of which they can do 500")
	assert.InEpsilon(t, 500, float64(len(f.arrivals))/r.took.Seconds(), 0.05)
	assert.Less(t, r.utilisation, 0.01)
	assert.InEpsilon(t, 1000/160.0, f.fullAt(80), 0.01)
}

func TestIdleWorkersAskToo(t *testing.T) {
	f := crowd(100, 0.01, 1000)
	f.consumers, f.costs.poll = 10, time.Millisecond
	r := f.simulate()
	assert.InEpsilon(t, 100*10*0.001/pollInterval.Seconds(), r.idling, 0.05)
	assert.Equal(t, r.idling, r.load)
}
