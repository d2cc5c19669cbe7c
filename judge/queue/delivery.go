package queue

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"
)

// Delivery is a job that a worker has. It tells the server that it is alive until Finish, Release or Close; a worker
// that dies does not, and another gets the job after Options.AckWait. Its methods may be called by many goroutines.
type Delivery struct {
	q       *Queue
	m       *nats.Msg
	job     Job
	attempt Attempt
	ackWait time.Duration
	nonce   string // what this delivery stores can be told from what others do

	bell      *bell // somebody says that the job was cancelled; nil until start
	cancelled chan struct{}
	stop      context.CancelFunc // ends keep, which closes kept; nil until start
	kept      chan struct{}

	mu       sync.Mutex
	ended    bool // finished, released or closed
	recorded bool // a record was published
}

func newDelivery(q *Queue, m *nats.Msg, number int, ackWait time.Duration) *Delivery {
	return &Delivery{
		q: q, m: m, ackWait: ackWait, nonce: nuid.Next(),
		attempt:   Attempt{Number: number, Worker: q.options.Name, Started: time.Now().UTC()},
		cancelled: make(chan struct{}),
	}
}

// Job returns the job.
func (d *Delivery) Job() Job { return d.job }

// Attempt returns how often the job was taken, this time included.
func (d *Delivery) Attempt() int { return d.attempt.Number }

// Cancelled is closed when nobody wants a result of this attempt any more: the job was cancelled, or another
// worker finished it. The worker stops and calls Close.
func (d *Delivery) Cancelled() <-chan struct{} { return d.cancelled }

// Finish stores the result and what records reads (JSON lines; nil: none), then takes the job from the queue. It sets those
// fields of the result that say so. It tries until the context ends; after an error other than
// ErrFinished the job is still the worker's, which may call it again or Close. ErrFinished: there is a result already,
// from a cancellation or another worker; all is well and the job is gone.
func (d *Delivery) Finish(ctx context.Context, r Result, records io.ReadSeeker) error {
	d.endRecords(ctx)
	stored := storedResult{Result: d.complete(r)}
	id := d.job.ID + "." + d.nonce
	if err := d.q.storeRecords(ctx, &stored, id, records); err != nil {
		return err
	}
	there, err := d.q.publishResult(ctx, stored, id)
	if err != nil {
		return err
	}
	if there != nil {
		if stored.Object != "" {
			_ = d.q.deleteObject(ctx, bucketRecords, stored.Object) // else it goes with its age
		}
		d.drop()
		return fmt.Errorf("job %s: %w", d.job.ID, ErrFinished)
	}
	ctx, cancel := d.q.try(ctx)
	defer cancel()
	_ = d.m.AckSync(nats.Context(ctx)) // if it gets lost, the next worker sees that there is a result
	d.end()
	return nil
}

// complete sets what a worker does not know or may get wrong.
func (d *Delivery) complete(r Result) Result {
	r.ID, r.Queued = d.job.ID, d.job.Submitted
	r.Worker, r.Attempt, r.Started = d.attempt.Worker, d.attempt.Number, d.attempt.Started
	r.Finished, r.Bytes = time.Now().UTC(), 0
	if r.State == "" {
		r.State = Done
	}
	return r
}

// Release gives the job back, for another attempt after a delay: this host could not judge it. The reason is shown.
func (d *Delivery) Release(ctx context.Context, delay time.Duration, reason string) error {
	if d.isEnded() {
		return nil
	}
	a := d.attempt
	a.Released, a.Reason = time.Now().UTC(), reason
	d.q.publishAttempt(ctx, d.job.ID, a)
	d.giveBack(delay)
	ctx, cancel := d.q.try(ctx)
	defer cancel()
	if err := d.q.nc.FlushWithContext(ctx); err != nil {
		return fmt.Errorf("release job %s: %w", d.job.ID, err)
	}
	return nil
}

// Close ends the delivery. A job that was not finished or released is given back at once, if the server can be reached.
// It may be called more than once.
func (d *Delivery) Close() error {
	select {
	case <-d.cancelled:
		d.drop()
		return nil
	default:
		return d.Release(context.Background(), 0, "the worker stopped")
	}
}

// drop takes the job from the queue, which needs no answer: it has a result.
func (d *Delivery) drop() {
	_ = d.m.Ack()
	d.end()
}

func (d *Delivery) giveBack(delay time.Duration) {
	_ = d.m.NakWithDelay(delay)
	if delay == 0 {
		d.q.tell(wakeSubject(wakeOne, consumerName(d.job.Priority, classOf(d.job.Needs))))
	}
	d.end()
}

// bury gives the job up. When that cannot be written down, it stays in the queue.
func (d *Delivery) bury(id, reason string) {
	ctx, cancel := context.WithTimeout(d.q.ctx, d.ackWait)
	defer cancel()
	if err := d.q.bury(ctx, id, reason, d.job.Submitted, d.m.Data); err != nil {
		d.q.log.Error("dead letter is not stored", "job", id, "cause", err)
		d.giveBack(time.Second)
		return
	}
	d.drop()
}

func (d *Delivery) isEnded() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ended
}

// end stops what start has started.
func (d *Delivery) end() {
	d.mu.Lock()
	d.ended = true
	d.mu.Unlock()
	if d.stop != nil {
		d.stop()
		<-d.kept
	}
	if d.bell != nil {
		d.bell.close()
	}
}
