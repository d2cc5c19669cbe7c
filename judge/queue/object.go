package queue

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// Objects are as NATS lays them out (ADR-20), so its tools see them. The client library's own reading and writing is
// not used: it makes a consumer for each object that is read, gives up with the first chunk that a change of
// leaders delays, and has a gigabyte on its way before it waits for an acknowledgement.

// chunkBytes is the size of the messages that an object is made of.
const chunkBytes = 256 << 10

func chunkSubject(bucket, nuid string) string { return "$O." + bucket + ".C." + nuid }
func metaSubject(bucket, name string) string {
	return "$O." + bucket + ".M." + base64.URLEncoding.EncodeToString([]byte(name))
}
func objectStream(bucket string) string { return "OBJ_" + bucket }

// putObject stores what it reads under a name, unless there is an object of that name by then: names tell the content. After an
// error nothing of it is left, if the servers can be reached. It takes at most storingTime, after which what is stored could be taken
// for a remnant.
func (q *Queue) putObject(ctx context.Context, bucket, name string, r io.Reader) (_ jetstream.ObjectInfo, err error) {
	o := jetstream.ObjectInfo{Bucket: bucket, NUID: nuid.Next(), ModTime: time.Now().UTC()}
	ctx, cancel := context.WithTimeout(ctx, q.storingTime)
	defer cancel()
	o.Name, o.Opts = name, &jetstream.ObjectMetaOptions{ChunkSize: chunkBytes}
	defer func() {
		if err != nil {
			q.purgeChunks(context.WithoutCancel(ctx), o)
		}
	}()
	sum := sha256.New()
	chunk := make([]byte, chunkBytes)
	for {
		n, err := io.ReadFull(r, chunk)
		if err == io.EOF {
			break
		}
		if err != nil && err != io.ErrUnexpectedEOF {
			return o, fmt.Errorf("read %s: %w", name, err)
		}
		sum.Write(chunk[:n])
		o.Size += uint64(n)
		if err := q.putChunk(ctx, &o, chunk[:n]); err != nil {
			return o, err
		}
	}
	o.Digest = jetstream.GetObjectDigestValue(sum)
	if err := q.inTime(o.ModTime, time.Now()); err != nil {
		return o, fmt.Errorf("store %s: %w", name, err)
	}
	first, err := q.putFirst(ctx, o)
	if err == nil && !first {
		q.purgeChunks(context.WithoutCancel(ctx), o)
	}
	return o, err
}

// putChunk stores the next chunk once: by the message's id the server knows one that comes twice.
func (q *Queue) putChunk(ctx context.Context, o *jetstream.ObjectInfo, chunk []byte) error {
	id := fmt.Sprintf("%s.%d", o.NUID, o.Chunks)
	o.Chunks++
	return q.retry(ctx, "store "+o.Name, func(ctx context.Context) error {
		_, err := q.js.Publish(ctx, chunkSubject(o.Bucket, o.NUID), chunk, jetstream.WithMsgID(id))
		return err
	})
}

// putFirst makes an object visible, and returns true; false when another of its name is, which the caller's then has no use for.
func (q *Queue) putFirst(ctx context.Context, o jetstream.ObjectInfo) (first bool, err error) {
	subject, after := metaSubject(o.Bucket, o.Name), uint64(0)
	err = q.retry(ctx, "store "+o.Name, func(ctx context.Context) error {
		_, err := q.publishMeta(ctx, subject, o, jetstream.WithExpectLastSequencePerSubject(after))
		if first = err == nil; !isConflict(err) {
			return err
		}
		there, m, err := q.describe(ctx, o.Bucket, o.Name)
		switch {
		case err == nil:
			first = there.NUID == o.NUID // the acknowledgement got lost
			return nil
		case m == nil && !errors.Is(err, ErrUnknown):
			return err
		case m == nil:
			after = 0
		default: // a note that it was deleted, or what nobody can read
			after = m.Sequence
		}
		return errors.New("something else was there")
	})
	return first, err
}

// putMeta stores an object's description in place of what there is.
func (q *Queue) putMeta(ctx context.Context, o jetstream.ObjectInfo) error {
	return q.retry(ctx, "store "+o.Name, func(ctx context.Context) error {
		_, err := q.publishMeta(ctx, metaSubject(o.Bucket, o.Name), o)
		return err
	})
}

// publishMeta stores a description once, and returns its sequence.
func (q *Queue) publishMeta(ctx context.Context, subject string, o jetstream.ObjectInfo, options ...jetstream.PublishOpt) (uint64, error) {
	data, err := json.Marshal(o)
	if err != nil {
		return 0, fmt.Errorf("bug: encode object: %w", err)
	}
	m := nats.NewMsg(subject)
	m.Data = data
	m.Header.Set(jetstream.MsgRollup, jetstream.MsgRollupSubject) // it replaces what was said before
	ack, err := q.js.PublishMsg(ctx, m, options...)
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}

func (q *Queue) purgeChunks(ctx context.Context, o jetstream.ObjectInfo) {
	ctx, cancel := q.try(ctx)
	defer cancel()
	_ = q.streams[objectStream(o.Bucket)].Purge(ctx, jetstream.WithPurgeSubject(chunkSubject(o.Bucket, o.NUID)))
}

// deleteObject removes an object. One that is not there is none the worse.
func (q *Queue) deleteObject(ctx context.Context, bucket, name string) error {
	o, err := q.object(ctx, bucket, name)
	if errors.Is(err, ErrUnknown) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := q.putMeta(ctx, deleted(o)); err != nil {
		return err
	}
	q.purgeChunks(ctx, o)
	return nil
}

// deleted is the description of an object that is gone.
func deleted(o jetstream.ObjectInfo) jetstream.ObjectInfo {
	o.Deleted, o.Size, o.Chunks, o.Digest = true, 0, 0, ""
	return o
}

// object tells of an object; ErrUnknown when it is not there.
func (q *Queue) object(ctx context.Context, bucket, name string) (o jetstream.ObjectInfo, err error) {
	err = q.retry(ctx, "look up "+name, func(ctx context.Context) error {
		o, _, err = q.describe(ctx, bucket, name)
		return err
	})
	return o, err
}

// describe asks once for an object's description, and returns the message as well, also when it says that the
// object is not there (ErrUnknown) or nobody can read it (ErrDamaged).
func (q *Queue) describe(ctx context.Context, bucket, name string) (o jetstream.ObjectInfo, m *jetstream.RawStreamMsg, err error) {
	if m, err = q.last(ctx, objectStream(bucket), metaSubject(bucket, name)); err != nil {
		return o, nil, err
	}
	if err := json.Unmarshal(m.Data, &o); err != nil || o.Bucket != bucket || o.Name != name || !isNUID(o.NUID) {
		return o, m, fmt.Errorf("%w (its description)", ErrDamaged)
	}
	if o.Deleted {
		return o, m, ErrUnknown
	}
	return o, m, nil
}

// isNUID tells whether s can be a part of a subject.
func isNUID(s string) bool { return checkID(s) == nil }

// openObject opens an object for reading; ErrUnknown when it is not there.
func (q *Queue) openObject(ctx context.Context, bucket, name string) (io.ReadCloser, error) {
	o, err := q.object(ctx, bucket, name)
	if err != nil {
		return nil, err
	}
	return newObjectReader(ctx, q, o), nil
}
