package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A remnant is what is left of a file whose storing came to no end: chunks without a description. Its front was killed, or lost
// the servers. Nobody can read it, and nothing else removes it.

const (
	remnantAge   = 24 * time.Hour // of an upload's last chunk, after which nobody goes on with it
	storingTime  = 6 * time.Hour  // in which storing an object has to come to its end
	remnantEvery = 24 * time.Hour // how often one client looks: it has to read the descriptions of all files
)

// sweepRemnantsDaily removes those that are old, unless this client has done so lately. now is the server's time.
func (q *Queue) sweepRemnantsDaily(ctx context.Context, now time.Time) (int, error) {
	q.mu.Lock()
	lately := !q.sought.IsZero() && time.Since(q.sought) < remnantEvery
	q.mu.Unlock()
	if lately {
		return 0, nil
	}
	swept, err := q.sweepRemnants(ctx, now.Add(-q.remnantAge))
	if err == nil {
		q.mu.Lock()
		q.sought = time.Now()
		q.mu.Unlock()
	}
	return swept, err
}

// sweepRemnants removes remnants whose last chunk was stored before a time, and says how many.
func (q *Queue) sweepRemnants(ctx context.Context, before time.Time) (swept int, err error) {
	chunks, err := q.chunkSubjects(ctx) // before the descriptions, so that a file which becomes whole meanwhile has one
	if err != nil {
		return 0, err
	}
	if err := q.dropDescribed(ctx, chunks); err != nil {
		return 0, err
	}
	for subject := range chunks {
		old, err := q.isBefore(ctx, subject, before)
		if err == nil && old {
			err = q.purgeFiles(ctx, subject)
		}
		if err != nil {
			return swept, err
		}
		if old {
			swept++
		}
	}
	return swept, nil
}

// chunkSubjects are the subjects of all chunks of files, one for each file.
func (q *Queue) chunkSubjects(ctx context.Context) (map[string]uint64, error) {
	var info *jetstream.StreamInfo
	err := q.retry(ctx, "look at files", func(ctx context.Context) (err error) {
		all := jetstream.WithSubjectFilter(chunkSubject(bucketFiles, ">"))
		info, err = q.streams[objectStream(bucketFiles)].Info(ctx, all)
		return err
	})
	if err != nil {
		return nil, err
	}
	return info.State.Subjects, nil
}

// dropDescribed takes the chunks out that belong to a file. It reads every description, or fails.
func (q *Queue) dropDescribed(ctx context.Context, chunks map[string]uint64) error {
	if len(chunks) == 0 {
		return nil
	}
	for m, err := range q.messages(ctx, "read descriptions of files", objectStream(bucketFiles), allFiles, 1) {
		if err != nil {
			return err
		}
		var o jetstream.ObjectInfo
		if json.Unmarshal(m.Data, &o) == nil && !o.Deleted {
			delete(chunks, chunkSubject(bucketFiles, o.NUID))
		}
		if len(chunks) == 0 {
			return nil
		}
	}
	return nil
}

// isBefore tells whether a subject has messages, and the last was stored before a time.
func (q *Queue) isBefore(ctx context.Context, subject string, before time.Time) (old bool, err error) {
	err = q.retry(ctx, "look at "+subject, func(ctx context.Context) error {
		m, err := q.last(ctx, objectStream(bucketFiles), subject)
		old = err == nil && m.Time.Before(before)
		return err
	})
	if errors.Is(err, ErrUnknown) {
		return false, nil
	}
	return old, err
}

// inTime says whether an object whose storing has begun at a time may become whole now. A machine that was suspended meanwhile, and a
// clock that was set, have only the time of day to tell it.
func (q *Queue) inTime(begin, now time.Time) error {
	if took := now.Round(0).Sub(begin.Round(0)); took > q.storingTime {
		return fmt.Errorf("it took %v of %v: %w", took, q.storingTime, context.DeadlineExceeded)
	}
	return nil
}
