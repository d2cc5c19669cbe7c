package serve

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"judge/judge"
	"judge/judge/queue"
)

const (
	storeAtOnce = 8       // files that are asked for or stored at one time, for one request
	maxLooked   = 4 << 20 // bytes of a file that is looked into when a task is loaded: as many as a task file may have
	loadsAtOnce = 3       // tasks that are loaded at one time
	loadsOfOne  = 2       // of these, of one client
)

// loadTask loads a task from files of which some are in the store. Those that the loader only looks for, and not
// into, are not fetched: a file of the same size stands for each.
func (s *Service) loadTask(ctx context.Context, id string, files map[string]content) (*judge.Task, error) {
	leave, err := takeTurn(ctx, clientOf(ctx).use.loads, s.loads)
	if err != nil {
		return nil, err
	}
	defer leave()
	if t := s.tasks.get(id); t != nil { // somebody else was faster
		return t, nil
	}
	dir, err := os.MkdirTemp(s.temp, "judge-task-")
	if err != nil {
		return nil, fmt.Errorf("load task: %w", err)
	}
	defer os.RemoveAll(dir)
	var missing missingFiles
	same := namesByContent(files)
	err = parallel(ctx, storeAtOnce, keysOf(same), func(ctx context.Context, first string) error {
		err := s.place(ctx, dir, same[first], files[first])
		if errors.Is(err, queue.ErrUnknown) {
			missing.add(first, files[first].hash)
			return nil
		}
		return err
	})
	if err == nil {
		err = missing.problem()
	}
	if err != nil {
		return nil, err
	}
	return judge.LoadBundle(dir)
}

// takeTurn waits for one of a client's own places, and then for one of all. The caller calls leave.
func takeTurn(ctx context.Context, own, all chan struct{}) (leave func(), err error) {
	select {
	case own <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case all <- struct{}{}:
		return func() { <-all; <-own }, nil
	case <-ctx.Done():
		<-own
		return nil, ctx.Err()
	}
}

// namesByContent gathers the names of files that have the same stored content, by the first of them. A request of some
// megabytes could else name a file so often that no disk has room for all.
func namesByContent(files map[string]content) map[string][]string {
	same, first := map[string][]string{}, map[string]string{}
	for _, name := range keysOf(files) {
		of := name
		if hash := files[name].hash; hash != "" {
			of = cmp.Or(first[hash], name)
			first[hash] = of
		}
		same[of] = append(same[of], name)
	}
	return same
}

// place makes the files of a task that have a content.
func (s *Service) place(ctx context.Context, dir string, names []string, c content) error {
	at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	for _, name := range names {
		if err := os.MkdirAll(filepath.Dir(at(name)), 0o700); err != nil {
			return err
		}
	}
	if err := s.placeOne(ctx, at(names[0]), slices.ContainsFunc(names, isLookedInto), c); err != nil {
		return err
	}
	for _, name := range names[1:] {
		if err := os.Link(at(names[0]), at(name)); err != nil {
			return err
		}
	}
	return nil
}

// placeOne makes a file; one that is not looked into has only the size of the content.
func (s *Service) placeOne(ctx context.Context, at string, looked bool, c content) error {
	if c.hash == "" {
		return os.WriteFile(at, c.data, 0o600)
	}
	file, err := s.queue.Stat(ctx, c.hash)
	if err != nil {
		return err
	}
	if !looked || file.Bytes > maxLooked {
		if err := os.WriteFile(at, nil, 0o600); err != nil {
			return err
		}
		return os.Truncate(at, file.Bytes)
	}
	data, err := s.read(ctx, c.hash, maxLooked)
	if err != nil {
		return err
	}
	return os.WriteFile(at, data, 0o600)
}

// isLookedInto says whether a file could be one of those whose content tells the loader something: task files, and
// programs. Test data are the bulk of a task, and are called as everybody calls them.
func isLookedInto(name string) bool {
	return !slices.Contains([]string{".in", ".ans", ".out", ".a"}, path.Ext(name))
}

