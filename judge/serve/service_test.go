package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
	"judge/judge/queue"
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

func TestSubmissionIsAcceptedAndJudged(t *testing.T) {
	a := newAPI(t, nil)
	answer := a.post("/v1/submissions", sumSubmission())
	made := as[submissionStatus](t, answer, http.StatusAccepted)
	assert.Equal(t, "/v1/submissions/"+made.ID, answer.header.Get("Location"))
	assert.Equal(t, queue.Queued, made.State)
	assert.Equal(t, "main.py", made.Name)
	assert.Equal(t, queue.Normal, made.Priority)

	job := a.queue.find(made.ID).Job
	assert.Equal(t, []string{"python"}, job.Needs)
	assert.Equal(t, "print(sum(map(int, input().split())))\n", job.Sources[0].Text)

	refusal(t, a.get(made.Links.Self+"/records"), conflict)
	refusal(t, a.get(made.Links.Self+"/report"), conflict)

	a.queue.begin(made.ID)
	running := as[submissionStatus](t, a.get(made.Links.Self), http.StatusOK)
	assert.Equal(t, queue.Running, running.State)
	assert.Equal(t, "worker-1", running.Worker)
	a.queue.record(made.ID, &judge.Record{Schema: judge.Schema, Kind: judge.KindRun, Task: "sum", Submission: "main.py", Test: "1", Verdict: judge.Accepted})
	a.queue.finish(made.ID, judge.Accepted)

	done := as[submissionStatus](t, a.get(made.Links.Self), http.StatusOK)
	assert.Equal(t, queue.Done, done.State)
	assert.Equal(t, judge.Accepted, done.Verdict)
	assert.Equal(t, "sum", done.TaskName)
	assert.Equal(t, 1, done.Attempts)

	records := a.get(done.Links.Records)
	assert.Equal(t, http.StatusOK, records.status)
	assert.Equal(t, 2, strings.Count(string(records.body), "\n"))
	report := a.get(done.Links.Report)
	assert.Contains(t, string(report.body), "<html")
	assert.Contains(t, string(report.body), "all accepted", "nobody has said what is to be expected")
	assert.Contains(t, report.header.Get("Content-Security-Policy"), "sandbox")
	assert.Equal(t, http.StatusOK, a.do(http.MethodHead, done.Links.Report, "").status)
	refusal(t, a.do(http.MethodDelete, done.Links.Self, ""), conflict)
}

func TestSubmitWaitsForTheVerdict(t *testing.T) {
	a := newAPI(t, nil)
	go func() {
		id := ""
		_ = a.queue.wait(t.Context(), func() bool {
			if len(a.queue.jobs) > 0 {
				id = a.queue.jobs[0].Job.ID
			}
			return id != ""
		})
		a.queue.begin(id)
		a.queue.finish(id, judge.WrongAnswer)
	}()
	done := as[submissionStatus](t, a.post("/v1/submissions?wait=60", sumSubmission()), http.StatusOK)
	assert.Equal(t, judge.WrongAnswer, done.Verdict)
	assert.Zero(t, a.queue.asked, "what was submitted and what came of it is known")
	assert.Equal(t, done, as[submissionStatus](t, a.get(done.Links.Self), http.StatusOK))
	assert.Equal(t, done, as[submissionStatus](t, a.get(done.Links.Self+"?wait=60s"), http.StatusOK))
}

func TestQueueIsAskedOnceASecondWhetherItIsReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, ready := 0, true
		r := &readiness{}
		look := func() bool { return r.known(func() bool { asked++; return ready }) }
		assert.True(t, look())
		ready = false
		for range 100 {
			assert.True(t, look())
		}
		assert.Equal(t, 1, asked)
		time.Sleep(readyAge)
		assert.False(t, look())
		ready = true
		assert.False(t, look())
		assert.Equal(t, 2, asked)
		time.Sleep(readyAge)
		assert.True(t, look())
	})
}

