package queue

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// old makes the age of files in a queue one that every file has reached; whose choice it is stays as it is.
func old(t *testing.T, q *Queue) {
	t.Helper()
	ctx := within(t, quiet)
	info, err := q.streams[objectStream(bucketFiles)].Info(ctx)
	require.NoError(t, err)
	info.Config.Metadata[keyFileAge] = "1ns 2000-01-01T00:00:00Z"
	_, err = q.js.UpdateStream(ctx, info.Config)
	require.NoError(t, err)
}

func TestOldFilesStayWhileThereIsRoom(t *testing.T) {
	q := embedded(t)
	old(t, q)
	f := putFile(t, q, "of the last semester")
	swept, err := q.SweepFiles(within(t, quiet))
	require.NoError(t, err)
	assert.Zero(t, swept)
	assert.Equal(t, "of the last semester", content(t, q, f.SHA256))
}

func TestOldFilesGoWhenRoomGetsShort(t *testing.T) {
	q := forgetful(t, Options{FileBytes: 100 << 10})
	old(t, q)
	var files []File
	for i := range 8 {
		files = append(files, putFile(t, q, fmt.Sprint(i)+noise(10<<10)))
	}
	_, err := q.Stat(within(t, quiet), files[0].SHA256)
	require.NoError(t, err)
	swept, err := q.SweepFiles(within(t, quiet))
	require.NoError(t, err)
	assert.Positive(t, swept)
	assert.Less(t, swept, 4, "no more than need be")
	info, err := q.streams[objectStream(bucketFiles)].Info(within(t, quiet))
	require.NoError(t, err)
	assert.LessOrEqual(t, info.State.Bytes, uint64(75<<10))
	for i, f := range files {
		_, err := q.Stat(within(t, quiet), f.SHA256)
		if 1 <= i && i <= swept {
			require.ErrorIs(t, err, ErrUnknown, "those that nobody has asked for for the longest time")
		} else {
			require.NoError(t, err, i)
		}
	}
}

func TestOldFilesStayWhenRemnantsGiveTheRoom(t *testing.T) {
	q := embedded(t, Options{FileBytes: 1 << 20})
	q.remnantAge = 0
	old(t, q)
	f := putFile(t, q, noise(300<<10))
	remnant(t, q)
	swept, err := q.SweepFiles(within(t, quiet))
	require.NoError(t, err)
	assert.Equal(t, 1, swept, "the remnant")
	_, err = q.Stat(within(t, quiet), f.SHA256)
	require.NoError(t, err)
}

// TestTwoThatSweep look at the same time: that each may remove a file too many, of which the other has not removed the last yet,
// is all that there is to it.
func TestTwoThatSweep(t *testing.T) {
	q := embedded(t, Options{FileBytes: 440 << 10})
	old(t, q)
	const files = 40
	for i := range files {
		putFile(t, q, fmt.Sprintf("%02d", i)+noise(10<<10))
	}
	info, err := q.streams[objectStream(bucketFiles)].Info(within(t, quiet))
	require.NoError(t, err)
	needed := int(q.excess(info)*files/int64(info.State.Bytes)) + 1
	require.Greater(t, needed, 5)

	fronts := []*Queue{q, another(t, q, "second")}
	swept := make([]int, len(fronts))
	var both sync.WaitGroup
	for i, front := range fronts {
		both.Go(func() {
			var err error
			swept[i], err = front.SweepFiles(within(t, quiet))
			assert.NoError(t, err)
		})
	}
	both.Wait()
	assert.LessOrEqual(t, swept[0]+swept[1], needed+len(fronts), "%d and %d", swept[0], swept[1])
}

func TestChosenAgeHoldsWhateverRoomThereIs(t *testing.T) {
	s, err := StartServer(ServerOptions{Store: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	const day = 24 * time.Hour
	for _, row := range []struct {
		name  string
		given time.Duration
		swept int
	}{
		{"nobody's choice", 0, 0}, {"chosen", 30 * day, 1}, {"as it is", 0, 1}, {"another", 60 * day, 1},
	} {
		q := open(t, Options{Server: s, FileAge: row.given})
		old(t, q)
		putFile(t, q, "old")
		swept, err := q.SweepFiles(within(t, quiet))
		require.NoError(t, err, row.name)
		assert.Equal(t, row.swept, swept, row.name)
	}
}

func TestExcess(t *testing.T) {
	for _, row := range []struct {
		name                     string
		used, bound, store, want int64
	}{
		{"a bound, half of it taken", 500, 1000, 0, -250},
		{"a bound, nearly full", 900, 1000, 100000, 150},
		{"no bound, on a large disk", 900, -1, 100000, -9100},
		{"no bound, on a small disk", 900, -1, 1000, 800},
		{"no bound, and servers elsewhere", 900, -1, 0, 900},
		{"servers without a limit", 900, -1, -1, 900},
	} {
		assert.Equal(t, row.want, excess(row.used, row.bound, row.store), row.name)
	}
}
