package gojudge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The bucket of stored files. Servers count what it may hold towards their store when it is made.
const (
	bucketName    = "judge_commands"
	maxStoreBytes = 2 << 30 // of all owners' files together
)

// Buckets makes object stores; a *queue.Queue has it.
type Buckets interface {
	Bucket(ctx context.Context, name string, age time.Duration, bytes int64) (jetstream.ObjectStore, error)
}

// Store keeps files in a bucket of JetStream, so that every front and every worker of a queue sees the same.
// The bucket forgets them after KeepFiles. It is safe for concurrent use.
//
// An owner's bounds hold for what is stored through one Store; through several at the same time they may be
// passed by what each of them stores in usageAge. The bound of all together is the server's own.
type Store struct {
	Buckets Buckets

	mu     sync.Mutex
	bucket jetstream.ObjectStore // nil: not opened yet
	usages map[string]usage
}

// usage is what an owner has stored.
type usage struct {
	bytes int64
	files int
	at    time.Time // when it was looked up; what was stored since then is added
}

// usageAge is how long a usage is believed.
const usageAge = 5 * time.Second

// open opens the bucket at its first use, so that a site that stores nothing has none.
func (s *Store) open(ctx context.Context) (jetstream.ObjectStore, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bucket == nil {
		bucket, err := s.Buckets.Bucket(ctx, bucketName, KeepFiles, maxStoreBytes)
		if err != nil {
			return nil, err
		}
		s.bucket = bucket
	}
	return s.bucket, nil
}

// prefix begins the names of an owner's objects.
func prefix(owner string) string {
	sum := sha256.Sum256([]byte(owner))
	return hex.EncodeToString(sum[:16]) + "."
}

// metaName is the key of a file's name among what an object's description may hold.
const metaName = "name"

// Put stores a file.
func (s *Store) Put(ctx context.Context, owner, name string, content io.Reader) (StoredFile, error) {
	bucket, err := s.open(ctx)
	if err != nil {
		return StoredFile{}, err
	}
	room, err := s.room(ctx, bucket, owner)
	if err != nil {
		return StoredFile{}, err
	}
	id := newID()
	bounded := &boundedReader{from: content, left: min(room, MaxFile), over: ErrNoRoom}
	if room > MaxFile {
		bounded.over = fmt.Errorf("%w: a file has at most %d bytes", ErrNoRoom, MaxFile)
	}
	meta := jetstream.ObjectMeta{Name: prefix(owner) + id, Metadata: map[string]string{metaName: name}}
	object, err := bucket.Put(ctx, meta, bounded)
	switch {
	case bounded.err != nil: // the bucket's error does not wrap it
		return StoredFile{}, bounded.err
	case isFull(err):
		return StoredFile{}, fmt.Errorf("%w: %w", ErrNoRoom, err)
	case err != nil:
		return StoredFile{}, fmt.Errorf("store file: %w", err)
	}
	s.add(owner, int64(object.Size))
	return StoredFile{ID: id, Name: name, Bytes: int64(object.Size)}, nil
}

// room is how many bytes an owner may store.
func (s *Store) room(ctx context.Context, bucket jetstream.ObjectStore, owner string) (int64, error) {
	s.mu.Lock()
	u, known := s.usages[owner]
	s.mu.Unlock()
	full := func() bool { return u.files >= MaxOwnerFiles || u.bytes >= MaxOwnerBytes }
	if !known || full() || time.Since(u.at) > usageAge {
		files, err := s.list(ctx, bucket, owner)
		if err != nil {
			return 0, err
		}
		u = usage{at: time.Now(), files: len(files)}
		for _, f := range files {
			u.bytes += f.Bytes
		}
		s.remember(owner, u)
	}
	if full() {
		return 0, fmt.Errorf("%w: %d files with %d bytes are stored, want at most %d with %d",
			ErrNoRoom, u.files, u.bytes, MaxOwnerFiles, MaxOwnerBytes)
	}
	return MaxOwnerBytes - u.bytes, nil
}

func (s *Store) remember(owner string, u usage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	const most = 1000 // owners; there are as many as tokens
	if s.usages == nil || len(s.usages) >= most {
		s.usages = map[string]usage{}
	}
	s.usages[owner] = u
}

func (s *Store) add(owner string, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.usages[owner]
	u.bytes += bytes
	u.files++
	s.usages[owner] = u
}

// Open opens a file for reading.
func (s *Store) Open(ctx context.Context, owner, id string) (StoredFile, io.ReadCloser, error) {
	if !validID(id) {
		return StoredFile{}, nil, ErrUnknownFile
	}
	bucket, err := s.open(ctx)
	if err != nil {
		return StoredFile{}, nil, err
	}
	object, err := bucket.Get(ctx, prefix(owner)+id)
	if err != nil {
		return StoredFile{}, nil, unknown(err)
	}
	info, err := object.Info()
	if err != nil {
		object.Close()
		return StoredFile{}, nil, unknown(err)
	}
	return storedFile(info), object, nil
}

func storedFile(info *jetstream.ObjectInfo) StoredFile {
	_, id, _ := strings.Cut(info.Name, ".")
	return StoredFile{ID: id, Name: info.Metadata[metaName], Bytes: int64(info.Size)}
}

// Delete removes a file.
func (s *Store) Delete(ctx context.Context, owner, id string) error {
	if !validID(id) {
		return ErrUnknownFile
	}
	bucket, err := s.open(ctx)
	if err != nil {
		return err
	}
	return unknown(bucket.Delete(ctx, prefix(owner)+id))
}

// List returns the owner's files.
func (s *Store) List(ctx context.Context, owner string) ([]StoredFile, error) {
	bucket, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	return s.list(ctx, bucket, owner)
}

func (s *Store) list(ctx context.Context, bucket jetstream.ObjectStore, owner string) ([]StoredFile, error) {
	objects, err := bucket.List(ctx)
	if err != nil && !errors.Is(err, jetstream.ErrNoObjectsFound) {
		return nil, fmt.Errorf("list files: %w", err)
	}
	var files []StoredFile
	for _, o := range objects {
		if !o.Deleted && strings.HasPrefix(o.Name, prefix(owner)) {
			files = append(files, storedFile(o))
		}
	}
	return files, nil
}

// unknown makes ErrUnknownFile of what the bucket says when there is no such object.
func unknown(err error) error {
	if errors.Is(err, jetstream.ErrObjectNotFound) || errors.Is(err, jetstream.ErrNoObjectsFound) {
		return ErrUnknownFile
	}
	return err
}

// isFull tells whether the server has no room.
func isFull(err error) bool {
	const insufficientResources, storageExceeded, storeFailed = 10023, 10047, 10077
	var api *jetstream.APIError
	if !errors.As(err, &api) {
		return false
	}
	return api.ErrorCode == insufficientResources || api.ErrorCode == storageExceeded || api.ErrorCode == storeFailed
}

// boundedReader fails when there is more to read than there may be.
type boundedReader struct {
	from io.Reader
	left int64
	over error
	err  error // that it has failed with, or what it reads from has
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.from.Read(p)
	if b.left -= int64(n); b.left < 0 {
		err = b.over
	}
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}
