package main

import (
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// measureSlowdown does the same work alone and with so many jobs, in turns.
func measureSlowdown(jobs int) (slowdown, error) {
	const rounds = 4
	lines := newLines()
	var s slowdown
	for _, kind := range []struct {
		work func()
		into *float64
	}{{arithmetic, &s.registers}, {lines.follow, &s.memory}} {
		var alone, together []time.Duration
		for range rounds {
			for _, n := range []int{1, jobs} {
				used, err := cpuTimes(n, kind.work)
				if err != nil {
					return s, err
				}
				if n == 1 {
					alone = append(alone, used)
				} else {
					together = append(together, used)
				}
			}
		}
		*kind.into = excess(alone, together)
	}
	return s, nil
}

// cpuTimes does the work on n threads at one time, and returns what one needs of CPU time on average.
func cpuTimes(n int, work func()) (time.Duration, error) {
	used, errs := make([]time.Duration, n), make([]error, n)
	start := make(chan struct{})
	var threads sync.WaitGroup
	for i := range n {
		threads.Go(func() {
			runtime.LockOSThread() // whose clock is read
			defer runtime.UnlockOSThread()
			<-start
			var before, after unix.Timespec
			errs[i] = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &before)
			work()
			unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &after)
			used[i] = time.Duration(after.Nano() - before.Nano())
		})
	}
	close(start)
	threads.Wait()
	sum := time.Duration(0)
	for i := range n {
		if errs[i] != nil {
			return 0, errs[i]
		}
		sum += used[i]
	}
	return sum / time.Duration(n), nil
}

// sunk keeps the compiler from leaving work out.
var sunk sync.Map

func arithmetic() {
	x := uint64(88172645463325252)
	for range 4_000_000 {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	sunk.Store("arithmetic", x)
}

// lines are cache lines of 32 MiB, each of which names the next one in an order that nothing foresees.
type lines [][16]uint32

func newLines() lines {
	const n = 1 << 19
	l := make(lines, n)
	for i := range uint32(n) {
		l[i][0] = (i*1664525 + 1013904223) % n // one cycle through all
	}
	return l
}

func (l lines) follow() {
	at := uint32(0)
	for range 50_000 {
		at = l[at][0]
	}
	sunk.Store("memory", at)
}
