package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
)

// ListOptions choose what List returns.
type ListOptions struct {
	Before uint64 // only jobs with a smaller Sequence; 0: from the newest on
	Limit  int    // of how many are returned; 0: 50; at most 500
	Owner  string // only this owner's; empty: everybody's
}

const (
	defaultLimit = 50
	maxLimit     = 500
	maxLooked    = 2000 // jobs that one call looks at
	readers      = 16   // at the same time
)

// List returns jobs, the newest first, and where to go on: the Before of the next page, 0 when there is none.
// A page may be short, or empty, and have a next one all the same: List looks at a bounded number of jobs. Sources and
// Command of the jobs are left out.
func (q *Queue) List(ctx context.Context, o ListOptions) (page []Status, next uint64, err error) {
	limit := o.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	limit = min(limit, maxLimit)
	first, last, err := q.bounds(ctx, streamJobs)
	if err != nil {
		return nil, 0, err
	}
	if o.Before > 0 {
		last = min(last, o.Before-1)
	}
	for looked := 0; last >= first && len(page) < limit && looked < maxLooked; {
		n := min(uint64(limit-len(page)), last-first+1)
		if o.Owner != "" { // few may be this owner's
			n = min(maxLimit, last-first+1)
		}
		part, err := q.listPart(ctx, o.Owner, last, int(n))
		if err != nil {
			return nil, 0, err
		}
		looked += int(n)
		last -= n
		for _, s := range part {
			if len(page) == limit {
				last = page[limit-1].Sequence - 1
				break
			}
			page = append(page, s)
		}
	}
	if last < first {
		return page, 0, nil
	}
	return page, last + 1, nil
}

// bounds are the first and last sequence of a stream; of an empty one the first is the larger.
func (q *Queue) bounds(ctx context.Context, stream string) (first, last uint64, err error) {
	err = q.retry(ctx, "look at stream "+stream, func(ctx context.Context) error {
		info, err := q.streams[stream].Info(ctx)
		if err == nil {
			first, last = max(1, info.State.FirstSeq), info.State.LastSeq
		}
		return err
	})
	return first, last, err
}

// listPart returns the statuses of an owner's jobs among the n with sequences down from last, the newest first.
func (q *Queue) listPart(ctx context.Context, owner string, last uint64, n int) ([]Status, error) {
	found := make([]*Status, n)
	errs := make([]error, n)
	free := make(chan struct{}, readers)
	var wait sync.WaitGroup
	for i := range n {
		free <- struct{}{}
		wait.Go(func() {
			found[i], errs[i] = q.listOne(ctx, owner, last-uint64(i))
			<-free
		})
	}
	wait.Wait()
	var list []Status
	for _, s := range found {
		if s != nil {
			list = append(list, *s)
		}
	}
	return list, errors.Join(errs...)
}

// listOne returns the status of the job with a sequence; nil when there is none, or it is another owner's.
func (q *Queue) listOne(ctx context.Context, owner string, sequence uint64) (*Status, error) {
	var m *jetstream.RawStreamMsg
	err := q.retry(ctx, "read job", func(ctx context.Context) (err error) {
		m, err = q.streams[streamJobs].GetMsg(ctx, sequence)
		m, err = known(m, fmt.Sprintf("job %d", sequence), err)
		return err
	})
	if errors.Is(err, ErrUnknown) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	j, err := parseJob(strings.TrimPrefix(m.Subject, jobSubject("")), m.Data)
	if err != nil || owner != "" && j.Owner != owner {
		return nil, nil // what cannot be read is no job of ours
	}
	j.Sources, j.Command = nil, nil
	s, err := q.status(ctx, j, sequence)
	return &s, err
}
