package serve

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge/queue"
)

func TestTenGigabytesAreRefused(t *testing.T) {
	const tenGigabytes = 10 << 30
	for _, path := range []string{"/v1/files", "/v1/tasks", "/v1/submissions"} {
		t.Run(path+", by its length", func(t *testing.T) {
			a := newAPI(t, nil)
			conn := a.dial()
			fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", path, tenGigabytes)
			response, err := http.ReadResponse(bufio.NewReader(conn), nil) // without a byte of the body
			require.NoError(t, err)
			assert.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode)
			assert.True(t, response.Close)
		})
	}
	t.Run("while it is read", func(t *testing.T) {
		a := newAPI(t, nil)
		conn := a.dial()
		fmt.Fprintf(conn, "POST /v1/submissions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
		answer := make(chan *http.Response, 1)
		go func() {
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			assert.NoError(t, err)
			answer <- response
		}()
		chunk := append([]byte("100000\r\n"), bytes.Repeat([]byte("x"), 1<<20)...)
		chunk = append(chunk, "\r\n"...)
		sent := 0
		for sent < tenGigabytes {
			n, err := conn.Write(chunk)
			sent += n
			if err != nil {
				break
			}
		}
		assert.Less(t, sent, MaxBody+(64<<20))
		if response := <-answer; response != nil {
			assert.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode)
		}
		assert.Zero(t, a.service.memory.used.Load())
	})
}

// dial opens a connection on which nothing was said.
func (a *api) dial() net.Conn {
	a.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(a.url, "http://"))
	require.NoError(a.t, err)
	a.t.Cleanup(func() { conn.Close() })
	return conn
}

func TestBodiesInMemoryHaveABoundTogether(t *testing.T) {
	a := newAPI(t, nil)
	require.True(t, a.service.memory.take(memoryShare))
	p := refusal(t, a.post("/v1/tasks", sumTask()), unavailable)
	assert.Contains(t, p.Detail, "too large")
	a.service.memory.give(memoryShare)
	as[taskAnswer](t, a.post("/v1/tasks", sumTask()), http.StatusCreated)
	assert.Zero(t, a.service.memory.used.Load())
}

func TestOneClientsBodiesLeaveOthersMemory(t *testing.T) {
	a := newAPI(t, tokensOf(t, "a "+tokenA+"\nb "+tokenB))
	use := a.service.clients.usage(Token{Name: "a", Limits: DefaultLimits})
	use.memory.Add(clientShare)
	for _, path := range []string{"/v1/tasks", "/run", "/api/v2/execute"} { // doors keep bodies as well
		refusal(t, a.post(path, sumTask(), bearer(tokenA)...), unavailable)
	}
	as[taskAnswer](t, a.post("/v1/tasks", sumTask(), bearer(tokenB)...), http.StatusCreated)
	use.memory.Add(-clientShare)
	as[taskAnswer](t, a.post("/v1/tasks", sumTask(), bearer(tokenA)...), http.StatusCreated)
	assert.Zero(t, use.memory.Load())
	assert.Zero(t, a.service.memory.used.Load())
}

// storingQueue tells when a file is stored.
type storingQueue struct {
	*memoryQueue
	storing func()
}

func (q *storingQueue) PutFile(ctx context.Context, r io.Reader, limit int64) (queue.File, error) {
	q.storing()
	return q.memoryQueue.PutFile(ctx, r, limit)
}

// A task may wait long to be loaded and stored, with as many others as its client has requests.
func TestBodiesCountUntilTheirFilesAreStored(t *testing.T) {
	q := &storingQueue{memoryQueue: newMemoryQueue()}
	a := newAPIOf(t, q, nil)
	const long = 100_000
	for path, body := range map[string]object{"/v1/tasks": sumTask(), "/v1/submissions": {"task": sumTask(), "sources": object{"main.py": "print(3)"}}} {
		var stored, counted atomic.Int64
		q.storing = func() {
			stored.Add(1)
			if a.service.memory.used.Load() > long {
				counted.Add(1)
			}
		}
		task, ok := body["task"].(object)
		if !ok {
			task = body
		}
		task["files"].(object)["more.in"] = strings.Repeat("x", long)
		assert.Less(t, a.post(path, body).status, 300, path)
		assert.Positive(t, stored.Load(), path)
		assert.Equal(t, stored.Load(), counted.Load(), path)
		assert.Zero(t, a.service.memory.used.Load(), path)
	}
}

// hurriedAPI is a service whose clients have to be fast.
func hurriedAPI(t *testing.T, header, grace time.Duration) *api {
	quick := defaultPace
	defaultPace = pace{header: header, grace: grace, rate: 1 << 20}
	t.Cleanup(func() { defaultPace = quick })
	return newAPI(t, nil)
}

func TestSlowClientsAreCutOff(t *testing.T) {
	for _, test := range []struct{ name, begin, more string }{
		{"no header", "", ""},
		{"a header without an end", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n", "X: y\r\n"},
		{"a body", "POST /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n", "x"},
		{"JSON", "POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n", " "},
		{"a body in chunks", "POST /v1/files HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"},
		{"a body that nobody reads", "POST /v1/nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n", "x"},
		{"a body of a GET", "GET /v1/queue HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := hurriedAPI(t, 100*time.Millisecond, 100*time.Millisecond)
			conn := a.dial()
			io.WriteString(conn, test.begin)
			var dripping sync.WaitGroup
			ended := make(chan struct{})
			dripping.Go(func() { // a byte now and then keeps no connection
				drip := time.NewTicker(20 * time.Millisecond)
				defer drip.Stop()
				for {
					select {
					case <-drip.C:
						_, _ = io.WriteString(conn, test.more)
					case <-ended:
						return
					}
				}
			})
			defer func() { close(ended); dripping.Wait() }()
			conn.SetReadDeadline(time.Now().Add(time.Minute))
			_, err := io.Copy(io.Discard, conn)
			assert.NotErrorIs(t, err, os.ErrDeadlineExceeded)
		})
	}
}

func TestFastBodiesOutliveTheGrace(t *testing.T) {
	p := pace{grace: time.Second, rate: 10}
	begin := time.Unix(1000, 0)
	assert.Equal(t, begin.Add(time.Second), p.until(begin, 0))
	assert.Equal(t, begin.Add(11*time.Second), p.until(begin, 100))
}
