package queue

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"judge/judge"
)

// A job is overdue when it has waited for nearly as long as jobs are kept: nobody has the languages that it needs, or there was no
// worker. It would leave the list while it is still in the work stream, and be judged for nobody. So it is given up a while
// before, and who asks for it learns why.

// overdueAfter is how long a job may wait that is kept for a time; 0: for good.
func overdueAfter(keep time.Duration) time.Duration { return keep - keep/7 }

// overdueReason is what the result of an overdue job says.
func overdueReason(after time.Duration) string {
	return fmt.Sprintf("no worker could judge it in %g days", after.Round(time.Hour).Hours()/24)
}

// overdueLimit is how long a job of this queue may wait; 0: for good.
func (q *Queue) overdueLimit() time.Duration {
	return overdueAfter(q.streams[streamJobs].CachedInfo().Config.MaxAge)
}

// SweepJobs gives the jobs up that have waited for six sevenths of the time for which jobs are kept, and says how many. Several may
// do so at the same time.
func (q *Queue) SweepJobs(ctx context.Context) (int, error) {
	now, err := q.serverTime(ctx)
	after := q.overdueLimit()
	if err != nil || after == 0 {
		return 0, err
	}
	return q.sweepJobs(ctx, now.Add(-after), overdueReason(after))
}

// serverTime is the time by which the server dates messages.
func (q *Queue) serverTime(ctx context.Context) (now time.Time, err error) {
	err = q.retry(ctx, "ask for the time", func(ctx context.Context) error {
		info, err := q.streams[streamWork].Info(ctx)
		if err == nil {
			now = info.TimeStamp
		}
		return err
	})
	return now, err
}

// sweepJobs gives up what was queued before a time, and no worker has now.
func (q *Queue) sweepJobs(ctx context.Context, before time.Time, reason string) (swept int, err error) {
	for m, err := range q.messages(ctx, "look for old jobs", streamWork, workSubject("*", "*", "*"), 1) {
		if err != nil || !m.Time.Before(before) {
			return swept, err
		}
		gone, err := q.sweepJob(ctx, m, reason)
		if err != nil {
			return swept, err
		}
		if gone {
			swept++
		}
	}
	return swept, nil
}

// sweepJob gives a job up, unless a worker may have it, and takes it from the queue.
func (q *Queue) sweepJob(ctx context.Context, m *jetstream.RawStreamMsg, reason string) (gone bool, err error) {
	id := m.Subject[strings.LastIndexByte(m.Subject, '.')+1:]
	attempts, err := q.attempts(ctx, id)
	if err != nil {
		return false, err
	}
	if n := len(attempts); n > 0 && attempts[n-1].Released.IsZero() { // as long as that is known, for a day
		return false, nil
	}
	r := Result{ID: id, State: Dead, Verdict: judge.JudgeError, Reason: reason, Attempt: len(attempts), Finished: time.Now().UTC()}
	if j, err := parseJob(id, m.Data); err == nil {
		r.Queued = j.Submitted
	}
	there, err := q.publishResult(ctx, storedResult{Result: r}, id+".overdue")
	if err != nil {
		return false, err
	}
	ctx, cancel := q.try(ctx)
	defer cancel()
	_ = q.streams[streamWork].DeleteMsg(ctx, m.Sequence) // else the next sweep does
	return there == nil, nil
}

// isOverdue tells whether a job that was queued at a time is overdue. Ours may not be the clock of the server that dates
// messages: that is asked before a job is given up.
func (q *Queue) isOverdue(ctx context.Context, queued time.Time) bool {
	after := q.overdueLimit()
	if after == 0 || time.Since(queued) < after {
		return false
	}
	now, err := q.serverTime(ctx)
	return err == nil && now.Sub(queued) >= after
}
