package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge/queue"
)

func TestAnAnswerTakesAsLongAsItsClientWaits(t *testing.T) {
	for _, row := range []struct {
		name  string
		kind  waitKind
		query string
		want  time.Duration // 0: no bound
	}{
		{"prompt", prompt, "?wait=10s", promptTimeout},
		{"who does not wait", waiting, "", promptTimeout},
		{"who waits", waiting, "?wait=10s", promptTimeout + 10*time.Second},
		{"who waits for too long", waiting, "?wait=1h", promptTimeout + maxWait},
		{"nonsense", waiting, "?wait=soon", promptTimeout},
		{"endless", endless, "", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := row.kind.bound(httptest.NewRequest("POST", "/v1/submissions"+row.query, nil))
			defer cancel()
			until, bound := ctx.Deadline()
			assert.Equal(t, row.want > 0, bound, row.name)
			if bound {
				assert.Equal(t, row.want, time.Until(until), row.name)
			}
		})
	}
}

// slowly is a body that takes its time.
type slowly struct {
	io.Reader
	wait time.Duration
}

func (s *slowly) Read(p []byte) (int, error) {
	time.Sleep(s.wait)
	s.wait = 0
	return s.Reader.Read(p)
}

// promptQueue is one whose answers come to those only who have time left.
type promptQueue struct{ *memoryQueue }

func (q promptQueue) Submit(ctx context.Context, j queue.Job) (queue.Job, error) {
	if ctx.Err() != nil {
		return queue.Job{}, ctx.Err()
	}
	return q.memoryQueue.Submit(ctx, j)
}

func (q promptQueue) PutFile(ctx context.Context, r io.Reader, limit int64) (queue.File, error) {
	if ctx.Err() != nil {
		return queue.File{}, ctx.Err()
	}
	return q.memoryQueue.PutFile(ctx, r, limit)
}

func TestTimeThatABodyTakesIsNotTheQueues(t *testing.T) {
	for path, body := range map[string]object{"/v1/submissions": sumSubmission(), "/v1/tasks": sumTask()} {
		synctest.Test(t, func(t *testing.T) {
			s := New(Options{Queue: promptQueue{newMemoryQueue()}})
			text, err := json.Marshal(body)
			require.NoError(t, err)
			r := httptest.NewRequest("POST", "http://127.0.0.1"+path, &slowly{bytes.NewReader(text), 2 * promptTimeout})
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			assert.Less(t, w.Code, 300, "%s: %s", path, w.Body)
			assert.NoError(t, s.Close())
		})
	}
}

func TestSubmissionToAQueueThatDoesNotAnswerEnds(t *testing.T) {
	for _, path := range []string{"/v1/submissions", "/v1/submissions?wait=10s"} {
		synctest.Test(t, func(t *testing.T) {
			q := newMemoryQueue()
			s := New(Options{Queue: silentQueue{q}})
			text, err := json.Marshal(sumSubmission())
			require.NoError(t, err)
			r := httptest.NewRequest("POST", "http://127.0.0.1"+path, bytes.NewReader(text))
			r.Header.Set("Content-Type", "application/json")
			w, begin := httptest.NewRecorder(), time.Now()
			s.ServeHTTP(w, r)
			assert.Equal(t, http.StatusServiceUnavailable, w.Code, "%s", w.Body)
			assert.Equal(t, promptTimeout, time.Since(begin), path)
			assert.NoError(t, s.Close())
		})
	}
}

// silentQueue stores files, and does not answer who submits.
type silentQueue struct{ *memoryQueue }

func (silentQueue) Submit(ctx context.Context, _ queue.Job) (queue.Job, error) {
	<-ctx.Done()
	return queue.Job{}, fmt.Errorf("publish: %w (no response)", ctx.Err())
}
