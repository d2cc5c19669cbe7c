package main

import (
	"fmt"
	"slices"
	"time"
)

// slowdown is how much more CPU time the same work needs while other jobs do the same than alone, in percent.
type slowdown struct {
	registers float64 // of arithmetic
	memory    float64 // of loads that no cache of one core holds
}

// fairWithin is how far from the lone one the CPU time of a run may be, in percent, when all jobs are busy.
const fairWithin = 5

// slowdownNotes say what limits the number of jobs, if anything does. fair is the largest number with which
// times stay as they are alone, as far as was tried.
func slowdownNotes(jobs, fair int, s slowdown) []remark {
	if max(s.registers, s.memory) <= fairWithin {
		return nil
	}
	percent, cause := s.memory, "they share caches and memory bandwidth"
	if s.registers > fairWithin {
		percent, cause = max(s.registers, s.memory), "CPUs are threads of one core, or slow one another down"
	}
	return []remark{{
		fmt.Sprintf("With %d jobs a program needs up to %.0f %% more CPU time than alone: %s.", jobs, percent, cause),
		"a program near its time limit is accepted or not depending on what runs beside it",
		fmt.Sprintf("judge run --jobs %d", fair),
	}}
}

// trySlowdown measures with the jobs that judge takes by itself and, where that is not fair, with half as
// many, until it is. It takes some 100 ms.
func trySlowdown(jobs int, measure func(jobs int) (slowdown, error)) ([]remark, error) {
	var first slowdown
	fair := jobs
	for ; fair > 1; fair /= 2 {
		now, err := measure(fair)
		if err != nil {
			return nil, err
		}
		if fair == jobs {
			first = now
		}
		if max(now.registers, now.memory) <= fairWithin {
			break
		}
	}
	return slowdownNotes(jobs, fair, first), nil
}

// excess is by how many percent the second of two series is above the first. Of each the least counts:
// whatever else the machine does adds to the others.
func excess(alone, together []time.Duration) float64 {
	return 100 * (float64(slices.Min(together))/float64(slices.Min(alone)) - 1)
}
