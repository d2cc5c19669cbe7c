package queue

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// noise does not compress.
func noise(n int) string {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range b {
		b[i] = byte(' ' + r.IntN(95))
	}
	return string(b)
}

func TestRecordsOfAnySize(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	for i, size := range []int{0, 1, maxInline, 10 * maxInline, 3 << 20} {
		want := noise(size)
		id := fmt.Sprint("j", i)
		submit(t, q, job(id))
		require.NoError(t, take(t, q).Finish(ctx, Result{}, strings.NewReader(want)))
		assert.True(t, want == records(t, q, id), "records of %d bytes", size)
		assert.EqualValues(t, size, status(t, q, id).Result.Bytes)
	}
}

// failing fails when it is read to the end for the first time.
type failing struct {
	io.ReadSeeker
	failed bool
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.ReadSeeker.Read(p)
	if err == io.EOF && !f.failed {
		f.failed = true
		return n, errors.New("the disk is tired")
	}
	return n, err
}

func TestRecordsOfTheLoserAreRemoved(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	submit(t, q, job("a"))
	d := take(t, q)
	require.NoError(t, finishElsewhere(t, q, d))
	require.ErrorIs(t, d.Finish(ctx, Result{}, strings.NewReader(noise(1<<20))), ErrFinished)
	assert.EqualValues(t, 1, waiting(t, q, objectStream(bucketRecords)), "the note that it was deleted")
	assert.Empty(t, records(t, q, "a"))
}
