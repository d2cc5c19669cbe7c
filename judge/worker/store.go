package worker

import (
	"cmp"
	"container/list"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"judge/judge/queue"
)

// Directories of a store. What is in the last two is of no use to the next process.
const (
	filesDir = "files" // by the first two digits of their hash, and their hash
	tasksDir = "tasks" // of links to files, by the hash of their manifest
	tempDir  = "temp"  // files that are not complete
)

// errNoRoom says that what is in use leaves no room for more.
var errNoRoom = errors.New("the cache has no room left")

// store is a directory of files by their hash, which are fetched when they are asked for, and thrown away to keep
// within a number of bytes: those that were not used for the longest time first. It is safe for concurrent use,
// and has a directory for itself. Of what a killed process leaves, complete files are kept; each is compared with
// its hash before this process uses it for the first time.
type store struct {
	root  *os.Root
	lock  *os.File
	limit int64
	fetch func(ctx context.Context, hash string) (io.ReadCloser, error)
	spare func() bool // lets go of files that are kept for later, and says whether there were any; nil: none are

	mu    sync.Mutex
	files map[string]*file
	idle  list.List // of *file that nobody holds, the one used longest ago in front
	bytes int64     // of all files, also incomplete ones
}

// file is one of a store, whoever holds it.
type file struct {
	hash    string
	size    int64         // that is accounted for; under the store's mu
	holders int           // the same
	element *list.Element // of the idle; nil: it is held; the same
	ready   bool          // it is there and was compared with its hash; the same
	busy    chan struct{} // held by who makes it ready
}

// openStore opens the store in a directory, which is made when it is missing. The caller closes it.
func openStore(dir string, limit int64, fetch func(context.Context, string) (io.ReadCloser, error)) (_ *store, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, fmt.Errorf("open cache: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open cache: %w", err)
	}
	s := &store{limit: limit, fetch: fetch, files: map[string]*file{}}
	if s.root, err = os.OpenRoot(dir); err != nil {
		return nil, fmt.Errorf("open cache: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("open cache %s: %w", dir, err), s.close())
		}
	}()
	if s.lock, err = s.root.OpenFile("lock", os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, err
	}
	if err := unix.Flock(int(s.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = ErrCacheInUse
		}
		return nil, err
	}
	for _, name := range []string{tasksDir, tempDir} {
		if err := s.root.RemoveAll(name); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{tasksDir, tempDir, filesDir} {
		if err := s.root.MkdirAll(name, 0o700); err != nil {
			return nil, err
		}
	}
	return s, s.scan()
}

// ErrCacheInUse says that another process has the cache directory.
var ErrCacheInUse = errors.New("another worker uses it: want a directory for this one")

// scan finds the files that an earlier process has left.
func (s *store) scan() error {
	type found struct {
		hash string
		info fs.FileInfo
	}
	var all []found
	err := fs.WalkDir(s.root.FS(), filesDir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		hash := entry.Name()
		if queue.CheckHash(hash) != nil || name != placeOf(hash) || !entry.Type().IsRegular() {
			return s.root.Remove(name)
		}
		info, err := entry.Info()
		all = append(all, found{hash, info})
		return err
	})
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b found) int {
		return cmp.Or(a.info.ModTime().Compare(b.info.ModTime()), cmp.Compare(a.hash, b.hash))
	})
	for _, one := range all {
		f := newFile(one.hash)
		f.size = one.info.Size()
		f.element = s.idle.PushBack(f)
		s.files[one.hash] = f
		s.bytes += f.size
	}
	return s.reserve(nil, 0)
}

func newFile(hash string) *file { return &file{hash: hash, busy: make(chan struct{}, 1)} }

func placeOf(hash string) string { return path.Join(filesDir, hash[:2], hash) }

// close lets another process have the directory.
func (s *store) close() error {
	var err error
	if s.lock != nil {
		err = s.lock.Close()
	}
	return errors.Join(err, s.root.Close())
}

// hold returns a file that is there until letGo, fetching it when it is not. Larger ones than most bytes are
// queue.ErrTooLarge.
func (s *store) hold(ctx context.Context, hash string, most int64) (*file, error) {
	if err := queue.CheckHash(hash); err != nil {
		return nil, err
	}
	f := s.take(hash)
	select {
	case f.busy <- struct{}{}:
	case <-ctx.Done():
		s.letGo(f)
		return nil, context.Cause(ctx)
	}
	defer func() { <-f.busy }()
	if s.isReady(f) {
		return f, nil
	}
	if err := s.bring(ctx, f, most); err != nil {
		s.letGo(f)
		return nil, fmt.Errorf("file %s: %w", hash, err)
	}
	s.mu.Lock()
	f.ready = true
	s.mu.Unlock()
	return f, nil
}

func (s *store) isReady(f *file) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return f.ready
}

func (s *store) take(hash string) *file {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[hash]
	if f == nil {
		f = newFile(hash)
		s.files[hash] = f
	}
	f.holders++
	if f.element != nil {
		s.idle.Remove(f.element)
		f.element = nil
	}
	return f
}

// letGo says that the holder does not need the file any more.
func (s *store) letGo(f *file) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.holders--; f.holders > 0 {
		return
	}
	if f.size == 0 && !f.ready { // there is nothing to keep
		delete(s.files, f.hash)
		return
	}
	f.element = s.idle.PushBack(f)
}

// reserve accounts for bytes of a file, for which it makes room: it throws away what was not used for the longest
// time. A nil file is nobody's.
func (s *store) reserve(f *file, n int64) error {
	for {
		done, err := s.tryReserve(f, n)
		if done || err != nil {
			return err
		}
		if s.spare == nil || !s.spare() {
			return errNoRoom
		}
	}
}

func (s *store) tryReserve(f *file, n int64) (done bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.bytes+n > s.limit {
		front := s.idle.Front()
		if front == nil {
			return false, nil
		}
		old := s.idle.Remove(front).(*file)
		delete(s.files, old.hash)
		s.bytes -= old.size
		// Nobody can ask for it again before it is gone.
		if err := ignoreMissing(s.root.Remove(placeOf(old.hash))); err != nil {
			return false, err
		}
	}
	if f != nil {
		f.size += n
		s.bytes += n
	}
	return true, nil
}

func (s *store) forgetBytes(f *file) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes -= f.size
	f.size = 0
}

func (s *store) sizeOf(f *file) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return f.size
}

// path is the absolute path of something in the store.
func (s *store) path(name string) string { return path.Join(s.root.Name(), name) }
