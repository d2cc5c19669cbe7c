package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Bucket returns an object store beside the queue's own, for files that are named otherwise than by their hash and
// are kept for an age. It is made when it is missing, for so many bytes together, fewer on a small disk; what is there stays as it is.
func (q *Queue) Bucket(ctx context.Context, name string, age time.Duration, bytes int64) (jetstream.ObjectStore, error) {
	want := objects(name, age, q.options.reserved(bytes))
	want.Storage = jetstream.FileStorage
	if _, err := q.openStream(ctx, want, time.Now().Add(settling)); err != nil {
		return nil, err
	}
	s, err := q.js.ObjectStore(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", name, err)
	}
	return s, nil
}
