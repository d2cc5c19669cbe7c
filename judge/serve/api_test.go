package serve

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// api is a service on loopback, with a queue in memory.
type api struct {
	t       *testing.T
	queue   *memoryQueue
	service *Service
	url     string
	log     *lockedBuffer
	stop    func() // ends the service as SIGTERM does; once
	client  *http.Client
}

// newAPI starts a service; nil: without tokens.
func newAPI(t *testing.T, tokens *Tokens) *api {
	t.Helper()
	q := newMemoryQueue()
	a := newAPIOf(t, q, tokens)
	a.queue = q
	return a
}

// newAPIOf is newAPI with a queue.
func newAPIOf(t *testing.T, q Queue, tokens *Tokens) *api {
	t.Helper()
	a := &api{t: t, log: &lockedBuffer{}, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}}
	a.service = New(Options{
		Queue: q, Tokens: tokens, Version: "1.2.3", Doors: everyDoor(), Temp: t.TempDir(),
		Log: slog.New(slog.NewTextHandler(a.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	l, err := Listen("127.0.0.1:0", tokens)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.service.Serve(ctx, l, 5*time.Second) }()
	a.url = "http://" + l.Addr().String()
	a.stop = sync.OnceFunc(func() {
		cancel()
		assert.NoError(t, <-ended)
		assert.NoError(t, a.service.Close())
		a.client.CloseIdleConnections()
	})
	t.Cleanup(a.stop)
	return a
}

// within is the api for a subtest.
func (a *api) within(t *testing.T) *api {
	own := *a
	own.t = t
	return &own
}

// answered is what came back.
type answered struct {
	status int
	header http.Header
	body   []byte
}

// request makes a request. Headers are pairs.
func (a *api) request(method, path, body string, headers ...string) *http.Request {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, strings.NewReader(body))
	require.NoError(a.t, err)
	if body == "" {
		r.Body = nil
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	return r
}

// do makes a request and compares the answer with openapi.json.
func (a *api) do(method, path, body string, headers ...string) answered {
	a.t.Helper()
	response, err := a.client.Do(a.request(method, path, body, headers...))
	require.NoError(a.t, err)
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	require.NoError(a.t, err)
	checkAnswer(a.t, method, response.Request.URL.Path, response.StatusCode, response.Header, data)
	return answered{response.StatusCode, response.Header, data}
}

func (a *api) get(path string, headers ...string) answered {
	a.t.Helper()
	return a.do(http.MethodGet, path, "", headers...)
}

// post sends JSON.
func (a *api) post(path string, body any, headers ...string) answered {
	a.t.Helper()
	text, err := json.Marshal(body)
	require.NoError(a.t, err)
	return a.do(http.MethodPost, path, string(text), append([]string{"Content-Type", "application/json"}, headers...)...)
}

// as reads an answer that has a status.
func as[T any](t *testing.T, a answered, status int) T {
	t.Helper()
	require.Equal(t, status, a.status, "%s", a.body)
	var value T
	require.NoError(t, json.Unmarshal(a.body, &value), "%s", a.body)
	return value
}

// refusal reads a problem, and wants it of a type.
func refusal(t *testing.T, a answered, of problemType) Problem {
	t.Helper()
	p := as[Problem](t, a, of.status)
	require.Equal(t, "urn:judge:problem:"+of.word, p.Type, p.Detail)
	require.Equal(t, of.status, p.Status)
	assert.NotEmpty(t, p.Detail)
	assert.Equal(t, "urn:judge:request:"+a.header.Get("X-Request-Id"), p.Instance)
	return p
}

// eventually waits until something holds.
func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	require.Eventually(t, holds, 4*time.Minute, time.Millisecond)
}

// lockedBuffer is a log that is written and read at the same time.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// object is a JSON object in requests.
type object = map[string]any

// sumTask is a task with one test.
func sumTask() object {
	return object{"files": object{
		"tasks.toml": "[[task]]\nname = \"sum\"\ntests = [\"tests/*.in\"]\nlimits = { time = \"1s\" }\n",
		"tests/1.in": "1 2\n", "tests/1.ans": object{"base64": "Mwo="},
	}}
}

// sumSubmission submits a program for sumTask.
func sumSubmission() object {
	return object{"task": sumTask(), "sources": object{"main.py": "print(sum(map(int, input().split())))\n"}}
}

func (a *api) submit(body any, headers ...string) submissionStatus {
	a.t.Helper()
	return as[submissionStatus](a.t, a.post("/v1/submissions", body, headers...), http.StatusAccepted)
}

// raw sends what no client would, and reads the answer without its body.
func (a *api) raw(text string) *http.Response {
	a.t.Helper()
	conn := a.dial()
	_, err := io.WriteString(conn, text)
	require.NoError(a.t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(a.t, err)
	return response
}
