package serve

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
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

func TestNamesOfFilesStayWhereTheyBelong(t *testing.T) {
	a := newAPI(t, nil)
	names := []string{
		"", ".", "..", "/etc/passwd", "../x", "a/../../x", "a/./b", "a//b", "a/", `..\x`, `a\b`, "a\x00b", "a\nb", "a\u202eb", "\u0007",
		strings.Repeat("a/", 300) + "b", strings.Repeat("a", 300),
	}
	for _, name := range names {
		task := sumTask()
		task["files"].(object)[name] = "x"
		answer := a.post("/v1/tasks", task)
		require.Equal(t, http.StatusUnprocessableEntity, answer.status, "%q", name)
		assert.NotEmpty(t, refusal(t, answer, invalid).Errors, "%q", name)
		refusal(t, a.post("/v1/submissions", object{"task": sumTask(), "sources": object{"main.py": "print(3)", name: "x"}}), invalid)
	}
	task := sumTask()
	task["files"].(object)["tests"] = "a file and a directory"
	refusal(t, a.post("/v1/tasks", task), invalid)
	for _, path := range []string{
		"/v1/files/..%2f..%2fetc%2fpasswd", "/v1/files/%2e%2e", "/v1/../v1/queue", "//v1/queue", "/v1/queue/", "/./healthz",
		"/v1/submissions/..", "/v1/submissions/a%2fb", "/v1/submissions/a%00b", "/v1/submissions/a.b", "/v1/submissions/*",
		"/v1/submissions/%3E", "/v1/submissions/" + strings.Repeat("a", 65), "/v1/submissions/%ff", "/v1/submissions/a%0d%0aX:%20y", "/" + strings.Repeat("a", 10000),
	} {
		assert.Equal(t, http.StatusNotFound, a.raw("GET "+path+" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").StatusCode, path)
	}
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

func TestTasksGetNothingOfTheHost(t *testing.T) {
	a := newAPI(t, nil)
	secret := t.TempDir() + "/secret-of-the-host.in"
	require.NoError(t, os.WriteFile(secret, []byte("x"), 0o600))
	for _, text := range []string{
		"tests = [\"/etc/passwd\"]", "tests = [\"/etc/*\"]", "tests = [\"../*/*\"]", fmt.Sprintf("tests = [%q]", secret),
		fmt.Sprintf("tests = [%q]", secret+"-which-is-not"), "tests = [\"tests/*.in\"]\nsandbox = { binds = [\"/etc:/data\"] }",
		"tests = [\"tests/*.in\"]\nsandbox = { network = \"user\" }", "tests = [\"tests/*.in\"]\nsandbox = { layers = [\"/\"] }",
		"tests = [\"tests/*.in\"]\nchecker = { source = \"/etc/passwd\" }", "tests = [\"tests/missing.in\"]",
	} {
		task := sumTask()
		task["files"].(object)["tasks.toml"] = "[[task]]\nname = \"sum\"\n" + text + "\n"
		answer := a.post("/v1/tasks", task)
		p := refusal(t, answer, invalidTask)
		require.NotEmpty(t, p.Errors)
		for _, e := range p.Errors {
			assert.Equal(t, "tasks.toml", e.File)
			assert.NotContains(t, e.Message, "root:")
			assert.NotContains(t, e.Message+e.Hint, "judge-task-")
		}
	}
}

func TestTooManyTestsAreRefused(t *testing.T) {
	a := newAPI(t, nil)
	var text strings.Builder
	text.WriteString("[[task]]\nname = \"sum\"\n")
	for range 100_000 {
		text.WriteString("[[task.test]]\ninput = \"1\"\nanswer = \"1\"\n")
	}
	refusal(t, a.post("/v1/tasks", object{"files": object{"tasks.toml": text.String()}}), invalidTask)

	files := object{"tasks.toml": "[[task]]\nname = \"sum\"\ntests = [\"*.in\"]\n"}
	for i := range 100_000 {
		files[fmt.Sprintf("%d.in", i)] = ""
		files[fmt.Sprintf("%d.ans", i)] = ""
	}
	refusal(t, a.post("/v1/tasks", object{"files": files}), invalid)
}

func TestOddJSONIsRefused(t *testing.T) {
	a := newAPI(t, nil)
	const deep = 1 << 20
	for name, text := range map[string]string{
		"nothing":                    "",
		"not JSON":                   "{",
		"two values":                 "{} {}",
		"an array":                   "[]",
		"a string":                   `"x"`,
		"an unknown field":           `{"files": {}, "x": 1}`,
		"a field in capitals":        `{"Files": {}}`,
		"a field twice":              `{"files": {}, "files": {}}`,
		"a file twice":               `{"files": {"a": "1", "a": "2"}}`,
		"a file twice, once escaped": `{"files": {"a": "1", "\u0061": "2"}}`,
		"invalid UTF-8":              "{\"files\": {\"a\": \"\xff\"}}",
		"invalid UTF-8 in a name":    "{\"files\": {\"\xff\": \"\"}}",
		"half a character":           `{"files": {"a": "\ud800"}}`,
		"a number for a file":        `{"files": {"a": 1}}`,
		"null for a file":            `{"files": {"a": null}}`,
		"a file in two ways":         `{"files": {"a": {"text": "", "base64": ""}}}`,
		"a file in no way":           `{"files": {"a": {}}}`,
		"base64 that is none":        `{"files": {"a": {"base64": "*"}}}`,
		"a hash that is none":        `{"files": {"a": {"sha256": "abc"}}}`,
		"deep arrays":                strings.Repeat("[", deep),
		"deep arrays in a field":     `{"files": ` + strings.Repeat("[", deep),
		"deep objects":               strings.Repeat(`{"files":`, deep),
		"deep files":                 `{"files": {"a": ` + strings.Repeat(`{"text":`, deep),
		"a long number":              `{"files": ` + strings.Repeat("9", deep) + `}`,
		"a long name of a field":     `{"` + strings.Repeat("x", deep) + `": 1}`,
		"a byte order mark":          "\xef\xbb\xbf{}",
		"UTF-16":                     "{\x00}\x00",
	} {
		refusal(t, a.do(http.MethodPost, "/v1/tasks", text, "Content-Type", "application/json"), badRequest)
		refusal(t, a.do(http.MethodPost, "/v1/submissions", text, "Content-Type", "application/json"), badRequest)
		_ = name
	}
	for _, text := range []string{`null`, `{}`, `{"files": {}}`, `{"files": null}`} {
		refusal(t, a.do(http.MethodPost, "/v1/tasks", text, "Content-Type", "application/json"), invalid)
	}
	assert.Zero(t, a.service.memory.used.Load())
}

func TestSubmissionsThatCannotBe(t *testing.T) {
	a := newAPI(t, nil)
	task := as[taskAnswer](t, a.post("/v1/tasks", sumTask()), http.StatusCreated).ID
	with := func(changes object) object {
		body := object{"task": task, "sources": object{"main.py": "print(3)"}}
		for key, value := range changes {
			body[key] = value
			if value == nil {
				delete(body, key)
			}
		}
		return body
	}
	a.submit(with(nil))
	for _, body := range []object{
		with(object{"task": nil}), with(object{"task": ""}), with(object{"task": strings.Repeat("0", 64)}), with(object{"task": "../x"}),
		with(object{"task": object{"files": object{}}}), with(object{"sources": nil}), with(object{"sources": object{}}),
		with(object{"sources": object{"main.zzz": ""}}), with(object{"sources": object{"a.py": "1", "b.py": "2"}}),
		with(object{"language": "klingon"}), with(object{"priority": "first"}), with(object{"only": []string{"7"}}),
		with(object{"id": "a b"}), with(object{"id": "a.b"}), with(object{"id": "*"}), with(object{"id": strings.Repeat("a", 65)}),
		with(object{"name": "a\nb"}), with(object{"name": strings.Repeat("a", 2000)}),
		with(object{"sources": object{"main.py": object{"sha256": strings.Repeat("0", 64)}}}),
	} {
		refusal(t, a.post("/v1/submissions", body), invalid)
	}
	refusal(t, a.post("/v1/submissions", with(object{"sources": object{"main.py": strings.Repeat("x", 9<<20)}})), tooLarge)
	source := as[queue.File](t, a.do(http.MethodPost, "/v1/files", "no manifest"), http.StatusCreated)
	refusal(t, a.post("/v1/submissions", with(object{"task": source.SHA256})), invalid)
}

func TestMethodsThatAreNotKnown(t *testing.T) {
	a := newAPI(t, nil)
	for _, test := range []struct{ method, path, allow string }{
		{"PUT", "/v1/files", "POST"}, {"OPTIONS", "/v1/submissions", "GET, HEAD, POST"}, {"PATCH", "/v1/submissions/x", "DELETE, GET, HEAD"},
		{"DELETE", "/healthz", "GET, HEAD"}, {"TRACE", "/v1/queue", "GET, HEAD"}, {"JUDGE", "/v1/tasks", "POST"}, {"HEAD", "/v1/tasks", "POST"},
	} {
		answer := a.do(test.method, test.path, "")
		assert.Equal(t, http.StatusMethodNotAllowed, answer.status, test)
		assert.Equal(t, test.allow, answer.header.Get("Allow"), test)
		assert.Empty(t, answer.header.Get("Access-Control-Allow-Methods"))
	}
	for _, path := range []string{"/", "/v2", "/v1", "/v1/", "/favicon.ico", "/v1/queue/x"} {
		assert.Equal(t, http.StatusNotFound, a.get(path).status, path)
	}
	assert.Equal(t, http.StatusOK, a.do(http.MethodHead, "/healthz", "").status)
}

func TestPagesOfOtherSitesAreKeptOut(t *testing.T) {
	a := newAPI(t, nil)
	text, err := json.Marshal(sumSubmission())
	require.NoError(t, err)
	post := func(headers ...string) answered {
		return a.do(http.MethodPost, "/v1/submissions", string(text), append([]string{"Content-Type", "application/json"}, headers...)...)
	}
	own := a.url
	for _, headers := range [][]string{
		{"Origin", "https://evil.example"}, {"Origin", "null"}, {"Origin", "http://localhost:1"}, {"Origin", strings.Replace(own, "http:", "http:x", 1)},
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Sec-Fetch-Site", "cross-site", "Origin", own},
	} {
		refusal(t, post(headers...), crossSite)
	}
	refusal(t, a.do(http.MethodDelete, "/v1/submissions/x", "", "Origin", "https://evil.example"), crossSite)
	refusal(t, a.do(http.MethodPost, "/v1/files", "x", "Origin", "https://evil.example"), crossSite)
	assert.Equal(t, http.StatusAccepted, post().status)
	assert.Equal(t, http.StatusAccepted, post("Origin", own).status)
	assert.Equal(t, http.StatusAccepted, post("Origin", own, "Sec-Fetch-Site", "same-origin").status)

	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", "a/b, application/json"} {
		refusal(t, a.do(http.MethodPost, "/v1/submissions", string(text), "Content-Type", kind), mediaType)
	}
	assert.Equal(t, http.StatusAccepted, a.do(http.MethodPost, "/v1/submissions", string(text), "Content-Type", "Application/JSON; charset=utf-8").status)

	for _, host := range []string{"evil.example", "evil.example:8077", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", "[::2]", "0.0.0.0", "localhost@evil.example"} {
		answer := a.get("/v1/queue", "Host", host)
		refusal(t, answer, wrongHost)
	}
	for _, host := range []string{"localhost", "LOCALHOST:80", "127.0.0.1", "127.8.8.8:1", "[::1]:8077", "[::1]"} {
		assert.Equal(t, http.StatusOK, a.get("/v1/queue", "Host", host).status, host)
	}
}

func TestHeadersCannotBeInjected(t *testing.T) {
	a := newAPI(t, nil)
	for _, id := range []string{"a\r\nX-Evil: 1", "a\nX-Evil: 1", `a"; filename="x`} {
		answer := a.get("/v1/submissions/" + url.PathEscape(id) + "/records")
		refusal(t, answer, notFound)
		assert.Empty(t, answer.header.Get("X-Evil"))
	}
	made := a.submit(sumSubmission())
	refusal(t, a.get(made.Links.Events, "Last-Event-ID", "1; x"), badRequest)
	refusal(t, a.get(made.Links.Events, "Last-Event-ID", "-1"), badRequest)
	assert.NotContains(t, a.log.String(), "\nX-Evil")
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
