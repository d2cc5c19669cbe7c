package serve

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge/queue"
)

// askedQueue knows which files were asked for.
type askedQueue struct {
	*memoryQueue
	mu    sync.Mutex
	asked map[string]bool
}

func (q *askedQueue) Stat(ctx context.Context, hash string) (queue.File, error) {
	q.mu.Lock()
	q.asked[hash] = true
	q.mu.Unlock()
	return q.memoryQueue.Stat(ctx, hash)
}

func (q *askedQueue) forget() { q.asked = map[string]bool{} }

// What a submission needs is asked for, so that it is not swept before the submission is judged.
func TestFilesOfSubmissionsAreAskedFor(t *testing.T) {
	q := &askedQueue{memoryQueue: newMemoryQueue(), asked: map[string]bool{}}
	a := newAPIOf(t, q, nil)
	source := as[queue.File](t, a.do(http.MethodPost, "/v1/files", "print(3)"), http.StatusCreated)
	input := as[queue.File](t, a.do(http.MethodPost, "/v1/files", "1 2\n"), http.StatusCreated)
	body := sumTask()
	body["files"].(object)["tests/1.in"] = object{"sha256": input.SHA256}
	task := as[taskAnswer](t, a.post("/v1/tasks", body), http.StatusCreated)
	assert.True(t, q.asked[input.SHA256], "by its hash, in a task")

	submission := object{"task": task.ID, "sources": object{"main.py": object{"sha256": source.SHA256}}}
	q.forget()
	a.submit(submission)
	assert.Equal(t, map[string]bool{source.SHA256: true}, q.asked, "the task was asked for a moment ago")

	c := &a.service.tasks
	kept := c.tasks[task.ID]
	kept.loaded = kept.loaded.Add(-maxCachedAge - time.Second)
	c.tasks[task.ID] = kept
	q.forget()
	a.submit(submission)
	for name, file := range body["files"].(object) {
		hash := input.SHA256
		if text, ok := file.(string); ok {
			hash = content{data: []byte(text)}.sha256()
		}
		assert.True(t, q.asked[hash], name)
	}
	assert.True(t, q.asked[task.ID], "the manifest")
	assert.True(t, q.asked[source.SHA256], "the source")
	assert.Len(t, c.order, 1)
	assert.Equal(t, 1, c.tests)
}

func TestOneClientsUploadsHaveABoundTogether(t *testing.T) {
	a := newAPI(t, threeTokens(t))
	use := &a.service.clients.usage(Token{Name: "a", Limits: DefaultLimits}).uploads
	use.bytes = uploadShare - 10
	refusal(t, a.do(http.MethodPost, "/v1/files", "more than 10 bytes", bearer(tokenA)...), unavailable)
	as[queue.File](t, a.do(http.MethodPost, "/v1/files", "10 bytes..", bearer(tokenA)...), http.StatusCreated)
	as[queue.File](t, a.do(http.MethodPost, "/v1/files", "more than 10 bytes", bearer(tokenB)...), http.StatusCreated)
	assert.EqualValues(t, uploadShare-10, use.bytes)
}

// deafQueue reads what it is to store, and does not answer.
type deafQueue struct{ *memoryQueue }

func (deafQueue) PutFile(ctx context.Context, r io.Reader, _ int64) (queue.File, error) {
	if _, err := io.Copy(io.Discard, r); err != nil {
		return queue.File{}, err
	}
	<-ctx.Done()
	return queue.File{}, fmt.Errorf("store: %w (no response)", ctx.Err())
}

func TestUploadToAQueueThatDoesNotAnswerEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Queue: deafQueue{newMemoryQueue()}})
		w, begin := httptest.NewRecorder(), time.Now()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "http://127.0.0.1/v1/files", strings.NewReader("a file")))
		assert.Equal(t, http.StatusServiceUnavailable, w.Code)
		assert.Contains(t, w.Body.String(), "the queue does not answer")
		assert.Equal(t, promptTimeout, time.Since(begin))
		assert.NoError(t, s.Close())
	})
	assert.Equal(t, promptTimeout+1024*time.Second, storingTime(1<<30), "a gigabyte")
}

// Who sends many files at one time gets those that there is room for.
func TestOfUploadsThatAreTooLargeTogetherOneEnds(t *testing.T) {
	var all uploads
	begin := func() *upload { return &upload{from: strings.NewReader("0123456789"), of: &all, most: 20} }
	first, second, third := begin(), begin(), begin()
	for _, u := range []*upload{first, second, third} {
		_, err := io.ReadFull(u, make([]byte, 6))
		require.NoError(t, err)
	}
	_, err := third.Read(make([]byte, 4))
	require.ErrorContains(t, err, "too large at this time")
	for _, u := range []*upload{first, second} {
		rest, err := io.ReadAll(u)
		require.NoError(t, err, "the one that went over has ended, the others go on")
		assert.Equal(t, "6789", string(rest))
	}
	for _, u := range []*upload{third, second, first} {
		u.end()
	}
	assert.Zero(t, all.bytes)
}

func TestOneUploadMayBeAsLargeAsItsTokenSays(t *testing.T) {
	a := newAPI(t, tokensOf(t, "a "+tokenA+" bytes=16GiB\n"))
	a.service.clients.usage(Token{Name: "a", Limits: DefaultLimits}).uploads.bytes = uploadShare
	as[queue.File](t, a.do(http.MethodPost, "/v1/files", "the rest of a large file", bearer(tokenA)...), http.StatusCreated)
}

func TestFilesAreNamedByTheirHash(t *testing.T) {
	a := newAPI(t, nil)
	answer := a.do(http.MethodPost, "/v1/files", "1 2\n")
	file := as[queue.File](t, answer, http.StatusCreated)
	assert.Equal(t, "/v1/files/"+file.SHA256, answer.header.Get("Location"))
	read := a.get("/v1/files/" + file.SHA256)
	assert.Equal(t, "1 2\n", string(read.body))
	assert.Equal(t, "attachment", read.header.Get("Content-Disposition"))
	head := a.do(http.MethodHead, "/v1/files/"+file.SHA256, "")
	assert.Equal(t, "4", head.header.Get("Content-Length"))
	refusal(t, a.get("/v1/files/"+strings.Repeat("0", 64)), notFound)
	refusal(t, a.get("/v1/files/"+strings.ToUpper(file.SHA256)), notFound)

	task := sumTask()
	task["files"].(object)["tests/1.in"] = object{"sha256": file.SHA256}
	as[taskAnswer](t, a.post("/v1/tasks", task), http.StatusCreated)
	task["files"].(object)["tests/1.in"] = object{"sha256": strings.Repeat("0", 64)}
	p := refusal(t, a.post("/v1/tasks", task), invalid)
	assert.Equal(t, "tests/1.in", p.Errors[0].File)

	source := as[queue.File](t, a.do(http.MethodPost, "/v1/files", "print(3)"), http.StatusCreated)
	made := a.submit(object{"task": sumTask(), "sources": object{"x.py": object{"sha256": source.SHA256}}})
	assert.Equal(t, source.SHA256, a.queue.find(made.ID).Job.Sources[0].SHA256)
}
