//go:build linux

package gojudge

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge/queue"
	"judge/judge/serve/door/doortest"
)

// The documented example, with everything real: front, queue, worker, sandboxes and stored files.
func TestCompileAndRunThroughTheQueue(t *testing.T) {
	runner, front := &Runner{}, &Store{}
	stored := &Store{}
	runner.Files = stored
	t.Cleanup(func() { assert.NoError(t, runner.Close()) })
	q := doortest.Start(t, nil, runner.Do)
	front.Buckets, stored.Buckets = q, q // a Store for each machine
	h := NewHandler(Options{Jobs: QueueJobs{q}, Files: front, Owner: func(context.Context) string { return "site" }})
	post := func(body string) []Result {
		t.Helper()
		w := ask(t, h, "POST", "/run", "application/json", strings.NewReader(body))
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		var results []Result
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &results))
		return results
	}
	body, kind := form(t, "file", "a.cc", "#include <cstdio>\nint main() { int a, b; scanf(\"%d%d\", &a, &b); printf(\"%d\\n\", a + b); }")
	w := ask(t, h, "POST", "/file", kind, body)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	compiled := post(`{"cmd":[{"args":["/usr/bin/g++","a.cc","-o","a"],"env":["PATH=/usr/bin:/bin"],
		"files":[{"content":""},{"name":"stdout","max":10240},{"name":"stderr","max":10240}],
		"memoryLimit":1048576000,"copyIn":{"a.cc":{"fileId":` + strings.TrimSpace(w.Body.String()) + `}},"copyOutCached":["a"]}]}`)[0]
	require.Equal(t, StatusAccepted, compiled.Status, "%+v", compiled)
	list := ask(t, h, "GET", "/file", "", nil)
	assert.Contains(t, list.Body.String(), compiled.FileIDs["a"])

	large := strings.Repeat(" ", 2<<20) + "1 1"
	ran := post(`{"cmd":[{"args":["a"],"files":[{"content":"` + large + `"},{"name":"stdout","max":10240},{"name":"stderr","max":10240}],
		"copyIn":{"a":{"fileId":"` + compiled.FileIDs["a"] + `"}}}]}`)[0]
	assert.Equal(t, StatusAccepted, ran.Status, "%+v", ran)
	assert.Equal(t, "2\n", ran.Files["stdout"])
	files, err := front.List(t.Context(), movedOwner("site"))
	require.NoError(t, err)
	assert.Empty(t, files)

	printed := post(shell("head -c 5000000 /dev/zero | tr '\\0' a; head -c 5000000 /dev/zero > f", `,"copyOut":["f"],"copyOutMax":9000000,"clockLimit":60000000000`))[0]
	assert.Equal(t, StatusOutputLimitExceeded, printed.Status)

	t.Run("a client that goes away", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(200*time.Millisecond, cancel)
		command, err := json.Marshal(Command{Owner: "site", Request: Request{Cmd: []Cmd{{Args: []string{"/bin/sleep", "1000"}, ClockLimit: uint64(time.Minute)}}}})
		require.NoError(t, err)
		_, err = QueueJobs{q}.Execute(ctx, command)
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("a command in another's name", func(t *testing.T) {
		var answer strings.Builder
		job := queue.Job{Owner: "other", Command: []byte(`{"owner":"site","request":` + shell("true", "") + `}`)}
		require.NoError(t, runner.Do(t.Context(), nil, job, &answer))
		assert.Contains(t, answer.String(), `"Internal Error"`)
		assert.Contains(t, answer.String(), "in a job of")
	})
	t.Run("no command", func(t *testing.T) {
		command, err := json.Marshal(Command{Owner: "site", Request: Request{}})
		require.NoError(t, err)
		answer, err := QueueJobs{q}.Execute(t.Context(), command)
		require.NoError(t, err)
		assert.Contains(t, string(answer), "no command")
	})
}
