package handshake

import (
	"sync"
	"time"
)

// Beside is what receives do while they wait, for whoever waits anyway needs no further thread for it: serve a
// descriptor, and do something when it is time. The zero value has nothing to do. It may be used by many goroutines.
type Beside struct {
	mu   sync.Mutex
	fd   int         // one more than the descriptor's number; zero: none
	each func() bool // serves it; false when there is nothing to come
	at   time.Time   // when late is called
	late func()      // nil: nothing
}

// Attend has the receives of this end serve b, too.
func (c *Conn) Attend(b *Beside) { c.beside = b }

// Serve has each called whenever the descriptor is ready, until it returns false or Forget is called. It returns false
// if there is a descriptor already.
func (b *Beside) Serve(fd int, each func() (more bool)) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fd != 0 {
		return false
	}
	b.fd, b.each = fd+1, each
	return true
}

// Forget lets go of the descriptor, if it is still served. It waits for who serves it.
func (b *Beside) Forget(fd int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fd == fd+1 {
		b.fd, b.each = 0, nil
	}
}

// Late has a function called once, by a receive that waits at that time or begins later. Nil: nothing any more.
func (b *Beside) Late(at time.Time, do func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at, b.late = at, do
}

// waitFor is the descriptor to wait for, -1: none, and until when; zero: for ever.
func (b *Beside) waitFor() (fd int, until time.Time) {
	if b == nil {
		return -1, time.Time{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.late == nil {
		return b.fd - 1, time.Time{}
	}
	return b.fd - 1, b.at
}

// Hurry does what is to be done at a later time now, for who will not receive for a while.
func (b *Beside) Hurry() { b.atTime(time.Time{}) }

// atTime does what is to be done, if it is time; zero: in any case.
func (b *Beside) atTime(now time.Time) {
	b.mu.Lock()
	late := b.late
	if late == nil || !now.IsZero() && now.Before(b.at) {
		b.mu.Unlock()
		return
	}
	b.late = nil
	b.mu.Unlock()
	late()
}

// serve serves the descriptor that was found ready, unless it was forgotten meanwhile.
func (b *Beside) serve(fd int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fd == fd+1 && !b.each() {
		b.fd, b.each = 0, nil
	}
}
