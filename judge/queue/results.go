package queue

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// Results yields the result of every job from now on, as they come, until the context ends, with its error. What comes
// while the servers cannot be reached is yielded afterwards. It is for counting: who waits for one job calls Watch.
func (q *Queue) Results(ctx context.Context) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		bell := q.newBell(resultSubject("*"))
		defer bell.close()
		_, last, err := q.bounds(ctx, streamResults)
		for pause := shortWatch; err == nil; pause = min(2*pause, longWatch) {
			var m *jetstream.RawStreamMsg
			err = q.retry(ctx, "follow results", func(ctx context.Context) (err error) {
				m, err = q.next(ctx, streamResults, resultSubject("*"), last+1)
				return err
			})
			switch {
			case err == nil:
				last, pause = m.Sequence, shortWatch
				if !yield(parseResult(strings.TrimPrefix(m.Subject, resultSubject("")), m.Data).Result, nil) {
					return
				}
			case errors.Is(err, ErrUnknown):
				if bell.wait(ctx, pause) {
					pause = shortWatch
				}
				err = q.ended(ctx)
			}
		}
		yield(Result{}, err)
	}
}
