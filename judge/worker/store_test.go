package worker

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge/queue"
)

var ctx = context.Background()

// openTestStore opens a store of 100 bytes.
func openTestStore(t *testing.T, dir string, q *fakeQueue) *store {
	t.Helper()
	s, err := openStore(dir, 100, q.OpenFile)
	require.NoError(t, err)
	t.Cleanup(func() { s.close() })
	return s
}

// content is some bytes, which differ from others of the name.
func content(name string, size int) []byte { return bytes.Repeat([]byte(name), size)[:size] }

func TestAStoreKeepsWithinItsBytes(t *testing.T) {
	q := newFake()
	s := openTestStore(t, t.TempDir(), q)
	a, b, c := q.put(content("a", 40)), q.put(content("b", 40)), q.put(content("c", 40))
	use := func(hash string) {
		f, err := s.hold(ctx, hash, math.MaxInt64)
		require.NoError(t, err)
		s.letGo(f)
	}
	use(a)
	use(b)
	use(a) // so b was not used for longest
	use(c)
	assert.EqualValues(t, 80, s.bytes)
	use(a)
	assert.Equal(t, 1, q.opened[a])
	use(b)
	assert.Equal(t, 2, q.opened[b], "it was thrown away")
	assert.EqualValues(t, 80, s.bytes)
}

func TestAFileThatIsHeldStays(t *testing.T) {
	q := newFake()
	s := openTestStore(t, t.TempDir(), q)
	held, err := s.hold(ctx, q.put(content("a", 60)), math.MaxInt64)
	require.NoError(t, err)
	_, err = s.hold(ctx, q.put(content("b", 60)), math.MaxInt64)
	assert.ErrorIs(t, err, errNoRoom)
	assert.EqualValues(t, 60, s.bytes, "what was begun is taken back")
	s.letGo(held)
	f, err := s.hold(ctx, q.put(content("b", 60)), math.MaxInt64)
	require.NoError(t, err)
	s.letGo(f)
	_, err = s.hold(ctx, q.put(content("c", 101)), math.MaxInt64)
	assert.ErrorIs(t, err, errNoRoom)
	_, err = s.hold(ctx, q.put(content("c", 50)), 49)
	assert.ErrorIs(t, err, queue.ErrTooLarge)
	left, err := os.ReadDir(s.path(tempDir))
	require.NoError(t, err)
	assert.Empty(t, left)
}

// What a killed process leaves is used again, but for what is not as its name says.
func TestAStoreSurvivesItsProcess(t *testing.T) {
	q, dir := newFake(), t.TempDir()
	good, bad := q.put(content("good", 30)), q.put(content("bad", 30))
	s := openTestStore(t, dir, q)
	for _, hash := range []string{good, bad} {
		_, err := s.hold(ctx, hash, math.MaxInt64)
		require.NoError(t, err)
	}
	_, err := openStore(dir, 100, q.OpenFile)
	assert.ErrorIs(t, err, ErrCacheInUse)
	s.lock.Close() // as the kernel does when a process dies
	require.NoError(t, os.Chmod(filepath.Join(dir, placeOf(bad)), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, placeOf(bad)), content("evil", 30), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, tempDir, "half"), nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, filesDir, "stray"), nil, 0o600))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, tasksDir, "x"), 0o700))

	s = openTestStore(t, dir, q)
	assert.EqualValues(t, 60, s.bytes)
	for _, hash := range []string{good, bad} {
		_, err := s.hold(ctx, hash, math.MaxInt64)
		require.NoError(t, err)
	}
	assert.Equal(t, 1, q.opened[good])
	assert.Equal(t, 2, q.opened[bad])
	text, err := os.ReadFile(filepath.Join(dir, placeOf(bad)))
	require.NoError(t, err)
	assert.Equal(t, content("bad", 30), text)
	assert.NoFileExists(t, filepath.Join(dir, tempDir, "half"))
	assert.NoFileExists(t, filepath.Join(dir, filesDir, "stray"))
	assert.NoDirExists(t, filepath.Join(dir, tasksDir, "x"))
}

func TestDamagedContentIsNotTaken(t *testing.T) {
	q := newFake()
	s := openTestStore(t, t.TempDir(), q)
	hash := q.put(content("a", 10))
	q.files[hash] = content("b", 10)
	_, err := s.hold(ctx, hash, math.MaxInt64)
	assert.ErrorIs(t, err, queue.ErrDamaged)
	assert.Zero(t, s.bytes)
	for _, name := range []string{"", "x", "../" + hash[3:], strings.ToUpper(hash)} {
		_, err := s.hold(ctx, name, math.MaxInt64)
		assert.ErrorIs(t, err, queue.ErrInvalid, name)
	}
}

func TestManyMayUseAStore(t *testing.T) {
	q := newFake()
	s := openTestStore(t, t.TempDir(), q)
	var hashes []string
	for i := range 20 {
		hashes = append(hashes, q.put(content(fmt.Sprintf("%02d", i), 10)))
	}
	var users sync.WaitGroup
	for i := range 8 {
		users.Go(func() {
			for k := range 100 {
				n := (i*7 + k*3) % len(hashes)
				f, err := s.hold(ctx, hashes[n], math.MaxInt64)
				if !assert.NoError(t, err) {
					return
				}
				text, err := os.ReadFile(s.path(placeOf(f.hash)))
				assert.NoError(t, err)
				assert.Equal(t, content(fmt.Sprintf("%02d", n), 10), text)
				s.letGo(f)
			}
		})
	}
	users.Wait()
	assert.LessOrEqual(t, s.bytes, int64(100))
	assert.Equal(t, len(s.files), s.idle.Len(), "nobody holds one")
}

func TestRecordsThatAreManyGoToAFile(t *testing.T) {
	s := &spool{temp: func() (*os.File, error) { return os.CreateTemp(t.TempDir(), "") }}
	var want bytes.Buffer
	for i := range 3 * spoolMemory / 1000 {
		line := fmt.Appendf(nil, "%999d\n", i)
		want.Write(line)
		require.NoError(t, s.append(line))
	}
	require.NotNil(t, s.file)
	for range 2 {
		var got bytes.Buffer
		_, err := got.ReadFrom(s.reader())
		require.NoError(t, err)
		assert.True(t, bytes.Equal(want.Bytes(), got.Bytes()))
	}
	require.NoError(t, s.drop())
}