func TestWaitingFindsAResultThatNobodyTellsOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newMemoryQueue()
		q.mute = true
		s := New(Options{Queue: q})
		defer s.Close()
		_, err := q.Submit(t.Context(), queue.Job{ID: "one"})
		require.NoError(t, err)
		ended, forget := s.open.wait("one")
		defer forget()
		time.AfterFunc(5*time.Second, func() { q.begin("one"); q.finish("one", judge.Accepted) })
		ctx, begin := context.WithValue(t.Context(), clientKey{}, &client{}), time.Now()
		status, err := s.waitFor(ctx, *q.find("one"), ended, maxWait)
		require.NoError(t, err)
		assert.Equal(t, queue.Done, status.State)
		assert.Less(t, time.Since(begin), maxWait/4)
	})
}

func TestWaitingEndsInTime(t *testing.T) {
	a := newAPI(t, nil)
	made := a.submit(sumSubmission())
	for _, wait := range []string{"1ms", "0", "0s"} {
		still := as[submissionStatus](t, a.get(made.Links.Self+"?wait="+wait), http.StatusOK)
		assert.Equal(t, queue.Queued, still.State, wait)
	}
	for _, wait := range []string{"-1s", "soon", "1e9", "99999999999999999999"} {
		refusal(t, a.get(made.Links.Self+"?wait="+wait), badRequest)
	}
}

