package serve

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"iter"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"judge/judge"
	"judge/judge/queue"
)

// memoryQueue is a queue for tests. Nothing works on it: finish says how a job ends.
type memoryQueue struct {
	mu      sync.Mutex
	files   map[string][]byte
	jobs    []queue.Status           // in the order of their sequences
	records map[string][]byte        // by job
	events  map[string][]queue.Event // by job
	changed chan struct{}            // closed when something has changed
	ready   error                    // of Ready
	submit  func(queue.Job) error    // nil: all is well
	workers []queue.Advert
	lengths []queue.Length
	results []queue.Result
	watched int          // streams at this time
	asked   int          // how often Status was called
	swept   atomic.Int64 // how often SweepFiles was
	given   atomic.Int64 // how often SweepJobs was
	mute    bool         // Results tells of none
}

func newMemoryQueue() *memoryQueue {
	return &memoryQueue{
		files: map[string][]byte{}, records: map[string][]byte{}, events: map[string][]queue.Event{}, changed: make(chan struct{}),
	}
}

// change tells everybody who waits; q.mu is held.
func (q *memoryQueue) change() {
	close(q.changed)
	q.changed = make(chan struct{})
}

func (q *memoryQueue) find(id string) *queue.Status {
	for i := range q.jobs {
		if q.jobs[i].Job.ID == id {
			return &q.jobs[i]
		}
	}
	return nil
}

func (q *memoryQueue) Ready(context.Context) error { return q.ready }

func (q *memoryQueue) Submit(_ context.Context, j queue.Job) (queue.Job, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.submit != nil {
		if err := q.submit(j); err != nil {
			return queue.Job{}, err
		}
	}
	if known := q.find(j.ID); known != nil {
		j.Submitted = known.Job.Submitted
		if !reflect.DeepEqual(j, known.Job) {
			return queue.Job{}, queue.ErrExists
		}
		return known.Job, nil
	}
	j.Submitted = time.Now().UTC()
	q.jobs = append(q.jobs, queue.Status{Job: j, Sequence: uint64(len(q.jobs) + 1), State: queue.Queued})
	q.change()
	return j, nil
}

func (q *memoryQueue) Cancel(_ context.Context, id string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.find(id)
	switch {
	case s == nil:
		return queue.ErrUnknown
	case s.State == queue.Cancelled:
		return nil
	case s.State.Final():
		return queue.ErrFinished
	}
	q.end(s, queue.Result{ID: id, State: queue.Cancelled})
	return nil
}

func (q *memoryQueue) end(s *queue.Status, r queue.Result) {
	r.ID, r.Queued, r.Finished = s.Job.ID, s.Job.Submitted, time.Now().UTC()
	r.Bytes = int64(len(q.records[r.ID]))
	s.State, s.Result = r.State, &r
	q.results = append(q.results, r)
	q.events[r.ID] = append(q.events[r.ID], queue.Event{Result: &r})
	q.change()
}

// begin lets a worker begin a job.
func (q *memoryQueue) begin(id string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.find(id)
	s.State = queue.Running
	attempt := queue.Attempt{Number: len(s.Attempts) + 1, Worker: "worker-1", Started: time.Now().UTC()}
	s.Attempts = append(s.Attempts, attempt)
	q.events[id] = append(q.events[id], queue.Event{Sequence: uint64(len(q.events[id]) + 1), Attempt: &attempt})
	q.change()
}

// record lets the worker say something.
func (q *memoryQueue) record(id string, r *judge.Record) {
	q.mu.Lock()
	defer q.mu.Unlock()
	line, err := judge.AppendRecord(nil, r)
	if err != nil {
		panic(err)
	}
	q.records[id] = append(q.records[id], line...)
	q.events[id] = append(q.events[id], queue.Event{Sequence: uint64(len(q.events[id]) + 1), Record: bytes.TrimSpace(line)})
	q.change()
}

// finish lets the worker end the job with a verdict.
func (q *memoryQueue) finish(id string, verdict judge.Verdict) {
	expected := verdict == judge.Accepted
	last := &judge.Record{Schema: judge.Schema, Kind: judge.KindSubmission, Task: "sum", Submission: "main.py", Language: "python",
		Verdict: verdict, Test: "1", CPU: judge.Millis(12 * time.Millisecond), Memory: 4096, AsExpected: &expected}
	q.record(id, last)
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.find(id)
	attempt := s.Attempts[len(s.Attempts)-1]
	q.end(s, queue.Result{
		State: queue.Done, Worker: attempt.Worker, Attempt: attempt.Number, Started: attempt.Started,
		Runs: 1, Verdict: verdict, Submission: last,
		Verdicts: map[judge.Verdict]int{verdict: 1}, Phases: map[string]judge.Millis{"run": judge.Millis(12 * time.Millisecond)},
	})
}

