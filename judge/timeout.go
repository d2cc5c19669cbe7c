package judge

import "time"

// timeout calls a function after a while.
type timeout struct {
	timer *time.Timer
	done  chan struct{} // closed when the function has returned
}

// after is time.AfterFunc, but for its stop.
func after(d time.Duration, do func()) *timeout {
	t := &timeout{done: make(chan struct{})}
	t.timer = time.AfterFunc(d, func() {
		defer close(t.done)
		do()
	})
	return t
}

// stop returns when the function will not be called any more, and has returned if it was called. The zero pointer has
// nothing to stop.
func (t *timeout) stop() {
	if t != nil && !t.timer.Stop() {
		<-t.done
	}
}
