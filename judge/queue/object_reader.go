package queue

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"

	"github.com/nats-io/nats.go/jetstream"
)

// objectReader reads an object chunk by chunk, each tried until the context ends, and compares it with its digest.
type objectReader struct {
	ctx      context.Context
	q        *Queue
	object   jetstream.ObjectInfo
	sequence uint64 // where the next chunk is, or before
	chunk    []byte // what is left of the last one
	read     uint64 // bytes of the chunks so far
	sum      hash.Hash
	err      error // after which nothing comes any more
}

func newObjectReader(ctx context.Context, q *Queue, o jetstream.ObjectInfo) *objectReader {
	return &objectReader{ctx: ctx, q: q, object: o, sequence: 1, sum: sha256.New()}
}

func (r *objectReader) Read(p []byte) (int, error) {
	for len(r.chunk) == 0 && r.err == nil {
		r.err = r.fetch()
	}
	if len(r.chunk) == 0 {
		return 0, r.err
	}
	n := copy(p, r.chunk)
	r.chunk = r.chunk[n:]
	return n, nil
}

// fetch gets the next chunk. The end is io.EOF when all was what it should be.
func (r *objectReader) fetch() error {
	if r.read == r.object.Size {
		if jetstream.GetObjectDigestValue(r.sum) != r.object.Digest {
			return fmt.Errorf("read %s: %w", r.object.Name, ErrDamaged)
		}
		return io.EOF
	}
	err := r.q.retry(r.ctx, "read "+r.object.Name, func(ctx context.Context) error {
		subject := chunkSubject(r.object.Bucket, r.object.NUID)
		m, err := r.q.next(ctx, objectStream(r.object.Bucket), subject, r.sequence)
		if err == nil {
			r.sequence, r.chunk = m.Sequence+1, m.Data
		}
		return err // ErrUnknown: it was deleted meanwhile
	})
	if err != nil {
		return err
	}
	if r.read += uint64(len(r.chunk)); r.read > r.object.Size || len(r.chunk) == 0 {
		r.chunk = nil
		return fmt.Errorf("read %s: %w", r.object.Name, ErrDamaged)
	}
	r.sum.Write(r.chunk)
	return nil
}

// Close ends the reading.
func (r *objectReader) Close() error {
	r.chunk, r.err = nil, io.ErrClosedPipe
	return nil
}
