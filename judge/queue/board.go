package queue

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// board is what a worker knows of the consumers: which there are, and when each was last seen empty.
type board struct {
	mu      sync.Mutex
	entries map[string]*entry
	listed  time.Time // when they were listed last
}

// entry is a consumer: jobs of one priority that need the same languages. All but empty and ackWait does not change.
type entry struct {
	name     string
	priority Priority
	needs    []string
	empty    time.Time     // when no job was there; zero: not known, or somebody said that one is
	ackWait  time.Duration // 0: not known
}

// add makes sure that there is an entry, and says that it may have a job. It returns nil for a name that is not one of ours.
func (b *board) add(name string) *entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entries[name]
	if e == nil {
		p, needs, ok := parseConsumer(name)
		if !ok {
			return nil
		}
		if b.entries == nil {
			b.entries = map[string]*entry{}
		}
		e = &entry{name: name, priority: p, needs: needs}
		b.entries[name] = e
	}
	e.empty = time.Time{}
	return e
}

// forget drops all that is known.
func (b *board) forget() {
	b.mu.Lock()
	b.entries, b.listed = nil, time.Time{}
	b.mu.Unlock()
}

// emptied says that there was no job at a time.
func (b *board) emptied(e *entry, at time.Time) {
	b.mu.Lock()
	e.empty = at
	b.mu.Unlock()
}

// due returns the consumers that can serve and were not seen empty since a time, the highest priority first, and those of
// one priority in any order, so that no language always comes before another.
func (b *board) due(can func(string) bool, since time.Time) []*entry {
	b.mu.Lock()
	var list []*entry
	for _, e := range b.entries {
		if e.empty.Before(since) && canAll(can, e.needs) {
			list = append(list, e)
		}
	}
	b.mu.Unlock()
	rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	slices.SortStableFunc(list, func(a, b *entry) int { return rank(a.priority) - rank(b.priority) })
	return list
}

func canAll(can func(string) bool, needs []string) bool {
	return can == nil || !slices.ContainsFunc(needs, func(language string) bool { return !can(language) })
}

// listAge is after what time a worker looks whether there are new consumers. An idle one hears of them.
const listAge = 10 * time.Second

// list asks the server which consumers there are, if that was long ago.
func (q *Queue) list(ctx context.Context, age time.Duration) {
	q.board.mu.Lock()
	known := time.Since(q.board.listed) < age
	q.board.mu.Unlock()
	if known {
		return
	}
	ctx, cancel := q.try(ctx)
	defer cancel()
	started := time.Now()
	names := q.streams[streamWork].ConsumerNames(ctx)
	var fresh []string
	for name := range names.Name() {
		fresh = append(fresh, name)
	}
	if names.Err() != nil {
		return // the next look asks again
	}
	for _, name := range fresh {
		if !q.board.has(name) {
			q.board.add(name)
		}
	}
	q.board.mu.Lock()
	q.board.listed = started
	q.board.mu.Unlock()
}

func (b *board) has(name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.entries[name] != nil
}
