package queue

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Status is what is known of a job.
type Status struct {
	Job      Job       `json:"job"`
	Sequence uint64    `json:"sequence"` // of the job among all jobs: later ones have larger numbers
	State    State     `json:"state"`
	Attempts []Attempt `json:"attempts,omitempty"` // in the order in which they began; those that are still known
	Result   *Result   `json:"result,omitempty"`   // nil until the state is final
}

// Status tells how a job is doing. ErrUnknown when there is none of this id (any more).
func (q *Queue) Status(ctx context.Context, id string) (Status, error) {
	j, sequence, err := q.job(ctx, id)
	if err != nil {
		return Status{}, err
	}
	s, err := q.status(ctx, j, sequence)
	if err == nil && s.State == Queued && time.Since(j.Submitted) > orphanAge {
		err = q.adopt(ctx, j)
	}
	return s, err
}

// job reads a job; ErrUnknown when there is none.
func (q *Queue) job(ctx context.Context, id string) (j Job, sequence uint64, err error) {
	if err := checkID(id); err != nil {
		return Job{}, 0, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	err = q.retry(ctx, "read job", func(ctx context.Context) error {
		m, err := q.last(ctx, streamJobs, jobSubject(id))
		if err != nil {
			return err
		}
		sequence = m.Sequence
		if j, err = parseJob(id, m.Data); err != nil {
			return fmt.Errorf("job %s: %w: %w", id, ErrDamaged, err)
		}
		return nil
	})
	return j, sequence, err
}

func (q *Queue) status(ctx context.Context, j Job, sequence uint64) (Status, error) {
	s := Status{Job: j, Sequence: sequence, State: Queued}
	var err error
	if s.Attempts, err = q.attempts(ctx, j.ID); err != nil {
		return Status{}, err
	}
	if n := len(s.Attempts); n > 0 && s.Attempts[n-1].Released.IsZero() {
		s.State = Running
	}
	r, err := q.result(ctx, j.ID)
	switch {
	case err == nil:
		s.State, s.Result = r.State, &r.Result
	case !errors.Is(err, ErrUnknown):
		return Status{}, err
	}
	return s, nil
}

// orphanAge is after what time a job that waits is looked for in the work stream.
const orphanAge = 10 * time.Second

// adopt queues a job again that was stored and is not in the work stream: who submitted it died in between, and was
// never told that it is accepted. Still it is in the list, and must not be there as waiting for ever.
func (q *Queue) adopt(ctx context.Context, j Job) error {
	class := classOf(j.Needs)
	err := q.retry(ctx, "look for job", func(ctx context.Context) error {
		_, err := q.last(ctx, streamWork, workSubject(string(j.Priority), class, j.ID))
		return err
	})
	if !errors.Is(err, ErrUnknown) {
		return err
	}
	data, err := j.encode()
	if err != nil {
		return err
	}
	return q.enqueue(ctx, j, data) // if it was finished a moment ago, its worker will see that
}
