package queue

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// serverTime is the time by which the server dates messages.
func serverTime(t *testing.T, q *Queue) time.Time {
	t.Helper()
	info, err := q.streams[objectStream(bucketFiles)].Info(within(t, quiet))
	require.NoError(t, err)
	return info.TimeStamp
}

// forgetful is a queue in which it is written down each time that a file is needed.
func forgetful(t *testing.T, o Options) *Queue {
	q := embedded(t, o)
	q.touchAge = 0
	return q
}

func sweep(t *testing.T, q *Queue, since time.Time, want int) {
	t.Helper()
	swept, err := q.sweepFiles(within(t, quiet), since, func(context.Context) (bool, error) { return true, nil })
	require.NoError(t, err)
	require.Equal(t, want, swept)
}

func TestFilesThatNobodyNeedsGo(t *testing.T) {
	q := forgetful(t, Options{})
	ctx := within(t, quiet)
	old, stated, again := putFile(t, q, noise(2*chunkBytes)), putFile(t, q, "looked up"), putFile(t, q, "stored again")
	since := serverTime(t, q)
	_, err := q.Stat(ctx, stated.SHA256)
	require.NoError(t, err)
	putFile(t, q, "stored again")
	fresh := putFile(t, q, "fresh")
	sweep(t, q, since, 1)
	sweep(t, q, since, 0)
	_, err = q.Stat(ctx, old.SHA256)
	require.ErrorIs(t, err, ErrUnknown)
	_, err = q.OpenFile(ctx, old.SHA256)
	require.ErrorIs(t, err, ErrUnknown)
	for f, want := range map[File]string{stated: "looked up", again: "stored again", fresh: "fresh"} {
		assert.Equal(t, want, content(t, q, f.SHA256))
	}
	assert.EqualValues(t, 3*2, waiting(t, q, objectStream(bucketFiles)), "a description and a chunk each")
	assert.Equal(t, old, putFile(t, q, noise(2*chunkBytes)), "it can be stored anew")
	assert.Len(t, content(t, q, old.SHA256), 2*chunkBytes)
}

func TestNeedIsWrittenDownOnceADay(t *testing.T) {
	q := embedded(t)
	f := putFile(t, q, "x")
	_, m, err := q.describe(within(t, quiet), bucketFiles, f.SHA256)
	require.NoError(t, err)
	for range 3 {
		putFile(t, q, "x")
		_, err := q.Stat(within(t, quiet), f.SHA256)
		require.NoError(t, err)
	}
	_, same, err := q.describe(within(t, quiet), bucketFiles, f.SHA256)
	require.NoError(t, err)
	assert.Equal(t, m.Sequence, same.Sequence)
}

func TestSweepingAndNeedingAtTheSameTime(t *testing.T) {
	q := forgetful(t, Options{})
	ctx := within(t, quiet)
	f := putFile(t, q, "needed")
	_, m, err := q.describe(ctx, bucketFiles, f.SHA256)
	require.NoError(t, err)
	_, err = q.Stat(ctx, f.SHA256)
	require.NoError(t, err)
	gone, err := q.sweepFile(ctx, m)
	require.NoError(t, err)
	assert.False(t, gone, "somebody has asked for it since it was found")
	assert.Equal(t, "needed", content(t, q, f.SHA256))

	o, m, err := q.describe(ctx, bucketFiles, f.SHA256)
	require.NoError(t, err)
	gone, err = q.sweepFile(ctx, m)
	require.NoError(t, err)
	assert.True(t, gone)
	require.Error(t, q.touch(ctx, o, m), "it is gone since it was found")
	_, err = q.Stat(ctx, f.SHA256)
	require.ErrorIs(t, err, ErrUnknown)
	assert.Zero(t, waiting(t, q, objectStream(bucketFiles)))
}

func TestSweepGoesOnWhereAnotherDied(t *testing.T) {
	q := forgetful(t, Options{})
	ctx := within(t, quiet)
	f := putFile(t, q, noise(2*chunkBytes))
	o, m, err := q.describe(ctx, bucketFiles, f.SHA256)
	require.NoError(t, err)
	_, err = q.noteDeleted(ctx, o, m)
	require.NoError(t, err)
	require.EqualValues(t, 3, waiting(t, q, objectStream(bucketFiles)))
	deleted := putFile(t, q, "deleted")
	require.NoError(t, q.DeleteFile(ctx, deleted.SHA256))
	_, err = q.js.Publish(ctx, metaSubject(bucketFiles, "forged"), []byte(`{"nuid":"*"}`))
	require.NoError(t, err)
	sweep(t, q, serverTime(t, q), 0)
	assert.Zero(t, waiting(t, q, objectStream(bucketFiles)))
}

