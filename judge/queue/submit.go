package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// Submit stores a job and queues it. When it returns without an error, the job survives whatever dies. It
// returns the job with what was filled in. With the id of a job that is there and is the same, it returns that
// one (and queues it again if a crash came between storing and queueing); ErrExists if it is another.
// Errors: ErrInvalid, ErrTooLarge, ErrFull, ErrExists, and the context's.
func (q *Queue) Submit(ctx context.Context, j Job) (Job, error) {
	j, data, err := j.complete(time.Now())
	if err != nil {
		return Job{}, err
	}
	there, err := q.publishFirst(ctx, streamJobs, jobSubject(j.ID), j.ID+"."+nuid.Next(), data)
	if err != nil {
		return Job{}, err
	}
	if there != nil {
		return q.submitAgain(ctx, j, there)
	}
	return j, q.enqueue(ctx, j, data)
}

// submitAgain is Submit of a job whose id is taken.
func (q *Queue) submitAgain(ctx context.Context, j Job, there *jetstream.RawStreamMsg) (Job, error) {
	earlier, err := parseJob(j.ID, there.Data)
	if err != nil || !earlier.same(j) {
		return Job{}, fmt.Errorf("job %s: %w", j.ID, ErrExists)
	}
	if _, err := q.result(ctx, j.ID); !errors.Is(err, ErrUnknown) {
		return earlier, err
	}
	return earlier, q.enqueue(ctx, earlier, there.Data)
}

// enqueue puts a job into the work stream, once: its subject may have one message only. One that was done meanwhile comes to
// a worker again, which sees that it has a result.
func (q *Queue) enqueue(ctx context.Context, j Job, data []byte) error {
	class := classOf(j.Needs)
	if err := q.makeConsumer(ctx, j.Priority, class); err != nil {
		return err
	}
	if _, err := q.publishFirst(ctx, streamWork, workSubject(string(j.Priority), class, j.ID), j.ID, data); err != nil {
		return err
	}
	q.tell(wakeSubject(wakeOne, consumerName(j.Priority, class)))
	return nil
}

// makeConsumer makes the consumer of a priority and class, if it is not there.
func (q *Queue) makeConsumer(ctx context.Context, p Priority, class string) error {
	name := consumerName(p, class)
	q.mu.Lock()
	made := q.made[name]
	q.mu.Unlock()
	if made {
		return nil
	}
	config := jetstream.ConsumerConfig{
		Durable:       name,
		FilterSubject: workSubject(string(p), class, "*"),
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       q.options.AckWait,
		MaxDeliver:    -1, // we count, and write down why
		MaxAckPending: -1, // as many as there are workers
	}
	err := q.retry(ctx, "make consumer "+name, func(ctx context.Context) error {
		_, err := q.streams[streamWork].CreateConsumer(ctx, config)
		if errors.Is(err, jetstream.ErrConsumerExists) { // with another AckWait: who made it first decides
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	q.mu.Lock()
	q.made[name] = true
	q.mu.Unlock()
	return nil
}
