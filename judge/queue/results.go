package queue

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Results yields the result of every job from now on, as they come, until the context ends, with its error. What comes
// while the servers cannot be reached is yielded afterwards. It is for counting: who waits for one job calls Watch.
func (q *Queue) Results(ctx context.Context) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		_, last, err := q.bounds(ctx, streamResults)
		for err == nil {
			last, err = q.follow(ctx, last, yield)
		}
		if err != errEnough {
			yield(Result{}, err)
		}
	}
}

const (
	followHeartbeat = time.Second            // how often the servers say that they have not forgotten who follows
	followPause     = 100 * time.Millisecond // before they are asked again
)

// follow yields the results after a sequence, and returns that of the last. Its error is of an end that lasts: errEnough, the
// context's, or ErrClosed.
//
// The servers send each result on once it is stored. What is heard when it is published may yet be refused.
func (q *Queue) follow(ctx context.Context, last uint64, yield func(Result, error) bool) (uint64, error) {
	var results jetstream.MessagesContext
	err := q.retry(ctx, "follow results", func(ctx context.Context) error {
		consumer, err := q.streams[streamResults].OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
			DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: last + 1, InactiveThreshold: time.Minute,
		})
		if err == nil {
			results, err = consumer.Messages(jetstream.PullMaxMessages(64), jetstream.PullHeartbeat(followHeartbeat))
		}
		return err
	})
	if err != nil {
		return last, err
	}
	defer results.Stop()
	for {
		m, err := results.Next(jetstream.NextContext(ctx))
		if err != nil {
			q.log.Debug("follow results again", "cause", err)
			q.pause(ctx, followPause)
			return last, q.ended(ctx)
		}
		meta, err := m.Metadata()
		if err != nil || meta.Sequence.Stream <= last {
			continue
		}
		last = meta.Sequence.Stream
		id := strings.TrimPrefix(m.Subject(), resultSubject(""))
		if !yield(parseResult(id, m.Data()).Result, nil) {
			return last, errEnough
		}
	}
}
