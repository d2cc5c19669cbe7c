package serve

import (
	"context"
	"io"
	"iter"

	"judge/judge/queue"
)

// Queue is what the service needs of a queue; a *queue.Queue has it.
type Queue interface {
	Ready(ctx context.Context) error
	Submit(ctx context.Context, j queue.Job) (queue.Job, error)
	Cancel(ctx context.Context, id string) error
	Status(ctx context.Context, id string) (queue.Status, error)
	List(ctx context.Context, o queue.ListOptions) (page []queue.Status, next uint64, err error)
	Watch(ctx context.Context, id string, after uint64) iter.Seq2[queue.Event, error]
	Results(ctx context.Context) iter.Seq2[queue.Result, error]
	OpenRecords(ctx context.Context, id string) (io.ReadCloser, error)

	PutFile(ctx context.Context, r io.Reader, limit int64) (queue.File, error)
	OpenFile(ctx context.Context, hash string) (io.ReadCloser, error)
	Stat(ctx context.Context, hash string) (queue.File, error)
	SweepFiles(ctx context.Context) (int, error)
	SweepJobs(ctx context.Context) (int, error)

	Workers(ctx context.Context) ([]queue.Advert, error)
	Lengths(ctx context.Context) ([]queue.Length, error)
}

var _ Queue = (*queue.Queue)(nil)
