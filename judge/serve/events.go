package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"judge/judge/queue"
)

const (
	keepAlive = 15 * time.Second // between comments, so that nobody on the way takes a quiet stream for a dead one
	maxStream = time.Hour        // a client that wants more goes on with Last-Event-ID, as browsers do by themselves
	endOfAll  = "end"            // id of the last event: who comes back with it has everything
)

// getEvents streams what happens to a submission, as server-sent events: `attempt` when a worker begins, whose
// data say which; `record` for each compilation and run; and `result`, after which nothing comes.
func (s *Service) getEvents(w http.ResponseWriter, r *http.Request) error {
	after, err := lastEvent(r)
	if err != nil {
		return err
	}
	status, err := s.status(r)
	if err != nil {
		return err
	}
	if r.Header.Get("Last-Event-ID") == endOfAll {
		w.WriteHeader(http.StatusNoContent) // a browser does not come back then
		return nil
	}
	end, err := clientOf(r.Context()).beginStream()
	if err != nil {
		return err
	}
	defer end()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx
	if r.Method == http.MethodHead {
		return nil
	}
	s.metrics.streams.Inc()
	defer s.metrics.streams.Dec()
	ctx, cancel := context.WithTimeout(r.Context(), maxStream)
	defer cancel()
	defer context.AfterFunc(s.draining, cancel)()
	stream := &eventStream{w: w, control: http.NewResponseController(w)}
	c := clientOf(r.Context())
	stream.comment("judge " + c.shownID(status.Job))
	stream.run(ctx, s.queue.Watch(ctx, status.Job.ID, after), func(result queue.Result) any {
		ended := status
		ended.State, ended.Result = result.State, &result
		return c.newSubmissionStatus(ended)
	})
	return stream.ended(ctx)
}

// lastEvent reads after which event a client wants to go on.
func lastEvent(r *http.Request) (uint64, error) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" || text == endOfAll {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, badRequest.problem("Last-Event-ID: want the id of an event")
	}
	return n, nil
}

// eventStream writes server-sent events.
type eventStream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	err     error // the first; nothing is written afterwards
}

// run writes events until there are no more, with a comment whenever there is none for a while.
func (e *eventStream) run(ctx context.Context, events func(func(queue.Event, error) bool), describe func(queue.Result) any) {
	type step struct {
		event queue.Event
		err   error
	}
	steps := make(chan step)
	watched := make(chan struct{})
	ctx, cancel := context.WithCancel(ctx)
	defer func() { cancel(); <-watched }()
	go func() {
		defer close(watched)
		defer close(steps)
		for event, err := range events {
			select {
			case steps <- step{event, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	alive := time.NewTicker(keepAlive)
	defer alive.Stop()
	for e.err == nil {
		select {
		case <-alive.C:
			e.comment("")
		case next, more := <-steps:
			switch {
			case !more:
				return
			case next.err != nil:
				e.err = next.err
			default:
				e.event(next.event, describe)
			}
		}
	}
}

func (e *eventStream) event(event queue.Event, describe func(queue.Result) any) {
	id := strconv.FormatUint(event.Sequence, 10)
	switch {
	case event.Result != nil:
		e.data(endOfAll, "result", describe(*event.Result))
	case event.Attempt != nil:
		e.data(id, "attempt", event.Attempt)
	case len(event.Record) > 0:
		e.data(id, "record", event.Record)
	}
}

// data writes one event. JSON has no newlines, which would end its line.
func (e *eventStream) data(id, kind string, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		e.err = err
		return
	}
	e.write(fmt.Sprintf("id: %s\nevent: %s\ndata: %s\n\n", id, kind, text))
}

func (e *eventStream) comment(text string) { e.write(": " + text + "\n\n") }

func (e *eventStream) write(text string) {
	if e.err != nil {
		return
	}
	if _, e.err = e.w.Write([]byte(text)); e.err == nil {
		e.err = e.control.Flush()
	}
}

// ended is what is left to say of a stream. One that was cut short on purpose, or whose client has gone, is none
// of our faults.
func (e *eventStream) ended(ctx context.Context) error {
	if ctx.Err() != nil || errors.Is(e.err, context.Canceled) {
		return nil
	}
	return e.err
}
