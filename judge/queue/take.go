package queue

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// How long an idle worker waits until it looks by itself: first, and at most.
const (
	shortPause = 2 * time.Millisecond
	longPause  = 5 * time.Second
)

// Take waits for a job of which can says yes for all that it needs (nil: always), the highest priority first, and the
// oldest of those with the same needs. It may be called by many goroutines. What cannot be read, was tried too often, or has
// waited for too long becomes a dead letter and is not returned. An error is the context's, or ErrClosed: Take outlives a lost connection.
func (q *Queue) Take(ctx context.Context, can func(language string) bool) (*Delivery, error) {
	q.list(ctx, listAge)
	since := time.Now()
	if d := q.look(ctx, can, since); d != nil {
		return d, nil
	}
	e := q.listen()
	defer e.close()
	q.list(ctx, 0) // of what came before we listened we know now
	since = time.Now()
	for pause := shortPause; ; {
		if d := q.look(ctx, can, since); d != nil {
			return d, nil
		}
		if err := q.ended(ctx); err != nil {
			return nil, err
		}
		if e.wait(ctx, can, jitter(pause)) {
			pause = shortPause // a follower may know of the job a moment later than we do
			continue
		}
		since = time.Now().Add(-pause / 2) // what another goroutine saw empty need not be asked again so soon
		pause = min(2*pause, longPause)
		q.list(ctx, listAge)
	}
}

// jitter makes workers that were woken together part.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }

// look asks the consumers that are due, until one has a job that is still to be done; nil when none has.
func (q *Queue) look(ctx context.Context, can func(string) bool, since time.Time) *Delivery {
	for _, e := range q.board.due(can, since) {
		for q.ended(ctx) == nil {
			asked := time.Now()
			m, err := q.fetch(ctx, e.name)
			if err != nil {
				q.log.Debug("no answer from the queue", "consumer", e.name, "cause", err)
			}
			if m == nil {
				q.board.emptied(e, asked)
				break
			}
			if d := q.receive(ctx, e, m); d != nil {
				return d
			}
		}
	}
	return nil
}

// fetch asks a consumer for a job; nil when it has none. The end of the context does not end the request: a job that is on
// its way then would be nobody's until AckWait has passed.
//
// The answer goes to an inbox of its own. nats.Conn.Request shares one among all requests, tells answers apart by
// their subject, and that of a job is the job's.
func (q *Queue) fetch(ctx context.Context, consumer string) (*nats.Msg, error) {
	ctx, cancel := q.try(context.WithoutCancel(ctx))
	defer cancel()
	answer := make(chan *nats.Msg, 1) // SubscribeSync would make one for 65,536 messages each time
	inbox, err := q.nc.ChanSubscribe(q.nc.NewInbox(), answer)
	if err != nil {
		return nil, err
	}
	defer inbox.Unsubscribe()
	subject := "$JS.API.CONSUMER.MSG.NEXT." + streamWork + "." + consumer
	if err := q.nc.PublishRequest(subject, inbox.Subject, []byte(`{"batch":1,"no_wait":true}`)); err != nil {
		return nil, err
	}
	var m *nats.Msg
	select {
	case m = <-answer:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	const none = "404"
	switch status := m.Header.Get("Status"); {
	case status == none:
		return nil, nil
	case status != "" || m.Reply == "":
		return nil, fmt.Errorf("status %s: %s", status, m.Header.Get("Description"))
	}
	return m, nil
}

// receive makes a delivery of a message; nil when there is nothing to be done with it any more.
func (q *Queue) receive(ctx context.Context, e *entry, m *nats.Msg) *Delivery {
	meta, err := m.Metadata()
	if err != nil {
		return nil // not from a consumer
	}
	if meta.NumPending > 0 {
		q.tell(wakeSubject(wakeOne, e.name))
	}
	id := m.Subject[strings.LastIndexByte(m.Subject, '.')+1:]
	d := newDelivery(q, m, int(meta.NumDelivered), q.ackWait(ctx, e))
	if d.job, err = parseJob(id, m.Data); err != nil {
		d.bury(id, "the job is not readable: "+err.Error())
		return nil
	}
	d.bell = q.newBell(cancelSubject(id)) // before looking for a result, so that no cancellation falls in between
	_, err = q.result(ctx, id)
	switch {
	case err == nil: // it was cancelled, or its worker died between storing the result and acknowledging
		d.drop()
		return nil
	case !errors.Is(err, ErrUnknown):
		d.giveBack(0)
		return nil
	}
	reason := q.tooOften(ctx, d)
	if reason == "" && q.isOverdue(ctx, meta.Timestamp) {
		reason = overdueReason(q.overdueLimit())
	}
	if reason != "" {
		d.bury(id, reason)
		return nil
	}
	if q.ended(ctx) != nil {
		d.giveBack(0)
		return nil
	}
	q.publishAttempt(ctx, id, d.attempt)
	d.start()
	return d
}

// tooOften says why a job is to be given up; empty: it is not.
func (q *Queue) tooOften(ctx context.Context, d *Delivery) string {
	if d.attempt.Number <= q.options.MaxAttempts {
		return ""
	}
	attempts, err := q.attempts(ctx, d.job.ID)
	if err != nil || !givenUp(d.attempt.Number, len(attempts), q.options.MaxAttempts) {
		return ""
	}
	reason := fmt.Sprintf("no result after %d attempts", len(attempts))
	if n := len(attempts); n > 0 && attempts[n-1].Reason != "" {
		reason += ": " + attempts[n-1].Reason
	}
	return reason
}

// givenUp decides by how often a job was delivered, and how many attempts workers have begun. An answer that got lost on its way
// to a worker is a delivery, and no attempt; yet there may be workers that die before they can write one down.
func givenUp(delivered, attempts, most int) bool {
	const lost = 4
	return delivered > most && attempts >= most || delivered > lost*most
}

// ackWait is after what time a consumer gives a job to another.
func (q *Queue) ackWait(ctx context.Context, e *entry) time.Duration {
	q.board.mu.Lock()
	d := e.ackWait
	q.board.mu.Unlock()
	if d > 0 {
		return d
	}
	ctx, cancel := q.try(ctx)
	defer cancel()
	c, err := q.streams[streamWork].Consumer(ctx, e.name)
	if err != nil {
		return q.options.AckWait
	}
	d = c.CachedInfo().Config.AckWait
	q.board.mu.Lock()
	e.ackWait = d
	q.board.mu.Unlock()
	return d
}
