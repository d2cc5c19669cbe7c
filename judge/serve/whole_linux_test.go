package serve

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
	"judge/judge/queue"
	"judge/judge/serve/door/doortest"
)

// Everything is real here: queue, worker and sandboxes.
func TestWholeServiceJudges(t *testing.T) {
	a := newAPIOf(t, doortest.Start(t, doortest.Languages{"python": "3", "bash": "5"}, nil), threeTokens(t))
	task := as[taskAnswer](t, a.post("/v1/tasks", sumTask(), bearer(tokenA)...), http.StatusCreated)
	program := as[queue.File](t, a.do(http.MethodPost, "/v1/files", "print(sum(map(int, input().split())))\n", bearer(tokenA)...), http.StatusCreated)
	for _, test := range []struct {
		name    string
		sources object
		want    judge.Verdict
	}{
		{"accepted", object{"main.py": object{"sha256": program.SHA256}}, judge.Accepted},
		{"wrong", object{"main.py": "print(4)"}, judge.WrongAnswer},
		{"wrong by another language", object{"main.sh": "echo 4"}, judge.WrongAnswer},
		{"broken", object{"main.py": "print("}, judge.CompileError},
		{"several files", object{"main.py": "import other", "other.py": "print(3)"}, judge.Accepted},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := a.within(t)
			answer := a.post("/v1/submissions?wait=60s", object{"task": task.ID, "sources": test.sources, "priority": "contest"}, bearer(tokenA)...)
			done := as[submissionStatus](t, answer, http.StatusOK)
			assert.Equal(t, queue.Done, done.State)
			assert.Equal(t, test.want, done.Verdict, done.Message)
			assert.Equal(t, "sum", done.TaskName)
			assert.NotEmpty(t, done.Worker)
			assert.Equal(t, done, as[submissionStatus](t, a.get(done.Links.Self, bearer(tokenA)...), http.StatusOK))

			records := a.get(done.Links.Records, bearer(tokenA)...)
			assert.Equal(t, http.StatusOK, records.status)
			assert.Contains(t, string(records.body), `"kind":"submission"`)
			assert.Contains(t, string(a.get(done.Links.Report, bearer(tokenA)...).body), string(test.want))
			refusal(t, a.get(done.Links.Records, bearer(tokenB)...), notFound)

			stream, last := a.follow(done.ID, bearer(tokenA)...), sentEvent{}
			for event, more := stream.next(); more; event, more = stream.next() {
				last = event
			}
			assert.Equal(t, "result", last.kind)
			assert.Contains(t, last.data, test.want)
		})
	}
	t.Run("cancelled while it runs", func(t *testing.T) {
		a := a.within(t)
		made := a.submit(object{"task": object{"files": object{
			"tasks.toml": "[[task]]\nname = \"slow\"\ntests = [\"*.in\"]\nlimits = { time = \"100s\", wall = \"100s\" }\nchecker = \"none\"\n", "1.in": "",
		}}, "sources": object{"main.sh": "sleep 100"}}, bearer(tokenA)...)
		stream := a.follow(made.ID, bearer(tokenA)...)
		event, more := stream.next()
		require.True(t, more)
		require.Equal(t, "attempt", event.kind)
		ended := as[submissionStatus](t, a.do(http.MethodDelete, made.Links.Self, "", bearer(tokenA)...), http.StatusOK)
		assert.Equal(t, queue.Cancelled, ended.State)
		for event.kind != "result" {
			event, more = stream.next()
			require.True(t, more)
		}
		assert.Contains(t, event.data, "cancelled")
	})
	eventually(t, func() bool { return a.service.open.len() == 0 })
	metrics := string(a.get("/metrics", bearer(tokenA)...).body)
	for _, line := range []string{
		`judge_submissions_total{state="done"} 5`, `judge_submissions_total{state="cancelled"} 1`,
		`judge_submission_verdicts_total{verdict="accepted"} 2`, `judge_runs_total{verdict="wrong-answer"} 2`, `judge_workers 1`,
	} {
		assert.True(t, strings.Contains(metrics, line+"\n"), line)
	}
	assert.Equal(t, 5, strings.Count(string(a.get("/v1/submissions", bearer(tokenA)...).body), `"state":"done"`))
	assert.Contains(t, string(a.get("/v1/languages", bearer(tokenA)...).body), "python")
}
