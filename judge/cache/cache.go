// Package cache keeps what was expensive to make in files, by the hash of what it was made from. Many
// processes may use one directory at the same time, and any of them may be killed at any instant: an
// entry appears under its name when it is complete, is never changed, and is not trusted before its
// content was compared with its checksum.
//
// It is not for data that cannot be made again: entries are thrown away to keep within the size, the
// ones that were not used for the longest time first.
package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Store is a directory of entries. The zero value, and nil, keep nothing. It is safe for concurrent use.
type Store struct {
	dir   string
	limit int64        // bytes, of all entries together
	added atomic.Int64 // bytes, since somebody of this process looked at all of them; 0: nobody has
}

// Key names an entry: the hash of everything that its content depends on.
type Key [sha256.Size]byte

func (k Key) String() string { return hex.EncodeToString(k[:]) }

// Open returns the store in a directory, which is made when it is missing. Its entries may take limit bytes, and for
// each process that puts some a little more, for they are not all looked at each time.
func Open(dir string, limit int64) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open cache: %w", err)
	}
	return &Store{dir: dir, limit: limit}, nil
}

// An entry is magic, the checksum of the content, and the content.
const (
	magic      = "judge cache 1\n"
	headerSize = len(magic) + sha256.Size
	suffix     = ".entry"
	unfinished = "unfinished-*"
)

// Get opens an entry for reading; fs.ErrNotExist when there is none. One that is damaged is removed, and is
// then not there. The caller closes it. What it reads is what was checked, also when the entry is thrown
// away meanwhile.
func (s *Store) Get(k Key) (io.ReadCloser, error) {
	if s == nil || s.dir == "" {
		return nil, fs.ErrNotExist
	}
	name := s.path(k)
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	if err := check(f); err != nil {
		f.Close()
		if errors.Is(err, errDamaged) {
			return nil, errors.Join(fs.ErrNotExist, os.Remove(name))
		}
		return nil, fmt.Errorf("read cache entry %s: %w", k, err)
	}
	now := time.Now()
	_ = os.Chtimes(name, now, now) // when it was used last; without it, it only goes sooner
	return f, nil
}

var errDamaged = errors.New("damaged")

// check compares an entry with its checksum and leaves it where the content begins.
func check(f *os.File) error {
	header := make([]byte, headerSize)
	if _, err := io.ReadFull(f, header); err != nil || !bytes.HasPrefix(header, []byte(magic)) {
		return errDamaged
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return err
	}
	if !bytes.Equal(sum.Sum(nil), header[len(magic):]) {
		return errDamaged
	}
	_, err := f.Seek(int64(headerSize), io.SeekStart)
	return err
}

// Put makes an entry of what write writes, in place of one that may be there. An error leaves none behind.
func (s *Store) Put(k Key, write func(io.Writer) error) (err error) {
	if s == nil || s.dir == "" {
		return nil
	}
	f, err := os.CreateTemp(s.dir, unfinished)
	if err != nil {
		return fmt.Errorf("write cache entry: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("write cache entry %s: %w", k, err), os.Remove(f.Name()))
		}
	}()
	sum := sha256.New()
	_, err = f.Write(make([]byte, headerSize))
	if err == nil {
		err = write(io.MultiWriter(f, sum))
	}
	if err == nil {
		_, err = f.WriteAt(append([]byte(magic), sum.Sum(nil)...), 0)
	}
	info, statErr := f.Stat()
	if err = errors.Join(err, statErr, f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), s.path(k)); err != nil {
		return err
	}
	if added := s.added.Add(info.Size()); added > info.Size() && added < s.limit/slack { // not the first one
		return nil
	}
	s.added.Store(1)
	return s.shrink()
}

// slack is the part of the limit that may be added before all entries are looked at again. There may be so many
// that to do it each time would take longer than what is kept took to make.
const slack = 32

func (s *Store) path(k Key) string { return filepath.Join(s.dir, k.String()+suffix) }

// unfinishedAge is how old an entry that nobody has finished may become: its writer is dead.
const unfinishedAge = time.Hour

// shrink throws away what is too much. Another process may do the same: what is gone is gone.
func (s *Store) shrink() error {
	type entry struct {
		name string
		size int64
		used time.Time
	}
	var entries []entry
	var total int64
	list, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, e := range list {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		name := filepath.Join(s.dir, e.Name())
		if !strings.HasSuffix(e.Name(), suffix) {
			if time.Since(info.ModTime()) > unfinishedAge {
				_ = os.Remove(name)
			}
			continue
		}
		entries = append(entries, entry{name, info.Size(), info.ModTime()})
		total += info.Size()
	}
	slices.SortFunc(entries, func(a, b entry) int { return a.used.Compare(b.used) })
	for _, e := range entries {
		if total <= s.limit {
			break
		}
		if err := os.Remove(e.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		total -= e.size
	}
	return nil
}
