package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Files have an age: how long ago somebody has asked for one, by PutFile or Stat. JetStream ages messages by when they were
// stored, and the chunks of a file are stored once, so we do it ourselves: who asks for a file stores its description
// anew, if that is a day old, and SweepFiles removes those whose description is older than Options.FileAge.
//
// Nobody has to know which jobs need which files. A front asks for all files of a task shortly before it accepts a job with
// it; from then on they are there for at least FileAge less a day or two, and a job for a third of that.
// Both, asking and removing, succeed only if the description is still the one that was looked at, so that of two
// at the same time one has its way, and the other sees that.

const (
	defaultFileAge = 30 * 24 * time.Hour
	touchAge       = 24 * time.Hour // after what time it is written down that a file is needed
	ageFactor      = 3              // files are kept at least so many times as long as jobs
)

// keyFileAge is where the age is written down in the metadata of the files' stream, so that all clients of a queue use the same:
// a duration, and since when it holds. Without it files are kept for good.
const keyFileAge = "judge-file-age"

// defaultAge is the age of files in a new queue.
func (o Options) defaultAge() time.Duration {
	if o.FileAge != 0 {
		return o.FileAge
	}
	return max(defaultFileAge, ageFactor*cmp.Or(o.Keep, defaultKeep))
}

// changedAge is the age of files in a queue that is there: as the options say explicitly, or as it is, unless jobs that are now kept
// for longer could outlive their files. Negative: none.
func (o Options) changedAge(have map[string]string) time.Duration {
	age, _, ok := fileAge(have)
	switch {
	case o.FileAge != 0:
		return o.FileAge
	case !ok:
		return -1
	}
	return max(age, ageFactor*o.Keep)
}

// withFileAge is the metadata of a stream with an age; a negative one is none.
func withFileAge(have map[string]string, age time.Duration, now time.Time) map[string]string {
	if old, _, ok := fileAge(have); ok && old == age {
		return have
	}
	next := clone(have)
	delete(next, keyFileAge)
	if age > 0 {
		next[keyFileAge] = age.String() + " " + now.UTC().Format(time.RFC3339)
	}
	return next
}

// clone is a copy that can be written to.
func clone(metadata map[string]string) map[string]string {
	if metadata == nil {
		return map[string]string{}
	}
	return maps.Clone(metadata)
}

// fileAge reads the age of files from metadata, and since when it holds; false when there is none.
func fileAge(metadata map[string]string) (age time.Duration, since time.Time, ok bool) {
	first, second, _ := strings.Cut(metadata[keyFileAge], " ")
	age, err := time.ParseDuration(first)
	if err != nil || age <= 0 {
		return 0, since, false
	}
	since, err = time.Parse(time.RFC3339, second)
	return age, since, err == nil
}

// checkFileAge refuses an age for which a job could outlive its files.
func checkFileAge(age, keep time.Duration) error {
	if age > 0 && age < ageFactor*keep {
		return fmt.Errorf("file age %v: %w: want at least %v, %d times as long as jobs are kept", age, ErrInvalid, ageFactor*keep, ageFactor)
	}
	return nil
}

// touch writes down that somebody needs an object, whose description is a message. Where that cannot be written down because
// there is no room, the object is there all the same.
func (q *Queue) touch(ctx context.Context, o jetstream.ObjectInfo, m *jetstream.RawStreamMsg) error {
	if time.Since(m.Time) < q.touchAge {
		return nil
	}
	o.ModTime = time.Now().UTC()
	_, err := q.publishMeta(ctx, m.Subject, o, jetstream.WithExpectLastSequencePerSubject(m.Sequence))
	if full, _ := lasting(err); errors.Is(full, ErrFull) {
		return nil
	}
	if isConflict(err) {
		return errors.New("somebody else writes down something of it") // so that it is looked at again
	}
	return err
}

// SweepFiles removes the files for which nobody has asked in Options.FileAge, as far as they are an excess, and, once a day, what is
// left of those that were never whole. It says how many. Several may do so at the same time.
func (q *Queue) SweepFiles(ctx context.Context) (int, error) {
	info, err := q.filesInfo(ctx)
	if err != nil {
		return 0, err
	}
	now := info.TimeStamp // the server's, as those of messages
	swept, err := q.sweepRemnantsDaily(ctx, now)
	if err != nil {
		return swept, err
	}
	age, since, ok := fileAge(info.Config.Metadata)
	if !ok || now.Sub(since) < age {
		return swept, nil
	}
	old, err := q.sweepFiles(ctx, now.Add(-age), q.hasExcess)
	return swept + old, err
}

