package worker

import (
	"context"
	"sync"
	"time"
)

// places bound the jobs that are judged at one time. While jobs are short there is one more than there are to be:
// the next job then waits here when one ends, and no CPU waits for the next job. Behind long ones it would wait in
// vain for what other workers have. It is safe for concurrent use.
type places struct {
	taken chan struct{}

	mu       sync.Mutex
	average  time.Duration // of the last jobs
	withheld bool          // the additional place is not given
}

// short is how long jobs may take, on average, for one to wait.
const short = time.Second

func newPlaces(jobs int) *places {
	p := &places{taken: make(chan struct{}, jobs+1), average: short, withheld: true}
	p.taken <- struct{}{}
	return p
}

// take waits for a place, and returns false when the context ends before.
func (p *places) take(ctx context.Context) bool {
	select {
	case p.taken <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// leave gives back the place of a job that took so long.
func (p *places) leave(took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.average += (took - p.average) / 8
	withhold := p.average >= short
	switch {
	case withhold && !p.withheld: // it is this one
	case !withhold && p.withheld:
		<-p.taken
		<-p.taken
	default:
		<-p.taken
	}
	p.withheld = withhold
}
