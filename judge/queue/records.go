package queue

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// OpenRecords returns all records of a finished job, as JSON lines in the form and order of `judge run --out`; of a
// KindCommand job, what its worker gave to Finish. The caller closes it. ErrUnknown when there is no result (any more).
func (q *Queue) OpenRecords(ctx context.Context, id string) (io.ReadCloser, error) {
	if err := checkID(id); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	r, err := q.result(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case r.Object != "":
		return q.openObject(ctx, bucketRecords, r.Object)
	case r.Inline == nil:
		return io.NopCloser(bytes.NewReader(nil)), nil
	}
	z, err := gzip.NewReader(bytes.NewReader(r.Inline))
	if err != nil {
		return nil, fmt.Errorf("records of %s: %w: %w", id, ErrDamaged, err)
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(z, r.Bytes), z}, nil // whatever a message may claim to unpack to
}

// maxInline bounds the packed records within a result, in bytes: those of some hundred runs. Who lists results reads them.
const maxInline = 32 << 10

// storeRecords puts the records where OpenRecords finds them: into the result when they are short, else into an object.
func (q *Queue) storeRecords(ctx context.Context, r *storedResult, object string, records io.ReadSeeker) error {
	if records == nil {
		return nil
	}
	if _, err := records.Seek(0, io.SeekStart); err != nil { // Finish may be called again
		return fmt.Errorf("read records: %w", err)
	}
	packed := &bounded{left: maxInline}
	z := packers.Get().(*gzip.Writer)
	defer packers.Put(z)
	z.Reset(packed)
	var err error
	r.Bytes, err = io.Copy(z, records)
	if err = errors.Join(err, z.Close()); err == nil {
		r.Inline = packed.Bytes()
		return nil
	}
	if !errors.Is(err, errBound) {
		return fmt.Errorf("read records: %w", err)
	}
	if _, err := records.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read records: %w", err)
	}
	info, err := q.putObject(ctx, bucketRecords, object, records)
	if err == nil {
		r.Object, r.Bytes = object, int64(info.Size)
	}
	return err
}

// packers are gzip.Writers to be used again: to make one of a megabyte takes longer than all else that Finish does.
var packers = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // its only error is of another level
	return z
}}

// bounded is a buffer that takes so many bytes.
type bounded struct {
	bytes.Buffer
	left int
}

var errBound = errors.New("too much for the buffer")

func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errBound
	}
	return b.Buffer.Write(p)
}
