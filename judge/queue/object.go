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

// putObject stores what it reads under a name, in place of what was there. After an error nothing of it is left, if
// the servers can be reached.
func (q *Queue) putObject(ctx context.Context, bucket, name string, r io.Reader) (_ jetstream.ObjectInfo, err error) {
	o := jetstream.ObjectInfo{Bucket: bucket, NUID: nuid.Next(), ModTime: time.Now().UTC()}
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
	return o, q.putMeta(ctx, o)
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

// putMeta makes an object visible, or tells that it was deleted.
func (q *Queue) putMeta(ctx context.Context, o jetstream.ObjectInfo) error {
	data, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("bug: encode object: %w", err)
	}
	m := nats.NewMsg(metaSubject(o.Bucket, o.Name))
	m.Data = data
	m.Header.Set(jetstream.MsgRollup, jetstream.MsgRollupSubject) // it replaces what was said before
	return q.retry(ctx, "store "+o.Name, func(ctx context.Context) error {
		_, err := q.js.PublishMsg(ctx, m)
		return err
	})
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
	gone := o
	gone.Deleted, gone.Size, gone.Chunks, gone.Digest = true, 0, 0, ""
	if err := q.putMeta(ctx, gone); err != nil {
		return err
	}
	q.purgeChunks(ctx, o)
	return nil
}

// object tells of an object; ErrUnknown when it is not there.
func (q *Queue) object(ctx context.Context, bucket, name string) (jetstream.ObjectInfo, error) {
	var o jetstream.ObjectInfo
	err := q.retry(ctx, "look up "+name, func(ctx context.Context) error {
		m, err := q.last(ctx, objectStream(bucket), metaSubject(bucket, name))
		if err != nil {
			return err
		}
		o = jetstream.ObjectInfo{}
		if err := json.Unmarshal(m.Data, &o); err != nil || o.Bucket != bucket || o.Name != name || !isNUID(o.NUID) {
			return fmt.Errorf("%w (its description)", ErrDamaged)
		}
		if o.Deleted {
			return ErrUnknown
		}
		return nil
	})
	return o, err
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
