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
	AlarmLost   Alarm = "lost"   // the group can no longer be watched: our machinery's fault
)

// shortestLook is the least time between two looks with a timer: the runtime's are true to a millisecond.
const shortestLook = time.Millisecond

// Close to the limit, which is two scheduler ticks of 4 ms, a few looks are exact and come sooner than timers are true
// to: most programs that get there are about to exceed it. One that waits is left to the timer again.
const (
	closeToLimit = 8 * time.Millisecond
	closeLook    = shortestLook / 10
	closeLooks   = 30
)

// listenAfter is how long a run must last before it is worth the 40 µs that it costs to be told by the kernel
// that memory ran out, most of it in a kernel thread when it is undone. Until then nobody would have
// waited long for a process that was killed.
const listenAfter = 20 * time.Millisecond

// nextLook is how long a run with so much CPU time left cannot exceed its limit: all CPUs would have to
// work for it all the time.
func nextLook(left time.Duration, cpus int) time.Duration {
	return max(left/time.Duration(max(cpus, 1)), shortestLook)
}

// Watch looks after a run until it is stopped or has called back. Between looks there are timers and
// no goroutine. Its methods are safe for concurrent use.
type Watch struct {
	limit  time.Duration // of CPU time; zero: not watched
	cpus   int           // that the run can keep busy at one time
	read   func() (time.Duration, error)
	listen func() (killed bool, err error) // makes the kernel call outOfMemory from now on, at the first call; nil: nothing to do
	call   func(Alarm)
	rest   func(time.Duration) // sleeps, to less than a millisecond
	visit  func()              // makes what read reads exact

	mu       sync.Mutex
	over     bool // stopped, or has called back
	looks    *time.Timer
	closely  int // looks that were taken close to the limit
	listens  *time.Timer
	listened bool
}

// start arms the timers. The first look is due even when nothing was used yet.
func (w *Watch) start() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.limit > 0 && w.read != nil {
		w.looks = time.AfterFunc(nextLook(w.limit, w.cpus), w.look)
	}
	if w.listen != nil {
		w.listens = time.AfterFunc(listenAfter, w.listenNow)
	}
}

// look looks until the limit is exceeded or the next look is due later.
func (w *Watch) look() {
	for soon := w.lookNow(); soon > 0; soon = w.lookNow() {
		w.rest(soon)
	}
}

// lookNow reads the CPU time and calls back, or sets the timer, or says how soon to look again. Time used up to the
// limit is allowed.
func (w *Watch) lookNow() (soon time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return 0
	}
	used, err := w.read()
	if err == nil && w.limit-used < closeToLimit && w.closely < closeLooks {
		w.visit()
		used, err = w.read()
	}
	left := w.limit - used
	switch {
	case err != nil:
		w.ring(AlarmLost)
	case left < 0:
		w.ring(AlarmCPU)
	case left < closeToLimit && w.closely < closeLooks:
		w.closely++
		return max(left/time.Duration(max(w.cpus, 1)), closeLook)
	default:
		w.looks.Reset(nextLook(left, w.cpus))
	}
	return 0
}

// listenNow begins to listen, and calls back if that is too late. Version 1 tells before it kills and counts after it: who
// begins between the two hears nothing and reads nothing, so it looks once more.
func (w *Watch) listenNow() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return
	}
	switch killed, err := w.listen(); {
	case err != nil:
		w.ring(AlarmLost)
	case killed:
		w.ring(AlarmMemory)
	case !w.listened:
		w.listened = true
		w.listens.Reset(listenAfter)
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
	for _, t := range []*time.Timer{w.looks, w.listens} {
		if t != nil {
			t.Stop()
		}
	}
}
