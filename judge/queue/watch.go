package queue

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Event is something that happened to a job. Exactly one of Attempt, Record and Result is set.
type Event struct {
	// Sequence grows from event to event; Watch goes on after it. That of a result is 0: nothing follows.
	Sequence uint64

	Attempt *Attempt        // a worker began, or gave back: records of earlier attempts count no more
	Record  json.RawMessage // a record as its line of JSON, without the newline
	Result  *Result         // the last event
}

// Watch yields what happens to a job, from the beginning or after the event of a sequence, until its result.
// Records of an attempt that is not the latest are left out, and so are those that are not known any more: who wants
// all of them, for sure, calls OpenRecords after the result. It ends with an error when the context ends, and
// ErrUnknown when there is no such job.
func (q *Queue) Watch(ctx context.Context, id string, after uint64) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if _, _, err := q.job(ctx, id); err != nil {
			yield(Event{}, err)
			return
		}
		w := watcher{q: q, id: id, sequence: after, bell: q.newBell(progressSubject(id, "*"), resultSubject(id)), yield: yield}
		defer w.bell.close()
		if err := w.run(ctx); err != nil && err != errEnough {
			yield(Event{}, err)
		}
	}
}

// watcher follows one job.
type watcher struct {
	q        *Queue
	id       string
	sequence uint64 // of the last message that was read
	attempt  int    // the latest
	bell     *bell
	yield    func(Event, error) bool
}

// errEnough says that who watches has seen enough.
var errEnough = errors.New("enough")

// How long a watcher waits until it looks by itself: first, and at most.
const (
	shortWatch = 2 * time.Millisecond
	longWatch  = 2 * time.Second
)

func (w *watcher) run(ctx context.Context) error {
	for pause := shortWatch; ; pause = min(2*pause, longWatch) {
		before := w.sequence
		if err := w.progress(ctx); err != nil {
			return err
		}
		r, err := w.q.result(ctx, w.id)
		if err == nil {
			return w.finish(ctx, r.Result)
		}
		if !errors.Is(err, ErrUnknown) {
			return err
		}
		if w.sequence > before || w.bell.wait(ctx, pause) {
			pause = shortWatch
		}
		if err := w.q.ended(ctx); err != nil {
			return err
		}
	}
}

// finish yields what came before the result, and the result.
func (w *watcher) finish(ctx context.Context, r Result) error {
	if err := w.progress(ctx); err != nil {
		return err
	}
	w.yield(Event{Result: &r}, nil)
	return nil
}

// progress yields what is stored and was not yielded.
func (w *watcher) progress(ctx context.Context) error {
	for m, err := range w.q.messages(ctx, "watch job "+w.id, streamProgress, progressSubject(w.id, "*"), w.sequence+1) {
		if err != nil {
			return err
		}
		w.sequence = m.Sequence
		if e, ok := w.event(m); ok && !w.yield(e, nil) {
			return errEnough
		}
	}
	return nil
}

// event makes an event of a message; false when it is none that counts.
func (w *watcher) event(m *jetstream.RawStreamMsg) (Event, bool) {
	e := Event{Sequence: m.Sequence}
	switch strings.TrimPrefix(m.Subject, progressSubject(w.id, "")) {
	case progressAttempt:
		var a Attempt
		if json.Unmarshal(m.Data, &a) != nil || a.Number < w.attempt {
			return e, false
		}
		w.attempt, e.Attempt = a.Number, &a
	case progressRecord:
		n, err := strconv.Atoi(m.Header.Get(headerAttempt))
		if err != nil || n < w.attempt || !json.Valid(m.Data) {
			return e, false
		}
		w.attempt, e.Record = n, m.Data
	default:
		return e, false
	}
	return e, true
}
