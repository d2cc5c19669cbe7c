package limits

import (
	"sync"
	"time"
)

// Alarm is why a Watch calls back: the run must be ended.
type Alarm string

const (
	AlarmCPU    Alarm = "cpu"    // the CPU limit is exceeded
	AlarmMemory Alarm = "memory" // out of memory; the kernel killed one process, and others may wait for it
	AlarmLost   Alarm = "lost"   // the CPU time can no longer be read: our machinery's fault
)

// shortestLook is the least time between two looks. The kernel adds up CPU time at scheduler ticks
// (1 to 10 ms), so looking more often would see the same number again.
const shortestLook = time.Millisecond

// nextLook is how long a run with so much CPU time left cannot exceed its limit: all CPUs would have to
// work for it all the time.
func nextLook(left time.Duration, cpus int) time.Duration {
	return max(left/time.Duration(max(cpus, 1)), shortestLook)
}

// Watch looks after a run until it is stopped or has called back. Between looks there is a timer and
// no goroutine. Its methods are safe for concurrent use.
type Watch struct {
	limit time.Duration // of CPU time; zero: not watched
	cpus  int           // that the run can keep busy at one time
	read  func() (time.Duration, error)
	call  func(Alarm)

	mu    sync.Mutex
	over  bool // stopped, or has called back
	timer *time.Timer
}

// start arms the timer. The first look is due even when nothing was used yet.
func (w *Watch) start() {
	if w.limit <= 0 || w.read == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(nextLook(w.limit, w.cpus), w.look)
}

// look reads the CPU time and calls back or sleeps on. Time used up to the limit is allowed.
func (w *Watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return
	}
	switch used, err := w.read(); {
	case err != nil:
		w.ring(AlarmLost)
	case used > w.limit:
		w.ring(AlarmCPU)
	default:
		w.timer.Reset(nextLook(w.limit-used, w.cpus))
	}
}

// outOfMemory is told by the host that the group was out of memory.
func (w *Watch) outOfMemory() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over {
		w.ring(AlarmMemory)
	}
}

// ring calls back, once. The lock is held, so that Stop waits for the callback.
func (w *Watch) ring(a Alarm) {
	w.over = true
	w.call(a)
}

// Stop ends the watch. It waits for a callback that is running, and none starts after it; it must not
// be called from the callback. It may be called any number of times.
func (w *Watch) Stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	if w.timer != nil {
		w.timer.Stop()
	}
}
