package web_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"judge/judge"
	"judge/judge/queue"
	"judge/judge/serve"
	"judge/judge/serve/web"
)

// service is a service with its page, and a queue from which the test takes as a worker does.
type service struct {
	t     *testing.T
	queue *queue.Queue
	url   string
	token string
}

const siteToken = "k3yZ0123456789abcdef"

// startService starts one that wants siteToken, or no token.
func startService(t *testing.T, token string) *service {
	t.Helper()
	server, err := queue.StartServer(queue.ServerOptions{Store: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	q, err := queue.Open(t.Context(), queue.Options{Server: server, Name: "test"})
	require.NoError(t, err)
	t.Cleanup(func() { q.Close() })
	var tokens *serve.Tokens
	if token != "" {
		file := filepath.Join(t.TempDir(), "tokens")
		require.NoError(t, os.WriteFile(file, []byte("site "+token+" admin"), 0o600))
		tokens, err = serve.ReadTokens(file)
		require.NoError(t, err)
	}
	l, err := serve.Listen("127.0.0.1:0", tokens)
	require.NoError(t, err)
	s := serve.New(serve.Options{Queue: q, Tokens: tokens, Page: web.Handler(), Temp: t.TempDir()})
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l, 0) }()
	t.Cleanup(func() { stop(); <-ended; s.Close() })
	return &service{t: t, queue: q, url: "http://" + l.Addr().String() + "/", token: token}
}

// advertise tells of workers of these names.
func (s *service) advertise(names ...string) {
	for _, name := range names {
		require.NoError(s.t, s.queue.Advertise(s.t.Context(), queue.Advert{
			Name: name, Jobs: 4, Busy: 1, Cores: 4, Speed: 1.25, Version: "1.2.3", Since: time.Now(), Pressure: .25,
			Languages: map[string]string{"bash": "GNU bash 5.2", "cpp": "g++ 12", "java": "openjdk 17", "javascript": "v20", "python": "Python 3.11"},
		}))
	}
}

// submit submits a program of a name by the API and returns its id.
func (s *service) submit(name, priority string) string {
	s.t.Helper()
	body, err := json.Marshal(map[string]any{
		"task":     map[string]any{"files": map[string]string{"tasks.toml": "[[task]]\nname = \"sum of two\"\ntests = [\"*.in\"]", "1.in": "1 2", "1.ans": "3", "2.in": "2 2", "2.ans": "4"}},
		"sources":  map[string]string{"main.py": "print(3)"},
		"name":     name,
		"priority": priority,
	})
	require.NoError(s.t, err)
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"v1/submissions", strings.NewReader(string(body)))
	require.NoError(s.t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+s.token)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(s.t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(s.t, err)
	require.Equal(s.t, http.StatusAccepted, answer.StatusCode, string(text))
	var made struct{ ID string }
	require.NoError(s.t, json.Unmarshal(text, &made))
	return made.ID
}

// judging is a submission that the test judges.
type judging struct {
	s        *service
	delivery *queue.Delivery
	lines    []byte
}

func (s *service) take() *judging {
	s.t.Helper()
	d, err := s.queue.Take(s.t.Context(), func(string) bool { return true })
	require.NoError(s.t, err)
	s.t.Cleanup(func() { d.Close() })
	return &judging{s: s, delivery: d}
}

// record tells of a record.
func (j *judging) record(r judge.Record) {
	j.s.t.Helper()
	r.Schema, r.Task, r.Submission, r.Language = judge.Schema, "sum of two", j.delivery.Job().Name, "python"
	require.NoError(j.s.t, j.delivery.Record(&r))
	var err error
	j.lines, err = judge.AppendRecord(j.lines, &r)
	require.NoError(j.s.t, err)
}

// run tells of a test case.
func (j *judging) run(test string, verdict judge.Verdict, message string) {
	now := time.Now()
	j.record(judge.Record{Kind: judge.KindRun, Test: test, Verdict: verdict, Message: message, CPU: judge.Millis(15 * time.Millisecond), Wall: judge.Millis(20 * time.Millisecond), Memory: 7 << 20, StartedAt: &now})
}

// finish ends it with a verdict.
func (j *judging) finish(verdict judge.Verdict, message string, runs int) {
	j.s.t.Helper()
	as := verdict == judge.Accepted
	r := judge.Record{Kind: judge.KindSubmission, Verdict: verdict, Message: message, CPU: judge.Millis(15 * time.Millisecond), Memory: 7 << 20, AsExpected: &as}
	j.record(r)
	r.Task = "sum of two"
	require.NoError(j.s.t, j.delivery.Finish(j.s.t.Context(), queue.Result{Verdict: verdict, Submission: &r, Runs: runs}, strings.NewReader(string(j.lines))))
}
