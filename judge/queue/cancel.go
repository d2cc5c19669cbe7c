package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nuid"
)

// Cancel ends a job: its result is Cancelled from now on, a worker that has it stops. A job that is cancelled
// already is none the worse. ErrUnknown when there is none; ErrFinished when it has another result.
func (q *Queue) Cancel(ctx context.Context, id string) error {
	j, _, err := q.job(ctx, id)
	if err != nil {
		return err
	}
	r := Result{ID: id, State: Cancelled, Reason: "cancelled", Queued: j.Submitted, Finished: time.Now().UTC()}
	there, err := q.publishResult(ctx, storedResult{Result: r}, id+"."+nuid.Next())
	if err != nil {
		return err
	}
	q.tell(cancelSubject(id))
	if there != nil && there.State != Cancelled {
		return fmt.Errorf("job %s: %w", id, ErrFinished)
	}
	q.dequeue(ctx, j)
	return nil
}

// dequeue takes a job that has a result from the work stream, so that no worker looks at it any more. Should it fail, the
// worker that takes it drops it.
func (q *Queue) dequeue(ctx context.Context, j Job) {
	ctx, cancel := q.try(ctx)
	defer cancel()
	m, err := q.last(ctx, streamWork, workSubject(string(j.Priority), classOf(j.Needs), j.ID))
	if err == nil {
		_ = q.streams[streamWork].DeleteMsg(ctx, m.Sequence)
	}
}

// publishResult stores a result if there is none yet, and returns nil, or the one that was there.
func (q *Queue) publishResult(ctx context.Context, r storedResult, id string) (*Result, error) {
	b, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("bug: encode result: %w", err)
	}
	m, err := q.publishFirst(ctx, streamResults, resultSubject(r.ID), id, b)
	if err != nil || m == nil {
		return nil, err
	}
	there := parseResult(r.ID, m.Data).Result
	return &there, nil
}
