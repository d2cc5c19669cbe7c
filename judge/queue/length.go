package queue

import (
	"cmp"
	"context"
	"slices"
)

// Length is how many jobs of one kind there are in the queue.
type Length struct {
	Priority Priority `json:"priority"`
	Needs    []string `json:"needs"`   // languages, sorted
	Waiting  int      `json:"waiting"` // for a worker
	Running  int      `json:"running"` // with a worker that has not finished, or has died in the last moments
}

// Lengths returns the lengths of the queue by priority and needs; those that ever had a job, the highest priority first.
func (q *Queue) Lengths(ctx context.Context) ([]Length, error) {
	var list []Length
	err := q.retry(ctx, "read lengths of the queue", func(ctx context.Context) error {
		list = nil
		infos := q.streams[streamWork].ListConsumers(ctx)
		for c := range infos.Info() {
			if p, needs, ok := parseConsumer(c.Name); ok {
				list = append(list, Length{Priority: p, Needs: needs, Waiting: int(c.NumPending), Running: c.NumAckPending})
			}
		}
		return infos.Err()
	})
	slices.SortFunc(list, func(a, b Length) int {
		return cmp.Or(cmp.Compare(rank(a.Priority), rank(b.Priority)), slices.Compare(a.Needs, b.Needs))
	})
	return list, err
}

// rank is smaller for the higher priority.
func rank(p Priority) int { return slices.Index(Priorities, p) }