// hasExcess tells whether old files have to go.
func (q *Queue) hasExcess(ctx context.Context) (bool, error) {
	info, err := q.filesInfo(ctx)
	return err == nil && q.excess(info) > 0, err
}

// filesInfo asks for the stream of the files.
func (q *Queue) filesInfo(ctx context.Context) (info *jetstream.StreamInfo, err error) {
	err = q.retry(ctx, "look at files", func(ctx context.Context) (err error) {
		info, err = q.streams[objectStream(bucketFiles)].Info(ctx)
		return err
	})
	return info, err
}

// allFiles are the descriptions of all files.
const allFiles = "$O." + bucketFiles + ".M.>"

// sweepFiles removes files for which nobody has asked since a time, while there is an excess: others may sweep at the same time, so
// it is asked before each. Descriptions are in the order in which they were stored.
func (q *Queue) sweepFiles(ctx context.Context, since time.Time, excess func(context.Context) (bool, error)) (swept int, err error) {
	for m, err := range q.messages(ctx, "look for old files", objectStream(bucketFiles), allFiles, 1) {
		if err != nil || !m.Time.Before(since) {
			return swept, err
		}
		if more, err := excess(ctx); err != nil || !more {
			return swept, err
		}
		gone, err := q.sweepFile(ctx, m)
		if err != nil {
			return swept, err
		}
		if gone {
			swept++
		}
	}
	return swept, nil
}

// sweepFile removes a file with the description that was found; false when somebody has asked for it meanwhile, or it
// was deleted before. Should we die in between, a later sweep finds the note that it is deleted, and goes on.
func (q *Queue) sweepFile(ctx context.Context, m *jetstream.RawStreamMsg) (gone bool, err error) {
	var o jetstream.ObjectInfo
	if json.Unmarshal(m.Data, &o) != nil || !isNUID(o.NUID) {
		return false, q.purgeFiles(ctx, m.Subject, upTo(m.Sequence)) // not of ours
	}
	note := m.Sequence
	if !o.Deleted {
		if note, err = q.noteDeleted(ctx, o, m); err != nil || note == 0 {
			return false, err
		}
	}
	if err := q.purgeFiles(ctx, chunkSubject(bucketFiles, o.NUID)); err != nil {
		return false, err
	}
	return !o.Deleted, q.purgeFiles(ctx, m.Subject, upTo(note))
}

// noteDeleted puts a note in place of a file's description, and returns its sequence; 0: somebody has asked for the file
// meanwhile. Where there is no room for a note the description is removed.
func (q *Queue) noteDeleted(ctx context.Context, o jetstream.ObjectInfo, m *jetstream.RawStreamMsg) (note uint64, err error) {
	o.Bucket = bucketFiles
	err = q.retry(ctx, "remove "+o.Name, func(ctx context.Context) (err error) {
		note, err = q.publishMeta(ctx, m.Subject, deleted(o), jetstream.WithExpectLastSequencePerSubject(m.Sequence))
		return err
	})
	switch {
	case isConflict(err):
		return 0, nil
	case !errors.Is(err, ErrFull):
		return note, err
	}
	if err := q.purgeFiles(ctx, m.Subject, upTo(m.Sequence)); err != nil {
		return 0, err
	}
	if _, err := q.last(ctx, objectStream(bucketFiles), m.Subject); !errors.Is(err, ErrUnknown) {
		return 0, err
	}
	return m.Sequence, nil
}

func upTo(sequence uint64) jetstream.StreamPurgeOpt { return jetstream.WithPurgeSequence(sequence + 1) }

// purgeFiles removes what a subject of the files has, as far as the options say.
func (q *Queue) purgeFiles(ctx context.Context, subject string, options ...jetstream.StreamPurgeOpt) error {
	return q.retry(ctx, "remove "+subject, func(ctx context.Context) error {
		return q.streams[objectStream(bucketFiles)].Purge(ctx, append(options, jetstream.WithPurgeSubject(subject))...)
	})
}
