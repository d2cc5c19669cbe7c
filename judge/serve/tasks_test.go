package serve

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge/queue"
)

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
