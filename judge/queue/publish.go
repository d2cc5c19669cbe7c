package queue

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// publishFirst stores a message if it is the first of its subject, and returns nil, or the one that was there. Whatever is
// sent twice or answered late: of all that are published in this way on a subject, one is stored.
//
// The id is of this message alone. By it a message that was stored although its acknowledgement got lost is
// known to be ours.
func (q *Queue) publishFirst(ctx context.Context, stream, subject, id string, data []byte) (*jetstream.RawStreamMsg, error) {
	var there *jetstream.RawStreamMsg
	err := q.retry(ctx, "publish "+subject, func(ctx context.Context) error {
		there = nil
		_, err := q.js.Publish(ctx, subject, data, jetstream.WithMsgID(id), jetstream.WithExpectLastSequencePerSubject(0))
		if !isConflict(err) {
			return err
		}
		last, err := q.last(ctx, stream, subject)
		if errors.Is(err, ErrUnknown) {
			return errors.New("another message is on its way") // it may yet fail to be stored
		}
		if err == nil && last.Header.Get(jetstream.MsgIDHeader) != id {
			there = last
		}
		return err
	})
	return there, err
}

// isConflict tells whether a message was refused because its subject has one already.
func isConflict(err error) bool {
	return isCode(err, jetstream.JSErrCodeStreamWrongLastSequence) || isCode(err, jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

// tell sends a message that nobody stores, to who listens now. One that is lost costs time and nothing else.
func (q *Queue) tell(subject string) {
	_ = q.nc.PublishMsg(&nats.Msg{Subject: subject})
}
