//go:build linux

package gojudge

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// buckets makes object stores on a server of the test's own.
type buckets struct {
	jetstream.JetStream
	bytes int64 // instead of what is asked for; 0: that
}

func (b buckets) Bucket(ctx context.Context, name string, age time.Duration, bytes int64) (jetstream.ObjectStore, error) {
	if b.bytes != 0 {
		bytes = b.bytes
	}
	return b.CreateOrUpdateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: name, TTL: age, MaxBytes: bytes})
}

func newBuckets(t *testing.T) buckets {
	t.Helper()
	s, err := server.NewServer(&server.Options{JetStream: true, StoreDir: t.TempDir(), DontListen: true, NoSigs: true, NoLog: true})
	require.NoError(t, err)
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	require.True(t, s.ReadyForConnections(time.Minute))
	nc, err := nats.Connect("", nats.InProcessServer(s))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	return buckets{JetStream: js}
}

func TestStoredFilesAreTheirOwners(t *testing.T) {
	b := newBuckets(t)
	mine, other := &Store{Buckets: b}, &Store{Buckets: b}
	list, err := mine.List(t.Context(), "a")
	require.NoError(t, err)
	require.Empty(t, list)
	f, err := mine.Put(t.Context(), "a", "näme", strings.NewReader("content"))
	require.NoError(t, err)
	assert.Equal(t, StoredFile{ID: f.ID, Name: "näme", Bytes: 7}, f)
	empty, err := mine.Put(t.Context(), "a", "", strings.NewReader(""))
	require.NoError(t, err)
	assert.Zero(t, empty.Bytes)

	got, content, err := other.Open(t.Context(), "a", f.ID)
	require.NoError(t, err, "through another front")
	assert.Equal(t, f, got)
	data, err := io.ReadAll(content)
	require.NoError(t, err)
	require.NoError(t, content.Close())
	assert.Equal(t, "content", string(data))

	list, err = other.List(t.Context(), "a")
	require.NoError(t, err)
	assert.ElementsMatch(t, []StoredFile{f, empty}, list)
	list, err = other.List(t.Context(), "b")
	require.NoError(t, err)
	assert.Empty(t, list)
	_, _, err = other.Open(t.Context(), "b", f.ID)
	require.ErrorIs(t, err, ErrUnknownFile)
	require.ErrorIs(t, other.Delete(t.Context(), "b", f.ID), ErrUnknownFile)
	for _, id := range []string{"", "../x", "a.b", strings.Repeat("A", 1000), "NOSUCH"} {
		_, _, err = other.Open(t.Context(), "a", id)
		require.ErrorIs(t, err, ErrUnknownFile, id)
		require.ErrorIs(t, other.Delete(t.Context(), "a", id), ErrUnknownFile, id)
	}

	require.NoError(t, other.Delete(t.Context(), "a", f.ID))
	_, _, err = mine.Open(t.Context(), "a", f.ID)
	require.ErrorIs(t, err, ErrUnknownFile)
	list, err = mine.List(t.Context(), "a")
	require.NoError(t, err)
	assert.Equal(t, []StoredFile{empty}, list)
}

func TestTheStoreIsBounded(t *testing.T) {
	t.Run("of all together", func(t *testing.T) {
		b := newBuckets(t)
		b.bytes = 1 << 20
		s := &Store{Buckets: b}
		_, err := s.Put(t.Context(), "a", "x", io.LimitReader(zeros{}, 10<<20))
		require.ErrorIs(t, err, ErrNoRoom)
		_, err = s.Put(t.Context(), "a", "x", io.LimitReader(zeros{}, 1000))
		require.NoError(t, err, "nothing is left of what had no room")
	})
	t.Run("of an owner", func(t *testing.T) {
		s := &Store{Buckets: newBuckets(t)}
		s.remember("a", usage{at: time.Now(), bytes: MaxOwnerBytes - 10})
		_, err := s.Put(t.Context(), "a", "x", strings.NewReader("12345678901"))
		require.ErrorIs(t, err, ErrNoRoom)
		_, err = s.Put(t.Context(), "a", "x", strings.NewReader("1234567890"))
		require.NoError(t, err)
		_, err = s.Put(t.Context(), "a", "x", strings.NewReader("1"))
		require.NoError(t, err, "it is full as far as we know, and looked up again")
	})
	t.Run("of what cannot be read", func(t *testing.T) {
		s := &Store{Buckets: newBuckets(t)}
		_, err := s.Put(t.Context(), "a", "x", &partReader{io.MultiReader(strings.NewReader("x"), brokenReader{})})
		var field *FieldError
		require.ErrorAs(t, err, &field)
		list, err := s.List(t.Context(), "a")
		require.NoError(t, err)
		assert.Empty(t, list)
	})
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
