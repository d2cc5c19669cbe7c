package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"judge/judge"
)

// DeadLetter is a job that was given up.
type DeadLetter struct {
	ID       string    `json:"id"`
	Reason   string    `json:"reason"`
	Time     time.Time `json:"time"`
	Attempts []Attempt `json:"attempts,omitempty"` // those that are still known
	Job      []byte    `json:"job"`                // as it was found in the queue, perhaps unreadable; cut to MaxJob/2
}

// bury gives a job up: it becomes a dead letter and has a result that says so. Only then may it leave the queue.
func (q *Queue) bury(ctx context.Context, id, reason string, queued time.Time, data []byte) error {
	q.log.Error("job is given up", "job", id, "reason", reason)
	attempts, err := q.attempts(ctx, id)
	if err != nil {
		return err
	}
	letter, err := json.Marshal(DeadLetter{ID: id, Reason: reason, Time: time.Now().UTC(), Attempts: attempts, Job: data[:min(len(data), MaxJob/2)]})
	if err != nil {
		return fmt.Errorf("bug: encode dead letter: %w", err)
	}
	if _, err := q.publishFirst(ctx, streamDead, deadSubject(id), id, letter); err != nil {
		return err
	}
	r := Result{ID: id, State: Dead, Verdict: judge.JudgeError, Reason: reason, Attempt: len(attempts), Queued: queued, Finished: time.Now().UTC()}
	_, err = q.publishResult(ctx, storedResult{Result: r}, id+".dead")
	return err
}

// DeadLetters returns the newest dead letters first, at most limit.
func (q *Queue) DeadLetters(ctx context.Context, limit int) ([]DeadLetter, error) {
	first, last, err := q.bounds(ctx, streamDead)
	if err != nil {
		return nil, err
	}
	var list []DeadLetter
	for ; last >= first && len(list) < limit; last-- {
		var m *jetstream.RawStreamMsg
		err := q.retry(ctx, "read dead letter", func(ctx context.Context) (err error) {
			m, err = q.streams[streamDead].GetMsg(ctx, last)
			m, err = known(m, fmt.Sprintf("dead letter %d", last), err)
			return err
		})
		if errors.Is(err, ErrUnknown) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var l DeadLetter
		if json.Unmarshal(m.Data, &l) == nil && l.ID == strings.TrimPrefix(m.Subject, deadSubject("")) {
			list = append(list, l)
		}
	}
	return list, nil
}
