package queue

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/nats-io/nats.go/jetstream"
)

// File is content in the store, by its hash.
type File struct {
	SHA256 string `json:"sha256"` // lower-case hex
	Bytes  int64  `json:"bytes"`
}

// PutFile stores what it reads, up to limit bytes (ErrTooLarge beyond). It is read once, to its end, before anything is
// stored; larger content is spooled to a temporary file. Content that is there already is not stored again, and is kept for
// another Options.FileAge.
// ErrFull when the store has no room.
func (q *Queue) PutFile(ctx context.Context, r io.Reader, limit int64) (File, error) {
	s, err := newSpool(r, limit)
	if err != nil {
		return File{}, err
	}
	defer s.Close()
	if f, err := q.Stat(ctx, s.file.SHA256); !errors.Is(err, ErrUnknown) {
		return f, err
	}
	_, err = q.putObject(ctx, bucketFiles, s.file.SHA256, s)
	return s.file, err
}

// OpenFile opens a file for reading; ErrUnknown when it is not there. The caller closes it. It is compared with its
// hash on the way: what ends with io.EOF, and not with ErrDamaged, is what was stored. The context is that of the reads, too.
func (q *Queue) OpenFile(ctx context.Context, hash string) (io.ReadCloser, error) {
	o, err := q.fileObject(ctx, hash, nil)
	if err != nil {
		return nil, err
	}
	return newObjectReader(ctx, q, o), nil
}

// Stat tells of a file, and keeps it for another Options.FileAge; ErrUnknown when it is not there.
func (q *Queue) Stat(ctx context.Context, hash string) (File, error) {
	o, err := q.fileObject(ctx, hash, q.touch)
	if err != nil {
		return File{}, err
	}
	return File{SHA256: hash, Bytes: int64(o.Size)}, nil
}

// fileObject is the object of a file, which the digest in its description must belong to. The description is given to seen; nil:
// to nobody.
func (q *Queue) fileObject(ctx context.Context, hash string, seen func(context.Context, jetstream.ObjectInfo, *jetstream.RawStreamMsg) error) (o jetstream.ObjectInfo, err error) {
	if err := CheckHash(hash); err != nil {
		return o, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	err = q.retry(ctx, "look up "+hash, func(ctx context.Context) error {
		var m *jetstream.RawStreamMsg
		if o, m, err = q.describe(ctx, bucketFiles, hash); err != nil || seen == nil {
			return err
		}
		return seen(ctx, o, m)
	})
	if err != nil {
		return o, err
	}
	digest, err := jetstream.DecodeObjectDigest(o.Digest)
	if err != nil || hex.EncodeToString(digest) != hash {
		return o, fmt.Errorf("file %s: %w", hash, ErrDamaged)
	}
	return o, nil
}

// DeleteFile removes a file. One that is not there is none the worse.
func (q *Queue) DeleteFile(ctx context.Context, hash string) error {
	if err := CheckHash(hash); err != nil {
		return err
	}
	return q.deleteObject(ctx, bucketFiles, hash)
}

// spool holds content whose hash is not known before its end was read.
type spool struct {
	io.Reader
	file File
	temp *os.File // nil when it is short
}

// maxSpooled is how much of a file is held in memory.
const maxSpooled = 1 << 20

func newSpool(r io.Reader, limit int64) (_ *spool, err error) {
	s := new(spool)
	sum := sha256.New()
	r = io.TeeReader(io.LimitReader(r, min(limit, math.MaxInt64-1)+1), sum)
	head, err := io.ReadAll(io.LimitReader(r, maxSpooled))
	if err != nil {
		return nil, fmt.Errorf("read file: %w", err)
	}
	s.file.Bytes = int64(len(head))
	s.Reader = bytes.NewReader(head)
	if len(head) == maxSpooled {
		if err := s.spill(head, r); err != nil {
			s.Close()
			return nil, err
		}
	}
	if s.file.Bytes > limit {
		s.Close()
		return nil, fmt.Errorf("file: %w: more than %d bytes", ErrTooLarge, limit)
	}
	s.file.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return s, nil
}

// spill goes on in a temporary file, which has no name.
func (s *spool) spill(head []byte, rest io.Reader) (err error) {
	if s.temp, err = os.CreateTemp("", "judge-file-*"); err != nil {
		return fmt.Errorf("spool file: %w", err)
	}
	if err := os.Remove(s.temp.Name()); err != nil {
		return fmt.Errorf("spool file: %w", err)
	}
	if _, err := s.temp.Write(head); err != nil {
		return fmt.Errorf("spool file: %w", err)
	}
	n, err := io.Copy(s.temp, rest)
	if err != nil {
		return fmt.Errorf("spool file: %w", err)
	}
	s.file.Bytes += n
	s.Reader = s.temp
	_, err = s.temp.Seek(0, io.SeekStart)
	return err
}

// Close frees what it holds.
func (s *spool) Close() error {
	if s.temp == nil {
		return nil
	}
	return s.temp.Close()
}
