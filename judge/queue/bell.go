package queue

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
)

// bell rings when something is published on one of its subjects. It says "look", and not what there is: the message may be stored
// a moment later, may get lost, or come from somebody who has no business with it.
type bell struct {
	q    *Queue
	rang chan struct{}
	subs []*nats.Subscription
}

func (q *Queue) newBell(subjects ...string) *bell {
	b := &bell{q: q, rang: make(chan struct{}, 1)}
	ring := func(*nats.Msg) {
		select {
		case b.rang <- struct{}{}:
		default:
		}
	}
	for _, subject := range subjects {
		if s, err := q.nc.Subscribe(subject, ring); err == nil {
			b.subs = append(b.subs, s)
		}
	}
	return b
}

// wait waits for a ring, and says whether it came before d was over.
func (b *bell) wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-b.rang:
		return true
	case <-timer.C:
	case <-ctx.Done():
	case <-b.q.ctx.Done():
	}
	return false
}

func (b *bell) close() {
	for _, s := range b.subs {
		_ = s.Unsubscribe()
	}
}