func TestFullStoreIsSwept(t *testing.T) {
	q := forgetful(t, Options{FileBytes: 64 << 10})
	ctx := within(t, quiet)
	var files []File
	for i, size := 0, 32<<10; size > 0; i++ {
		f, err := q.PutFile(ctx, strings.NewReader(fmt.Sprint(i)+noise(size)), 1<<20)
		if err == nil {
			files = append(files, f)
			continue
		}
		require.ErrorIs(t, err, ErrFull)
		size /= 2
	}
	last := files[len(files)-1]
	_, err := q.Stat(ctx, last.SHA256)
	require.NoError(t, err, "there is no room to write down that it is needed")
	sweep(t, q, serverTime(t, q), len(files))
	assert.Zero(t, waiting(t, q, objectStream(bucketFiles)))
	putFile(t, q, "there is room")
}

func TestFileAgeIsThatOfTheQueue(t *testing.T) {
	s, err := StartServer(ServerOptions{Store: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	const day = 24 * time.Hour
	ageOf := func(o Options) (time.Duration, time.Time) {
		o.Server = s
		q := open(t, o)
		info, err := q.streams[objectStream(bucketFiles)].Info(within(t, quiet))
		require.NoError(t, err)
		age, since, _ := fileAge(info.Config.Metadata)
		return age, since
	}
	age, since := ageOf(Options{})
	assert.Equal(t, 30*day, age, "of a new queue")
	assert.WithinDuration(t, time.Now(), since, time.Minute)
	for _, row := range []struct {
		name  string
		given time.Duration
		want  time.Duration
	}{
		{"longer", 90 * day, 90 * day}, {"as it is", 0, 90 * day}, {"for good", -1, 0}, {"as it is, for good", 0, 0}, {"shortest", 21 * day, 21 * day},
	} {
		age, _ := ageOf(Options{FileAge: row.given})
		assert.Equal(t, row.want, age, row.name)
	}
	_, err = Open(within(t, quiet), Options{Server: s, FileAge: 20 * day})
	require.ErrorIs(t, err, ErrInvalid)
	require.ErrorContains(t, err, "want at least 504h0m0s")
	assert.Equal(t, 90*7*day, Options{Keep: 30 * 7 * day}.defaultAge(), "longer than jobs")

	age, since = ageOf(Options{Keep: 20 * day})
	assert.Equal(t, 60*day, age, "no job outlives its files that is kept for longer from now on")
	assert.WithinDuration(t, time.Now(), since, time.Minute)
	age, _ = ageOf(Options{Keep: 7 * day})
	assert.Equal(t, 60*day, age)
}

func TestSweepingBeginsAnAgeAfterItWasAskedFor(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	f := putFile(t, q, "old")
	for _, row := range []struct {
		name, age string
		swept     int
	}{
		{"never", "", 0},
		{"nonsense", "1h", 0},
		{"negative", "-1h 2000-01-01T00:00:00Z", 0},
		{"not yet", "1h " + time.Now().Add(-59*time.Minute).UTC().Format(time.RFC3339), 0},
		{"no file is so old", "1h 2000-01-01T00:00:00Z", 0},
		{"all are", "1ns 2000-01-01T00:00:00Z", 1},
	} {
		setFileAge(ctx, t, q, row.age)
		swept, err := q.SweepFiles(ctx)
		require.NoError(t, err, row.name)
		assert.Equal(t, row.swept, swept, row.name)
	}
	_, err := q.Stat(ctx, f.SHA256)
	require.ErrorIs(t, err, ErrUnknown)
}

// setFileAge writes an age into the metadata of the files' stream.
func setFileAge(ctx context.Context, t *testing.T, q *Queue, age string) {
	t.Helper()
	var have *jetstream.StreamInfo
	have, err := q.streams[objectStream(bucketFiles)].Info(ctx)
	require.NoError(t, err)
	have.Config.Metadata = map[string]string{keyFileAge: age}
	_, err = q.js.UpdateStream(ctx, have.Config)
	require.NoError(t, err)
}
