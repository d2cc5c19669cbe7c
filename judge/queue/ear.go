package queue

import (
	"context"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// ear is how an idle worker hears that a job was queued.
//
// Of all ears, which are one queue group, each message wakes one: with a thousand idle workers a job does not make a
// thousand of them ask for it. If that one cannot do the job, it tells all. Who takes a job and sees that more wait wakes the
// next. Messages can get lost, so an idle worker also looks by itself, ever more seldom; in a large fleet one
// of them always does.
type ear struct {
	q     *Queue
	subs  []*nats.Subscription
	heard chan call // what is too much is lost
}

// call is what an ear hears.
type call struct {
	consumer string
	alone    bool // nobody else has heard it
}

// listen opens an ear. What was queued before is not heard.
func (q *Queue) listen() *ear {
	e := &ear{q: q, heard: make(chan call, 64)}
	for who, group := range map[string]string{wakeOne: "idle", wakeAll: ""} {
		subject := wakeSubject(who, "*")
		hear := func(m *nats.Msg) {
			select {
			case e.heard <- call{consumer: strings.TrimPrefix(m.Subject, wakeSubject(who, "")), alone: who == wakeOne}:
			default:
			}
		}
		if s, err := q.nc.QueueSubscribe(subject, group, hear); err == nil {
			e.subs = append(e.subs, s)
		}
	}
	return e
}

// wait waits for a job that can be done, and says that there may be one, but not longer than d.
func (e *ear) wait(ctx context.Context, can func(string) bool, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return false
		case <-ctx.Done():
			return false
		case <-e.q.ctx.Done():
			return false
		case c := <-e.heard:
			at := e.q.board.add(c.consumer)
			if at == nil {
				continue
			}
			if canAll(can, at.needs) {
				return true
			}
			if c.alone { // who hears it among all does not tell all again
				e.q.tell(wakeSubject(wakeAll, c.consumer))
			}
		}
	}
}

// close stops listening, and passes on what was heard and not followed.
func (e *ear) close() {
	for _, s := range e.subs {
		_ = s.Unsubscribe()
	}
	for {
		select {
		case c := <-e.heard:
			if c.alone {
				e.q.tell(wakeSubject(wakeOne, c.consumer))
			}
		default:
			return
		}
	}
}
