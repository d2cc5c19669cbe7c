package door

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"judge/judge/queue"
)

// Queue is what a door needs of a queue; a *queue.Queue has it.
type Queue interface {
	Submit(ctx context.Context, j queue.Job) (queue.Job, error)
	Cancel(ctx context.Context, id string) error
	Watch(ctx context.Context, id string, after uint64) iter.Seq2[queue.Event, error]
	OpenRecords(ctx context.Context, id string) (io.ReadCloser, error)
}

// ErrGivenUp says that a job has no result: no worker could do it, or somebody has cancelled it.
var ErrGivenUp = errors.New("given up")

// promptPatience is how long a queue may take to answer, where it is not a result that is waited for.
const promptPatience = 30 * time.Second

// Prompt bounds what is asked of a queue that may not answer. Who waits for a result has no such bound.
func Prompt(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, promptPatience)
}

// cancelPatience is how long we try to cancel a job that nobody waits for any more.
const cancelPatience = 5 * time.Second

// Run submits a job, waits for its result and returns its records, of at most limit bytes. A job whose client
// does not wait any more, as the context says, is cancelled.
func Run(ctx context.Context, q Queue, j queue.Job, limit int64) ([]byte, error) {
	records, err := Open(ctx, q, j)
	if err != nil {
		return nil, err
	}
	defer records.Close()
	data, err := io.ReadAll(io.LimitReader(records, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("records of a job: more than %d bytes", limit)
	}
	return data, err
}

// Open is Run for records that are too large to be held in memory. The caller closes them.
func Open(ctx context.Context, q Queue, j queue.Job) (io.ReadCloser, error) {
	j.ID = cmp.Or(j.ID, rand.Text()) // else only an answer to Submit tells it
	if err := submit(ctx, q, j); err != nil {
		return nil, err
	}
	result, err := wait(ctx, q, j.ID)
	if err != nil {
		if ctx.Err() != nil {
			err = errors.Join(err, abandon(ctx, q, j.ID))
		}
		return nil, err
	}
	if result.State != queue.Done {
		return nil, fmt.Errorf("%w: %s: %s", ErrGivenUp, result.State, result.Reason)
	}
	return q.OpenRecords(ctx, j.ID)
}

// submit submits a job. One of which is not known in time whether it is in the queue is cancelled, within what is left of
// promptPatience.
func submit(ctx context.Context, q Queue, j queue.Job) error {
	prompt, cancel := context.WithTimeout(ctx, promptPatience-cancelPatience)
	defer cancel()
	_, err := q.Submit(prompt, j)
	if err != nil && prompt.Err() != nil {
		err = errors.Join(err, abandon(ctx, q, j.ID))
	}
	return err
}

// abandon cancels a job that nobody waits for any more. It comes too late for one that has a result, and is not needed for one
// that did not reach the queue.
func abandon(ctx context.Context, q Queue, id string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelPatience)
	defer cancel()
	err := q.Cancel(ctx, id)
	if errors.Is(err, queue.ErrFinished) || errors.Is(err, queue.ErrUnknown) {
		return nil
	}
	return err
}

// wait waits for the result of a job.
func wait(ctx context.Context, q Queue, id string) (*queue.Result, error) {
	for event, err := range q.Watch(ctx, id, 0) {
		if err != nil {
			return nil, err
		}
		if event.Result != nil {
			return event.Result, nil
		}
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return nil, fmt.Errorf("bug: watching job %s ended without its result", id)
}
