package worker

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"path"
	"slices"
	"sync"

	"judge/judge"
	"judge/judge/queue"
)

// Bounds of what is kept loaded. A task's setter's programs are kept compiled, which takes memory.
const (
	maxTasks = 32
	maxTests = 200_000 // of all of them
)

const fetchesAtOnce = 8 // files of one task that are fetched at one time

// tasks are those that are loaded. It is safe for concurrent use.
type tasks struct {
	store *store
	pool  *judge.Pool

	mu    sync.Mutex
	known map[string]*task
	idle  list.List // of *task that nobody uses, the one used longest ago in front
	tests int
}

// task is a task of the queue in a directory of the store.
type task struct {
	id      string
	users   int           // under the mu of tasks
	element *list.Element // of the idle; nil: it is used; the same
	busy    chan struct{} // held by who makes it ready

	ready bool // under busy, as all below; what is ready does not change
	files []*file
	*judge.Task
	mistake error // of the task; nil: there is none
}

func newTasks(s *store, pool *judge.Pool) *tasks {
	t := &tasks{store: s, pool: pool, known: map[string]*task{}}
	s.spare = t.forgetOldest
	return t
}

// hold returns a task that stays loaded until letGo. A *TaskError is a mistake of the task; any other error says
// that it could not be had.
func (t *tasks) hold(ctx context.Context, id string) (*task, error) {
	one := t.take(id)
	select {
	case one.busy <- struct{}{}:
	case <-ctx.Done():
		t.letGo(one)
		return nil, context.Cause(ctx)
	}
	defer func() { <-one.busy }()
	if !one.ready {
		if err := t.load(ctx, one); err != nil {
			t.unload(one)
			t.letGo(one)
			return nil, fmt.Errorf("task %s: %w", id, err)
		}
		one.ready = true
	}
	if one.mistake != nil {
		t.letGo(one)
		return nil, &TaskError{one.mistake}
	}
	return one, nil
}

// TaskError says what is wrong with a task. No worker can judge it.
type TaskError struct{ Err error }

func (e *TaskError) Error() string { return e.Err.Error() }
func (e *TaskError) Unwrap() error { return e.Err }

func (t *tasks) take(id string) *task {
	t.mu.Lock()
	defer t.mu.Unlock()
	one := t.known[id]
	if one == nil {
		one = &task{id: id, busy: make(chan struct{}, 1)}
		t.known[id] = one
	}
	one.users++
	if one.element != nil {
		t.idle.Remove(one.element)
		one.element = nil
	}
	return one
}

// letGo says that the user does not need the task any more.
func (t *tasks) letGo(one *task) {
	t.mu.Lock()
	if one.users--; one.users == 0 {
		one.element = t.idle.PushBack(one)
	}
	tooMany := t.idle.Len() > 0 && (len(t.known) > maxTasks || t.tests > maxTests)
	t.mu.Unlock()
	if tooMany {
		t.forgetOldest()
	}
}

// forgetOldest lets go of the task that was not used for the longest time, and says whether there was one.
func (t *tasks) forgetOldest() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	front := t.idle.Front()
	if front == nil {
		return false
	}
	one := t.idle.Remove(front).(*task)
	delete(t.known, one.id)
	t.tests -= one.testCount()
	t.unload(one) // nobody can ask for it again before it is gone
	return true
}

func (t *task) testCount() int {
	if t.Task == nil {
		return 0
	}
	return len(t.Tests)
}

// load puts the files of a task where the loader finds them, and loads it.
func (t *tasks) load(ctx context.Context, one *task) error {
	manifest, err := t.manifest(ctx, one)
	if err != nil || one.mistake != nil {
		return err
	}
	if err := t.fetch(ctx, one, manifest); err != nil {
		return err
	}
	if err := t.link(one, manifest); err != nil {
		return err
	}
	one.Task, one.mistake = judge.LoadBundle(t.store.path(path.Join(tasksDir, one.id)))
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tests += one.testCount()
	return nil
}

// manifest reads the list of the task's files. That it is none is the task's mistake.
func (t *tasks) manifest(ctx context.Context, one *task) (*queue.Manifest, error) {
	f, err := t.store.hold(ctx, one.id, queue.MaxManifest)
	if errors.Is(err, queue.ErrTooLarge) {
		one.mistake = err
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	one.files = append(one.files, f)
	text, err := t.store.root.ReadFile(placeOf(one.id))
	if err != nil {
		return nil, err
	}
	manifest, err := queue.ParseManifest(text)
	one.mistake = err
	return manifest, nil
}

// fetch makes sure that the task's files are in the store.
func (t *tasks) fetch(ctx context.Context, one *task, manifest *queue.Manifest) error {
	hashes := slices.Sorted(maps.Values(manifest.Files))
	hashes = slices.Compact(hashes)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan string)
	var mu sync.Mutex
	var fetches sync.WaitGroup
	for range min(fetchesAtOnce, len(hashes)) {
		fetches.Go(func() {
			for hash := range next {
				f, err := t.store.hold(ctx, hash, math.MaxInt64)
				if err != nil {
					cancel(err)
					continue
				}
				mu.Lock()
				one.files = append(one.files, f)
				mu.Unlock()
			}
		})
	}
	for _, hash := range hashes {
		if ctx.Err() != nil {
			break
		}
		next <- hash
	}
	close(next)
	fetches.Wait()
	return context.Cause(ctx)
}

// link makes the task's directory. Names were checked, and nothing in it is a symbolic link; that they stay in the
// store's directory is made sure of once more by os.Root.
func (t *tasks) link(one *task, manifest *queue.Manifest) error {
	root := t.store.root
	made := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(manifest.Files)) {
		at := path.Join(tasksDir, one.id, name)
		if dir := path.Dir(at); !made[dir] {
			if err := root.MkdirAll(dir, 0o700); err != nil {
				return err
			}
			made[dir] = true
		}
		if err := root.Link(placeOf(manifest.Files[name]), at); err != nil {
			return err
		}
	}
	return nil
}

// unload removes what belongs to a task.
func (t *tasks) unload(one *task) {
	if one.Task != nil {
		t.pool.Forget(one.Task)
	}
	_ = t.store.root.RemoveAll(path.Join(tasksDir, one.id)) // what cannot be removed is, at the next start
	for _, f := range one.files {
		t.store.letGo(f)
	}
	one.files, one.Task = nil, nil
}

// close lets go of all tasks. Nobody uses one.
func (t *tasks) close() {
	for t.forgetOldest() {
	}
}
