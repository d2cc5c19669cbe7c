package queue

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/nats-io/nats.go/jetstream"
)

// last returns the last message of a subject; ErrUnknown when there is none.
func (q *Queue) last(ctx context.Context, stream, subject string) (*jetstream.RawStreamMsg, error) {
	m, err := q.streams[stream].GetLastMsgForSubject(ctx, subject)
	return known(m, subject, err)
}

// next returns the first message of a subject, which may have wildcards, at or after a sequence; ErrUnknown when there is none.
func (q *Queue) next(ctx context.Context, stream, subject string, sequence uint64) (*jetstream.RawStreamMsg, error) {
	m, err := q.streams[stream].GetMsg(ctx, sequence, jetstream.WithGetMsgSubject(subject))
	return known(m, subject, err)
}

// messages yields those of a subject, which may have wildcards, in the order in which they were stored, from a sequence on; an error
// is the last. what is for that.
func (q *Queue) messages(ctx context.Context, what, stream, subject string, from uint64) iter.Seq2[*jetstream.RawStreamMsg, error] {
	return func(yield func(*jetstream.RawStreamMsg, error) bool) {
		for sequence := from; ; {
			var m *jetstream.RawStreamMsg
			err := q.retry(ctx, what, func(ctx context.Context) (err error) {
				m, err = q.next(ctx, stream, subject, sequence)
				return err
			})
			if errors.Is(err, ErrUnknown) {
				return
			}
			if !yield(m, err) || err != nil {
				return
			}
			sequence = m.Sequence + 1
		}
	}
}

func known(m *jetstream.RawStreamMsg, what string, err error) (*jetstream.RawStreamMsg, error) {
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, fmt.Errorf("%s: %w", what, ErrUnknown)
	}
	return m, err
}