func (q *memoryQueue) Status(_ context.Context, id string) (queue.Status, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.asked++
	if s := q.find(id); s != nil {
		return *s, nil
	}
	return queue.Status{}, queue.ErrUnknown
}

func (q *memoryQueue) List(_ context.Context, o queue.ListOptions) (page []queue.Status, next uint64, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, s := range slices.Backward(q.jobs) {
		switch {
		case o.Before > 0 && s.Sequence >= o.Before, o.Owner != "" && s.Job.Owner != o.Owner:
		case len(page) == o.Limit:
			return page, page[len(page)-1].Sequence, nil
		default:
			page = append(page, s)
		}
	}
	return page, 0, nil
}

// wait waits for a change, which the caller looks for with look, with q.mu held.
func (q *memoryQueue) wait(ctx context.Context, look func() bool) error {
	for {
		q.mu.Lock()
		changed, found := q.changed, look()
		q.mu.Unlock()
		if found {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (q *memoryQueue) Watch(ctx context.Context, id string, after uint64) iter.Seq2[queue.Event, error] {
	return func(yield func(queue.Event, error) bool) {
		q.mu.Lock()
		q.watched++
		q.mu.Unlock()
		defer func() {
			q.mu.Lock()
			q.watched--
			q.mu.Unlock()
		}()
		for i := 0; ; i++ {
			var event queue.Event
			err := q.wait(ctx, func() bool {
				if i < len(q.events[id]) {
					event = q.events[id][i]
					return true
				}
				return false
			})
			if err != nil {
				yield(event, err)
				return
			}
			if event.Result == nil && event.Sequence <= after {
				continue
			}
			if !yield(event, nil) || event.Result != nil {
				return
			}
		}
	}
}

// watching is how many watch.
func (q *memoryQueue) watching() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.watched
}

func (q *memoryQueue) Results(ctx context.Context) iter.Seq2[queue.Result, error] {
	return func(yield func(queue.Result, error) bool) {
		for i := 0; ; i++ {
			var result queue.Result
			err := q.wait(ctx, func() bool {
				if i < len(q.results) && !q.mute {
					result = q.results[i]
					return true
				}
				return false
			})
			if !yield(result, err) || err != nil {
				return
			}
		}
	}
}

func (q *memoryQueue) OpenRecords(_ context.Context, id string) (io.ReadCloser, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	records, ok := q.records[id]
	if !ok {
		return nil, queue.ErrUnknown
	}
	return io.NopCloser(bytes.NewReader(records)), nil
}

func (q *memoryQueue) PutFile(_ context.Context, r io.Reader, limit int64) (queue.File, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return queue.File{}, err
	}
	if int64(len(data)) > limit {
		return queue.File{}, queue.ErrTooLarge
	}
	sum := sha256.Sum256(data)
	f := queue.File{SHA256: hex.EncodeToString(sum[:]), Bytes: int64(len(data))}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.files[f.SHA256] = data
	return f, nil
}

func (q *memoryQueue) OpenFile(_ context.Context, hash string) (io.ReadCloser, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	data, ok := q.files[hash]
	if !ok {
		return nil, queue.ErrUnknown
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func (q *memoryQueue) Stat(_ context.Context, hash string) (queue.File, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	data, ok := q.files[hash]
	if !ok {
		return queue.File{}, queue.ErrUnknown
	}
	return queue.File{SHA256: hash, Bytes: int64(len(data))}, nil
}

func (q *memoryQueue) SweepJobs(context.Context) (int, error) {
	q.given.Add(1)
	return 0, nil
}

func (q *memoryQueue) SweepFiles(context.Context) (int, error) {
	return int(q.swept.Add(1)) - 1, nil
}

func (q *memoryQueue) Workers(context.Context) ([]queue.Advert, error) { return q.workers, nil }

func (q *memoryQueue) Lengths(context.Context) ([]queue.Length, error) { return q.lengths, nil }
