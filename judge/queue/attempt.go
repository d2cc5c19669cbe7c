package queue

import (
	"context"
	"encoding/json"
	"time"
)

// Attempt is a worker's taking a job.
type Attempt struct {
	Number   int       `json:"number"` // from 1
	Worker   string    `json:"worker"`
	Started  time.Time `json:"started"`
	Released time.Time `json:"released,omitzero"` // when the worker gave it back; zero: it did not
	Reason   string    `json:"reason,omitempty"`  // why it gave it back
}

// attempts returns what is still known of the attempts at a job, in the order in which they began. It is
// told of each when it begins, and once more when the worker gives it back.
func (q *Queue) attempts(ctx context.Context, id string) ([]Attempt, error) {
	var list []Attempt
	for m, err := range q.messages(ctx, "read attempts", streamProgress, progressSubject(id, progressAttempt), 1) {
		if err != nil {
			return nil, err
		}
		var a Attempt
		if json.Unmarshal(m.Data, &a) == nil && a.Number > 0 { // else it is not of ours
			list = addAttempt(list, a)
		}
	}
	return list, nil
}

// addAttempt adds what was told last of an attempt.
func addAttempt(list []Attempt, a Attempt) []Attempt {
	for i := range list {
		if list[i].Number == a.Number {
			list[i] = a
			return list
		}
	}
	return append(list, a)
}

// publishAttempt tells of an attempt. It is not vital: it tries for a moment only.
func (q *Queue) publishAttempt(ctx context.Context, id string, a Attempt) {
	data, err := json.Marshal(a)
	if err != nil {
		return
	}
	ctx, cancel := q.try(ctx)
	defer cancel()
	if _, err := q.js.Publish(ctx, progressSubject(id, progressAttempt), data); err != nil {
		q.log.Warn("attempt is not written down", "job", id, "attempt", a.Number, "cause", err)
	}
}