// read reads a stored file of at most limit bytes, which somebody needs; a larger one is queue.ErrTooLarge.
func (s *Service) read(ctx context.Context, hash string, limit int64) ([]byte, error) {
	if _, err := s.queue.Stat(ctx, hash); err != nil {
		return nil, err
	}
	file, err := s.queue.OpenFile(ctx, hash)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = queue.ErrTooLarge
	}
	return data, err
}

// storeContent stores what is not stored already.
func (s *Service) storeContent(ctx context.Context, c content) error {
	if c.hash != "" {
		return nil
	}
	_, err := s.queue.PutFile(ctx, bytes.NewReader(c.data), int64(len(c.data)))
	return err
}

// missingFiles gathers files that a request names by hash and that are not stored.
type missingFiles struct {
	mu    sync.Mutex
	found []Mistake
}

func (m *missingFiles) add(name, hash string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.found = append(m.found, Mistake{File: name, Message: "sha256 " + hash + " is not stored"})
}

// problem is nil when all are stored.
func (m *missingFiles) problem() error {
	if len(m.found) == 0 {
		return nil
	}
	slices.SortFunc(m.found, func(a, b Mistake) int { return strings.Compare(a.File, b.File) })
	p := invalid.problem("files are not stored: %d; POST /v1/files stores one", len(m.found))
	p.Errors = m.found[:min(len(m.found), maxMistakes)]
	return p
}

// parallel calls do for each name, for some at one time, until one fails or the context ends.
func parallel(ctx context.Context, atOnce int, names []string, do func(context.Context, string) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var workers sync.WaitGroup
	next := make(chan string)
	for range min(atOnce, len(names)) {
		workers.Go(func() {
			for name := range next {
				if err := do(ctx, name); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, name := range names {
		if ctx.Err() != nil {
			break
		}
		next <- name
	}
	close(next)
	workers.Wait()
	return context.Cause(ctx)
}

func keysOf[T any](files map[string]T) []string { return slices.Sorted(maps.Keys(files)) }

// taskCache keeps the tasks that were asked for lately, without their files. The zero value is ready to be used.
//
// The queue forgets files for which nobody asks, and whose task is taken from here asks for none: so none stays for long.
type taskCache struct {
	mu    sync.Mutex
	tasks map[string]cachedTask
	order []string // the one that was used longest ago first
	tests int      // of all
}

type cachedTask struct {
	*judge.Task
	loaded time.Time
}

// Bounds of a taskCache.
const (
	maxCachedAge   = time.Hour
	maxCachedTasks = 1000
	maxCachedTests = 100_000
)

// get returns a task; nil: it is not here.
func (c *taskCache) get(id string) *judge.Task {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.tasks[id]
	if !ok {
		return nil
	}
	c.forget(id)
	if time.Since(t.loaded) > maxCachedAge {
		return nil
	}
	c.keep(id, t)
	return t.Task
}

func (c *taskCache) put(id string, t *judge.Task) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.tasks[id]; ok {
		return
	}
	if c.tasks == nil {
		c.tasks = map[string]cachedTask{}
	}
	c.keep(id, cachedTask{t, time.Now()})
	for len(c.order) > 1 && (len(c.order) > maxCachedTasks || c.tests > maxCachedTests) {
		c.forget(c.order[0])
	}
}

// keep makes a task the one that was used last. c.mu is held.
func (c *taskCache) keep(id string, t cachedTask) {
	c.tasks[id] = t
	c.order = append(c.order, id)
	c.tests += len(t.Tests)
}

// forget drops a task that is there. c.mu is held.
func (c *taskCache) forget(id string) {
	c.tests -= len(c.tasks[id].Tests)
	delete(c.tasks, id)
	c.order = slices.DeleteFunc(c.order, func(other string) bool { return other == id })
}
