package cache

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func key(text string) Key { return sha256.Sum256([]byte(text)) }

func put(t *testing.T, s *Store, name, content string) {
	t.Helper()
	require.NoError(t, s.Put(key(name), func(w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	}))
}

// get is the content of an entry, or "missing".
func get(t *testing.T, s *Store, name string) string {
	t.Helper()
	f, err := s.Get(key(name))
	if errors.Is(err, fs.ErrNotExist) {
		return "missing"
	}
	require.NoError(t, err)
	defer f.Close()
	content, err := io.ReadAll(f)
	require.NoError(t, err)
	return string(content)
}

func open(t *testing.T, limit int64) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "a", "b"), limit)
	require.NoError(t, err)
	return s
}

func TestEntriesComeBackAsTheyWere(t *testing.T) {
	s := open(t, 1<<20)
	assert.Equal(t, "missing", get(t, s, "x"))
	put(t, s, "x", "one")
	put(t, s, "empty", "")
	assert.Equal(t, "one", get(t, s, "x"))
	assert.Equal(t, "", get(t, s, "empty"))
	put(t, s, "x", "two")
	assert.Equal(t, "two", get(t, s, "x"))
	var none *Store
	put(t, none, "x", "one")
	assert.Equal(t, "missing", get(t, none, "x"))
}

func TestADamagedEntryIsNotThere(t *testing.T) {
	damages := map[string]func(content []byte) []byte{
		"a bit":           func(c []byte) []byte { c[len(c)-1] ^= 1; return c },
		"a bit of sum":    func(c []byte) []byte { c[len(magic)] ^= 1; return c },
		"another version": func(c []byte) []byte { c[0] ^= 1; return c },
		"cut":             func(c []byte) []byte { return c[:len(c)-1] },
		"cut in header":   func(c []byte) []byte { return c[:5] },
		"longer":          func(c []byte) []byte { return append(c, 'x') },
		"empty":           func(c []byte) []byte { return nil },
		"zeroes":          func(c []byte) []byte { return make([]byte, len(c)) },
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			s := open(t, 1<<20)
			put(t, s, "x", "content")
			file := s.path(key("x"))
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(file, damage(content), 0o600))
			assert.Equal(t, "missing", get(t, s, "x"))
			assert.NoFileExists(t, file)
		})
	}
}

func TestAnErrorLeavesNothing(t *testing.T) {
	s := open(t, 1<<20)
	wrong := errors.New("wrong")
	err := s.Put(key("x"), func(w io.Writer) error { io.WriteString(w, "half"); return wrong })
	require.ErrorIs(t, err, wrong)
	list, err := os.ReadDir(s.dir)
	require.NoError(t, err)
	assert.Empty(t, list)
}

func TestWhatWasNotUsedForLongestGoesFirst(t *testing.T) {
	s := open(t, 3*(1000+int64(headerSize)))
	old := time.Now().Add(-10 * time.Hour)
	for i, name := range []string{"a", "b", "c"} {
		put(t, s, name, strings.Repeat(name, 1000))
		require.NoError(t, os.Chtimes(s.path(key(name)), old, old.Add(time.Duration(i)*time.Hour)))
	}
	leftover := filepath.Join(s.dir, "unfinished-1")
	require.NoError(t, os.WriteFile(leftover, nil, 0o600))
	require.NoError(t, os.Chtimes(leftover, old, old))
	assert.NotEqual(t, "missing", get(t, s, "a"))
	put(t, s, "d", strings.Repeat("d", 1000))
	assert.Equal(t, "missing", get(t, s, "b"))
	for _, name := range []string{"a", "c", "d"} {
		assert.Equal(t, strings.Repeat(name, 1000), get(t, s, name))
	}
	assert.NoFileExists(t, leftover)
	put(t, s, "large", strings.Repeat("x", 5000))
	assert.Equal(t, "missing", get(t, s, "large"), "it alone is too much")
}

func TestManyAtOnce(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			s, err := Open(dir, 20_000)
			if !assert.NoError(t, err) {
				return
			}
			for n := range 100 {
				name := fmt.Sprint((n + i) % 10)
				content := strings.Repeat(name, 3000)
				assert.NoError(t, s.Put(key(name), func(w io.Writer) error { _, err := io.WriteString(w, content); return err }))
				if f, err := s.Get(key(name)); err == nil {
					got, err := io.ReadAll(f)
					f.Close()
					assert.NoError(t, err)
					assert.Equal(t, content, string(got))
				} else {
					assert.ErrorIs(t, err, fs.ErrNotExist)
				}
			}
		})
	}
	all.Wait()
}
