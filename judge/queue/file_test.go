package queue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func content(t testing.TB, q *Queue, hash string) string {
	t.Helper()
	r, err := q.OpenFile(context.Background(), hash)
	require.NoError(t, err)
	defer r.Close()
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(b)
}

func putFile(t *testing.T, q *Queue, text string) File {
	t.Helper()
	f, err := q.PutFile(within(t, quiet), strings.NewReader(text), math.MaxInt64)
	require.NoError(t, err)
	return f
}

func TestFilesOfAnySize(t *testing.T) {
	q := embedded(t)
	t.Setenv("TMPDIR", t.TempDir())
	for _, size := range []int{0, 1, chunkBytes - 1, chunkBytes, chunkBytes + 1, maxSpooled - 1, maxSpooled, maxSpooled + 1, 3*maxSpooled + 17} {
		want := noise(size)
		f := putFile(t, q, want)
		sum := sha256.Sum256([]byte(want))
		assert.Equal(t, File{SHA256: hex.EncodeToString(sum[:]), Bytes: int64(size)}, f)
		assert.True(t, want == content(t, q, f.SHA256), "content of %d bytes", size)
		stat, err := q.Stat(within(t, quiet), f.SHA256)
		require.NoError(t, err)
		assert.Equal(t, f, stat)
	}
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	assert.Empty(t, left, "what was spooled is gone")
}

func TestFileLimit(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	for _, limit := range []int64{0, 10, maxSpooled, 2 * maxSpooled} {
		_, err := q.PutFile(ctx, strings.NewReader(strings.Repeat("x", int(limit))), limit)
		require.NoError(t, err)
		endless := iotest.OneByteReader(strings.NewReader(strings.Repeat("y", int(limit)+1)))
		if limit > 10 {
			endless = neverEnding{}
		}
		_, err = q.PutFile(ctx, endless, limit)
		require.ErrorIs(t, err, ErrTooLarge)
	}
	_, err := q.PutFile(ctx, iotest.ErrReader(errors.New("the client went away")), 10)
	require.ErrorContains(t, err, "the client went away")
}

type neverEnding struct{}

func (neverEnding) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestFileIsStoredOnce(t *testing.T) {
	q := embedded(t)
	text := noise(3 * chunkBytes)
	f := putFile(t, q, text)
	before := waiting(t, q, objectStream(bucketFiles))
	assert.Equal(t, f, putFile(t, q, text))
	assert.Equal(t, before, waiting(t, q, objectStream(bucketFiles)))

	other := noise(3*chunkBytes + 1)
	var wait sync.WaitGroup
	for range 8 { // two may both find that it is not there
		wait.Go(func() { putFile(t, q, other) })
	}
	wait.Wait()
	sum := sha256.Sum256([]byte(other))
	assert.True(t, other == content(t, q, hex.EncodeToString(sum[:])))
	assert.Equal(t, before+4+1, waiting(t, q, objectStream(bucketFiles)), "nothing of those that came second is left")
}

func TestDeleteFile(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	f := putFile(t, q, noise(2*chunkBytes))
	r, err := q.OpenFile(ctx, f.SHA256)
	require.NoError(t, err)
	_, err = io.ReadFull(r, make([]byte, 10))
	require.NoError(t, err)
	require.NoError(t, q.DeleteFile(ctx, f.SHA256))
	require.NoError(t, q.DeleteFile(ctx, f.SHA256))
	_, err = io.Copy(io.Discard, r)
	require.ErrorIs(t, err, ErrUnknown, "who is reading it gets no end of file")
	_, err = q.Stat(ctx, f.SHA256)
	require.ErrorIs(t, err, ErrUnknown)
	assert.EqualValues(t, 1, waiting(t, q, objectStream(bucketFiles)), "a note is left")
	putFile(t, q, noise(2*chunkBytes))
	assert.Len(t, content(t, q, f.SHA256), 2*chunkBytes)
}

func TestHashesThatAreNone(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	for _, hash := range []string{"", "*", ">", "../../etc/passwd", strings.ToUpper(task), task[1:], task + "0", strings.Repeat("x", 64), task} {
		_, err := q.OpenFile(ctx, hash)
		require.ErrorIs(t, err, ErrUnknown, hash)
		_, err = q.Stat(ctx, hash)
		require.ErrorIs(t, err, ErrUnknown, hash)
	}
}

func TestDamagedFile(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	forge := func(text string, chunks ...string) File {
		f := putFile(t, q, text)
		o, err := q.object(ctx, bucketFiles, f.SHA256)
		require.NoError(t, err)
		q.purgeChunks(ctx, o)
		for _, c := range chunks {
			_, err := q.js.Publish(ctx, chunkSubject(bucketFiles, o.NUID), []byte(c))
			require.NoError(t, err)
		}
		return f
	}
	for name, test := range map[string]struct {
		chunks []string
		want   error
	}{
		"other content": {[]string{"ABC"}, ErrDamaged},
		"too long":      {[]string{"ab", "cd"}, ErrDamaged},
		"too short":     {[]string{"ab"}, ErrUnknown},
		"empty chunk":   {[]string{"ab", "", "c"}, ErrDamaged},
		"nothing":       {nil, ErrUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			f := forge("abc", test.chunks...)
			r, err := q.OpenFile(ctx, f.SHA256)
			require.NoError(t, err)
			_, err = io.ReadAll(r)
			require.ErrorIs(t, err, test.want)
			require.NoError(t, q.DeleteFile(ctx, f.SHA256))
		})
	}

	// A description that promises the content of another file.
	good, other := putFile(t, q, "good"), putFile(t, q, "other")
	o, err := q.object(ctx, bucketFiles, other.SHA256)
	require.NoError(t, err)
	o.Name = good.SHA256
	require.NoError(t, q.putMeta(ctx, o))
	_, err = q.OpenFile(ctx, good.SHA256)
	require.ErrorIs(t, err, ErrDamaged)
}

func TestFilesHaveABound(t *testing.T) {
	q := embedded(t, Options{FileBytes: 1 << 20})
	ctx := within(t, quiet)
	small := putFile(t, q, "small")
	_, err := q.PutFile(ctx, strings.NewReader(noise(2<<20)), 1<<30)
	require.ErrorIs(t, err, ErrFull)
	assert.Equal(t, "small", content(t, q, small.SHA256))
	assert.EqualValues(t, 2, waiting(t, q, objectStream(bucketFiles)), "nothing of the other is left")
	submit(t, q, job("a"))
}

// What other programs see.
func TestFilesAreObjectsOfNATS(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	files, err := q.js.ObjectStore(ctx, bucketFiles)
	require.NoError(t, err)
	want := noise(3*chunkBytes + 5)
	f := putFile(t, q, want)
	got, err := files.GetBytes(ctx, f.SHA256)
	require.NoError(t, err)
	assert.True(t, want == string(got))
	theirs, err := files.PutString(ctx, task, "")
	require.NoError(t, err)
	assert.Equal(t, task, theirs.Name)
	assert.Empty(t, content(t, q, task))
	list, err := files.List(ctx)
	require.NoError(t, err)
	assert.Len(t, list, 2)
	require.NoError(t, q.DeleteFile(ctx, f.SHA256))
	_, err = files.GetInfo(ctx, f.SHA256)
	require.ErrorIs(t, err, jetstream.ErrObjectNotFound)
}
