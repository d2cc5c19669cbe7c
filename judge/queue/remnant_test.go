package queue

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// remnant leaves the first two chunks of a file that a front was storing when it ended.
func remnant(t *testing.T, q *Queue) {
	t.Helper()
	before := waiting(t, q, objectStream(bucketFiles))
	front := another(t, q, "front")
	die := closing{strings.NewReader(noise(2 * chunkBytes)), front}
	_, err := front.putObject(within(t, quiet), bucketFiles, task, die)
	require.ErrorIs(t, err, ErrClosed)
	require.Equal(t, before+2, waiting(t, q, objectStream(bucketFiles)))
}

// closing closes a queue at the end of what it reads.
type closing struct {
	io.Reader
	q *Queue
}

func (c closing) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if err == io.EOF {
		c.q.Close()
		return 0, ErrClosed
	}
	return n, err
}

func TestRemnantsGo(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	begin := serverTime(t, q)
	want := noise(2*chunkBytes + 1)
	whole, empty := putFile(t, q, want), putFile(t, q, "")
	remnant(t, q)
	o, err := q.object(ctx, bucketFiles, putFile(t, q, "deleted").SHA256)
	require.NoError(t, err)
	require.NoError(t, q.putMeta(ctx, deleted(o)), "who deletes it dies before its chunks are removed")

	swept, err := q.sweepRemnants(ctx, begin)
	require.NoError(t, err)
	assert.Zero(t, swept, "somebody may yet go on with them")
	swept, err = q.sweepRemnants(ctx, serverTime(t, q))
	require.NoError(t, err)
	assert.Equal(t, 2, swept)
	assert.EqualValues(t, 3+1+1+1, waiting(t, q, objectStream(bucketFiles)), "three chunks, two descriptions, a note")
	assert.True(t, want == content(t, q, whole.SHA256))
	assert.Empty(t, content(t, q, empty.SHA256))
	again := putFile(t, q, noise(2*chunkBytes))
	assert.Len(t, content(t, q, again.SHA256), 2*chunkBytes)
}

func TestRemnantsAreLookedForOnceADay(t *testing.T) {
	q := embedded(t, Options{FileAge: -1})
	q.remnantAge = 0
	sweep := func(want int) {
		t.Helper()
		swept, err := q.SweepFiles(within(t, quiet))
		require.NoError(t, err)
		assert.Equal(t, want, swept)
	}
	remnant(t, q)
	sweep(1)
	remnant(t, q)
	sweep(0)
	q.sought = q.sought.Add(-remnantEvery)
	sweep(1)
	assert.Zero(t, waiting(t, q, objectStream(bucketFiles)))
}

// What takes so long that its first chunks could be gone does not become whole.
func TestStoringEndsBeforeItsChunksAreTakenForARemnant(t *testing.T) {
	assert.LessOrEqual(t, 4*storingTime, remnantAge)
	q := embedded(t)
	q.storingTime = 0
	_, err := q.PutFile(within(t, quiet), strings.NewReader("late"), 10)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Zero(t, waiting(t, q, objectStream(bucketFiles)))

	q.storingTime = time.Hour
	now := time.Now()
	require.NoError(t, q.inTime(now.Add(-time.Minute), now))
	suspended := now.Round(0).Add(2 * time.Hour) // of which the clock that cannot be set knows nothing
	require.ErrorIs(t, q.inTime(now, suspended), context.DeadlineExceeded)
}
