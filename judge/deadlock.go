package judge

import (
	"fmt"
	"slices"
	"time"
)

// The first look for a deadlock comes after deadlockSoon, the next ones after twice the time each, up to
// deadlockLate.
const (
	deadlockSoon = 25 * time.Millisecond
	deadlockLate = 200 * time.Millisecond
)

// watch looks for a deadlock until the interaction is over, and ends it if there is one. It wants to see
// it twice: a read of a file, say, looks like waiting for input, but does not last.
func (t *interaction) watch(over <-chan struct{}) {
	var seen []int64 // what had gone through when it looked like a deadlock the last time; nil: it did not
	for pause := deadlockSoon; ; {
		select {
		case <-over:
			return
		case <-time.After(pause):
		}
		now, stuck := t.stuck()
		switch {
		case !stuck:
			seen, pause = nil, min(2*pause, deadlockLate)
		case seen == nil || !slices.Equal(seen, now):
			seen, pause = now, deadlockSoon
		default:
			t.noteDeadlock()
			for _, p := range t.parties {
				if !p.isInteractor() { // it is ended after them: they would see its end
					p.cancel(stopError(StopDeadlock))
				}
			}
			return
		}
	}
}

// stuck tells whether no party can go on: all their threads wait without a timeout, some for input, none has a
// timer, no byte and no end is on its way to any, and that was so all the while we looked.
func (t *interaction) stuck() (through []int64, stuck bool) {
	before, still := t.through()
	if !still {
		return nil, false
	}
	waiting := 0
	for _, p := range t.parties {
		if p.over() {
			continue
		}
		if !p.waits().forever {
			return nil, false
		}
		waiting++
	}
	after, still := t.through()
	return after, still && waiting > 0 && slices.Equal(before, after)
}

// through is how much each relay has carried, and whether nothing is on its way.
func (t *interaction) through() (totals []int64, still bool) {
	for _, r := range t.relays {
		total, empty := r.still()
		if !empty || !r.shown() && (r.atEnd() || t.party(r.from.Process).over()) {
			return nil, false
		}
		totals = append(totals, total)
	}
	return totals, true
}

// expired is asked when the wall clock of a submission's process has run out: it may be a deadlock all
// the same, with threads that wake up now and then for nothing, as those of a virtual machine do.
func (t *interaction) expired() Stop {
	if _, still := t.through(); !still {
		return StopWall
	}
	for _, p := range t.parties {
		if !p.over() && !p.waits().input {
			return StopWall
		}
	}
	t.noteDeadlock()
	return StopDeadlock
}

// noteDeadlock says who should have written: whoever was written to last.
func (t *interaction) noteDeadlock() {
	message := "all wait for input, and nobody has written anything"
	var last *relay
	for _, r := range t.relays {
		if !r.lastWrite().IsZero() && (last == nil || r.lastWrite().After(last.lastWrite())) {
			last = r
		}
	}
	if last != nil {
		message = fmt.Sprintf("all wait for input: %s wrote last, so %s should have written", last.from.Process, last.to.Process)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.deadlock = message + " (is its output flushed?)"
}
