package serve

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
	"judge/judge/queue"
)

// eventReader reads server-sent events as a browser does.
type eventReader struct {
	t        *testing.T
	response *http.Response
	lines    *bufio.Scanner
}

type sentEvent struct{ id, kind, data string }

// follow opens a submission's stream.
func (a *api) follow(id string, headers ...string) *eventReader {
	a.t.Helper()
	response, err := a.client.Do(a.request(http.MethodGet, "/v1/submissions/"+id+"/events", "", headers...))
	require.NoError(a.t, err)
	require.Equal(a.t, http.StatusOK, response.StatusCode)
	assert.Equal(a.t, "text/event-stream", response.Header.Get("Content-Type"))
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	e := &eventReader{a.t, response, lines}
	a.t.Cleanup(e.close)
	return e
}

func (e *eventReader) close() { e.response.Body.Close() }

// next returns the next event; false when there are no more.
func (e *eventReader) next() (sentEvent, bool) {
	var event sentEvent
	for e.lines.Scan() {
		key, value, _ := strings.Cut(e.lines.Text(), ": ")
		switch key {
		case "id":
			event.id = value
		case "event":
			event.kind = value
		case "data":
			event.data = value
		case "":
			if event.kind != "" {
				return event, true
			}
		}
	}
	return event, false
}

func TestEventsComeAsTheyHappen(t *testing.T) {
	a := newAPI(t, nil)
	made := a.submit(sumSubmission())
	stream := a.follow(made.ID)
	a.queue.begin(made.ID)
	attempt, ok := stream.next()
	require.True(t, ok)
	assert.Equal(t, "attempt", attempt.kind)
	assert.Contains(t, attempt.data, "worker-1")
	a.queue.record(made.ID, &judge.Record{Schema: judge.Schema, Kind: judge.KindRun, Task: "sum", Submission: "main.py", Test: "1", Verdict: judge.Accepted, Message: "a\nb"})
	run, ok := stream.next()
	require.True(t, ok)
	assert.Equal(t, "record", run.kind)
	assert.Equal(t, "2", run.id)
	var record judge.Record
	require.NoError(t, json.Unmarshal([]byte(run.data), &record))
	assert.Equal(t, "a\nb", record.Message)
	a.queue.finish(made.ID, judge.Accepted)
	last, ok := stream.next()
	require.True(t, ok)
	assert.Equal(t, "record", last.kind)
	result, ok := stream.next()
	require.True(t, ok)
	assert.Equal(t, "result", result.kind)
	var status submissionStatus
	require.NoError(t, json.Unmarshal([]byte(result.data), &status))
	assert.Equal(t, as[submissionStatus](t, a.get(made.Links.Self), http.StatusOK), status)
	_, more := stream.next()
	assert.False(t, more)

	again := a.follow(made.ID, "Last-Event-ID", run.id)
	event, ok := again.next()
	require.True(t, ok)
	assert.Equal(t, last, event)
	assert.Equal(t, http.StatusNoContent, a.get(made.Links.Events, "Last-Event-ID", result.id).status)
	assert.Equal(t, http.StatusOK, a.do(http.MethodHead, made.Links.Events, "").status)
}

// quietWriter keeps what was written; it can flush.
type quietWriter struct {
	probe
	text strings.Builder
}

func (w *quietWriter) Write(p []byte) (int, error) { return w.text.Write(p) }
func (w *quietWriter) Flush()                      {}

func TestQuietStreamsAreKeptAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
		defer cancel()
		w := &quietWriter{probe: probe{header: http.Header{}}}
		stream := &eventStream{w: w, control: http.NewResponseController(w)}
		stream.run(ctx, func(yield func(queue.Event, error) bool) {
			<-ctx.Done()
			yield(queue.Event{}, ctx.Err())
		}, nil)
		assert.Equal(t, 3, strings.Count(w.text.String(), ": \n\n"))
		assert.NoError(t, stream.ended(ctx))
	})
}

func TestDrainingEndsWhatWaits(t *testing.T) {
	a := newAPI(t, nil)
	made := a.submit(sumSubmission())
	stream := a.follow(made.ID)
	waited := make(chan answered, 1)
	go func() { waited <- a.get(made.Links.Self + "?wait=60s") }()
	eventually(t, func() bool { return a.service.waiting() > 0 })

	a.service.Drain()
	_, more := stream.next()
	assert.False(t, more)
	assert.Equal(t, queue.Queued, as[submissionStatus](t, <-waited, http.StatusOK).State)
	for _, answer := range []answered{
		a.get("/readyz"), a.post("/v1/submissions", sumSubmission()), a.post("/v1/tasks", sumTask()), a.do(http.MethodPost, "/v1/files", "x"),
		a.post("/run", object{}),
	} {
		refusal(t, answer, unavailable)
		assert.Equal(t, "10", answer.header.Get("Retry-After"))
	}
	assert.Equal(t, http.StatusOK, a.get("/healthz").status)
	assert.Equal(t, http.StatusOK, a.get(made.Links.Self).status)
	assert.Equal(t, queue.Cancelled, as[submissionStatus](t, a.do(http.MethodDelete, made.Links.Self, ""), http.StatusOK).State)
}

// waiting is how many requests wait for a result.
func (s *Service) waiting() int {
	s.open.mu.Lock()
	defer s.open.mu.Unlock()
	return len(s.open.waiters)
}

func TestWatchersWhoNeverReadAreBounded(t *testing.T) {
	a := newAPI(t, nil)
	made := a.submit(sumSubmission())
	before := runtime.NumGoroutine()
	refused := 0
	for range 2000 {
		conn := a.dial()
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", made.Links.Events)
		response, err := http.ReadResponse(bufio.NewReaderSize(conn, 16), nil)
		require.NoError(t, err)
		if response.StatusCode == http.StatusTooManyRequests {
			refused++
			conn.Close()
			continue
		}
		require.Equal(t, http.StatusOK, response.StatusCode)
	}
	assert.Equal(t, 2000-DefaultLimits.Streams, refused)
	assert.Less(t, runtime.NumGoroutine()-before, 8*DefaultLimits.Streams)
	assert.Equal(t, http.StatusOK, a.get("/healthz").status)
	assert.Equal(t, http.StatusOK, a.get("/v1/queue").status)
	a.stop() // ends every stream
	assert.Zero(t, a.queue.watched)
}

func TestStreamsEndWhenNobodyReads(t *testing.T) {
	a := hurriedAPI(t, time.Minute, 500*time.Millisecond) // what we ask for may come slowly
	const id = "one"
	_, err := a.queue.Submit(t.Context(), queue.Job{ID: id})
	require.NoError(t, err)
	a.queue.begin(id)
	conn := a.dial()
	require.NoError(t, conn.(*net.TCPConn).SetReadBuffer(4<<10))
	fmt.Fprintf(conn, "GET /v1/submissions/%s/events HTTP/1.1\r\nHost: localhost\r\n\r\n", id)
	text := strings.Repeat("x", 64<<10)
	begun := false
	deadline := time.Now().Add(time.Minute)
	for watched := 0; !begun || watched > 0; {
		require.True(t, time.Now().Before(deadline), "the stream goes on")
		a.queue.mu.Lock()
		watched = a.queue.watched
		begun = begun || watched > 0
		line := fmt.Appendf(nil, `{"schema":1,"kind":"run","message":%q}`, text)
		a.queue.events[id] = append(a.queue.events[id], queue.Event{Sequence: uint64(len(a.queue.events[id]) + 1), Record: line})
		a.queue.change()
		a.queue.mu.Unlock()
		runtime.Gosched()
	}
}
