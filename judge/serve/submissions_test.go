package serve

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
	"judge/judge/queue"
)

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
