package worker

import (
	"context"
	"io"
	"time"

	"judge/judge"
	"judge/judge/queue"
)

// Queue is what a worker needs of a queue; see package queue. FromQueue makes one of a *queue.Queue.
type Queue interface {
	Take(ctx context.Context, can func(language string) bool) (Delivery, error)
	OpenFile(ctx context.Context, hash string) (io.ReadCloser, error)
	Advertise(ctx context.Context, a queue.Advert) error
	Withdraw(ctx context.Context, name string) error
}

// Delivery is a job that a worker has; a *queue.Delivery is one.
type Delivery interface {
	Job() queue.Job
	Attempt() int
	Cancelled() <-chan struct{}
	Record(r *judge.Record) error
	Finish(ctx context.Context, r queue.Result, records io.ReadSeeker) error
	Release(ctx context.Context, delay time.Duration, reason string) error
	Close() error
}

// FromQueue makes a worker's queue of a client. Who opened that closes it, after the worker.
func FromQueue(q *queue.Queue) Queue { return client{q} }

type client struct{ *queue.Queue }

func (c client) Take(ctx context.Context, can func(language string) bool) (Delivery, error) {
	d, err := c.Queue.Take(ctx, can)
	if err != nil {
		return nil, err
	}
	return d, nil
}