func TestTaskIsStoredOnceAndReferredTo(t *testing.T) {
	a := newAPI(t, nil)
	task := as[taskAnswer](t, a.post("/v1/tasks", sumTask()), http.StatusCreated)
	assert.Equal(t, "sum", task.Name)
	assert.Equal(t, 1, task.Tests)
	again := as[taskAnswer](t, a.post("/v1/tasks", sumTask()), http.StatusCreated)
	assert.Equal(t, task, again)
	assert.Equal(t, task, as[taskAnswer](t, a.get("/v1/tasks/"+task.ID), http.StatusOK))

	made := a.submit(object{"task": task.ID, "sources": object{"a.py": "print(3)"}, "only": []string{"1"}, "priority": "contest", "name": "mine"})
	assert.Equal(t, task.ID, made.Task)
	assert.Equal(t, "mine", made.Name)
	assert.Equal(t, queue.Contest, made.Priority)

	inline := a.submit(sumSubmission())
	assert.Equal(t, task.ID, inline.Task)

	// A service that has just begun knows no task, and asks the queue.
	a.service.tasks = taskCache{}
	assert.Equal(t, task, as[taskAnswer](t, a.get("/v1/tasks/"+task.ID), http.StatusOK))
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

func TestLargeSourcesGoByHash(t *testing.T) {
	a := newAPI(t, nil)
	made := a.submit(object{"task": sumTask(), "sources": object{"main.py": "print(3)", "data.txt": strings.Repeat("\n", 1<<20), "logo.bin": object{"base64": "/w=="}}})
	job := a.queue.find(made.ID).Job
	encoded, err := json.Marshal(job)
	require.NoError(t, err)
	assert.Less(t, len(encoded), queue.MaxJob)
	require.Len(t, job.Sources, 3)
	assert.Len(t, job.Sources[0].SHA256, 64)
	assert.Equal(t, "/w==", job.Sources[1].Base64)
	assert.Equal(t, "print(3)", job.Sources[2].Text)
}

func TestMistakesOfTasksAreToldWithFileAndLine(t *testing.T) {
	a := newAPI(t, nil)
	task := sumTask()
	task["files"].(object)["tasks.toml"] = "[[task]]\nname = \"sum\"\ntests = [\"tests/*.in\"]\nlimits = { time = \"2 secs\" }\n"
	p := refusal(t, a.post("/v1/tasks", task), invalidTask)
	require.Len(t, p.Errors, 1)
	assert.Equal(t, "tasks.toml", p.Errors[0].File)
	assert.Equal(t, 4, p.Errors[0].Line)
	assert.Contains(t, p.Errors[0].Message, "duration")
	assert.Contains(t, p.Errors[0].Source, "2 secs")
}

func TestCancelledSubmissionsEnd(t *testing.T) {
	a := newAPI(t, nil)
	made := a.submit(sumSubmission())
	for range 2 {
		ended := as[submissionStatus](t, a.do(http.MethodDelete, made.Links.Self, ""), http.StatusOK)
		assert.Equal(t, queue.Cancelled, ended.State)
	}
	refusal(t, a.get(made.Links.Self+"/records"), notFound)
	refusal(t, a.do(http.MethodDelete, "/v1/submissions/other", ""), notFound)
}

func TestSameIDIsTheSameSubmission(t *testing.T) {
	a := newAPI(t, nil)
	body := sumSubmission()
	body["id"] = "mine-1"
	first := a.submit(body)
	assert.Equal(t, "mine-1", first.ID)
	assert.Equal(t, first, a.submit(body))
	a.queue.begin("mine-1")
	a.queue.finish("mine-1", judge.Accepted)
	as[submissionStatus](t, a.post("/v1/submissions", body), http.StatusOK)
	body["sources"] = object{"main.py": "print(4)"}
	refusal(t, a.post("/v1/submissions", body), conflict)
	eventually(t, func() bool { return a.service.open.len() == 0 })
}

func TestListGoesOnWhereItEnded(t *testing.T) {
	a := newAPI(t, nil)
	var made []string
	for range 5 {
		made = append(made, a.submit(sumSubmission()).ID)
	}
	var listed []string
	for path := "/v1/submissions?limit=2"; ; {
		page := as[submissionList](t, a.get(path), http.StatusOK)
		for _, s := range page.Submissions {
			listed = append(listed, s.ID)
		}
		if page.Next == "" {
			break
		}
		path = "/v1/submissions?limit=2&before=" + page.Next
	}
	assert.Equal(t, []string{made[4], made[3], made[2], made[1], made[0]}, listed)
	for _, query := range []string{"limit=0", "limit=501", "limit=x", "before=0", "before=-1", "before=x"} {
		refusal(t, a.get("/v1/submissions?"+query), badRequest)
	}
}

func TestFleetIsShown(t *testing.T) {
	a := newAPI(t, nil)
	assert.JSONEq(t, `{"workers": []}`, string(a.get("/v1/workers").body))
	a.queue.workers = []queue.Advert{
		{Name: "a", Languages: map[string]string{"c": "gcc 14", "python": "3.13"}, Jobs: 2, Cores: 2},
		{Name: "b", Languages: map[string]string{"c": "gcc 12"}, Jobs: 4, Cores: 4, Since: time.Now()},
	}
	a.queue.lengths = []queue.Length{
		{Priority: queue.Contest, Needs: []string{"c"}, Waiting: 3, Running: 1},
		{Priority: queue.Rejudge, Needs: []string{"c", "cobol"}, Waiting: 2},
		{Priority: queue.Normal},
	}
	a.get("/v1/workers")
	assert.JSONEq(t, `{"languages": [{"name": "c", "versions": ["gcc 12", "gcc 14"], "workers": 2}, {"name": "python", "versions": ["3.13"], "workers": 1}]}`,
		string(a.get("/v1/languages").body))
	assert.JSONEq(t, `{"waiting": 5, "running": 1, "workers": 2, "stuck": ["cobol"], "lengths": [
		{"priority": "contest", "needs": ["c"], "waiting": 3, "running": 1},
		{"priority": "rejudge", "needs": ["c", "cobol"], "waiting": 2, "running": 0}]}`, string(a.get("/v1/queue").body))
}

func TestReadinessSaysWhyNot(t *testing.T) {
	a := newAPI(t, nil)
	assert.Equal(t, http.StatusOK, a.get("/healthz").status)
	assert.Equal(t, http.StatusOK, a.get("/readyz").status)

	a = newAPI(t, nil)
	a.queue.ready = context.DeadlineExceeded
	p := refusal(t, a.get("/readyz"), unavailable)
	assert.Contains(t, p.Detail, "queue")
	assert.Equal(t, http.StatusOK, a.get("/healthz").status)
}

func TestQueueErrorsAreProblems(t *testing.T) {
	a := newAPI(t, nil)
	for _, test := range []struct {
		err  error
		want problemType
	}{
		{queue.ErrFull, unavailable}, {queue.ErrInvalid, invalid}, {queue.ErrTooLarge, tooLarge}, {queue.ErrExists, conflict},
		{context.DeadlineExceeded, unavailable}, {io.ErrUnexpectedEOF, internalFault},
	} {
		a.queue.submit = func(queue.Job) error { return test.err }
		p := refusal(t, a.post("/v1/submissions", sumSubmission()), test.want)
		assert.NotContains(t, p.Detail, "EOF")
	}
	assert.Contains(t, a.log.String(), "unexpected EOF")
	assert.Zero(t, a.service.open.len())
}
