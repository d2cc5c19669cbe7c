package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
	"judge/judge/queue"
)

func TestWorkersShareAQueueAndEnd(t *testing.T) {
	needsJudging(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	server, err := queue.StartServer(queue.ServerOptions{Store: t.TempDir(), Listen: "127.0.0.1:0"})
	require.NoError(t, err)
	defer server.Close()
	q, err := queue.Open(ctx, queue.Options{Server: server, Name: "test"})
	require.NoError(t, err)
	defer q.Close()
	caches := t.TempDir()
	var workers []*exec.Cmd
	for range 2 { // each finds a cache directory of its own
		w := exec.Command("judge", "work", "--nats", server.ClientURL(), "--log", "json", "--cache-size", "100MiB")
		w.Env = append(os.Environ(), "XDG_CACHE_HOME="+caches)
		w.Stderr = &bytes.Buffer{}
		require.NoError(t, w.Start())
		workers = append(workers, w)
		t.Cleanup(func() {
			w.Process.Kill()
			if t.Failed() {
				t.Log(w.Stderr)
			}
		})
	}
	require.Eventually(t, func() bool { // before that they could not be told to end
		known, err := q.Workers(ctx)
		return err == nil && len(known) == len(workers)
	}, patience, 10*time.Millisecond)
	task := putFile(t, q, []byte(`[[task]]
name = "x"
limits = { time = "10s" }
[[task.test]]
input = "2"
answer = "4"
`))
	manifest, err := (&queue.Manifest{Files: map[string]string{"tasks.toml": task}}).Encode()
	require.NoError(t, err)
	job := queue.Job{Task: putFile(t, q, manifest), Needs: []string{"bash"}, Sources: []queue.Source{{Path: "a.sh", Text: "read x; echo $((2 * x))"}}}
	const jobs = 60
	var ids []string
	for range jobs {
		submitted, err := q.Submit(ctx, job)
		require.NoError(t, err)
		ids = append(ids, submitted.ID)
	}
	for i, id := range ids {
		if i == jobs/4 { // while both are busy
			require.NoError(t, workers[0].Process.Signal(syscall.SIGTERM))
		}
		var result *queue.Result
		for event, err := range q.Watch(ctx, id, 0) {
			require.NoError(t, err)
			result = event.Result
		}
		require.NotNil(t, result)
		require.Equal(t, judge.Accepted, result.Verdict)
	}
	for i, w := range workers {
		if i > 0 {
			require.NoError(t, w.Process.Signal(syscall.SIGTERM))
		}
		assert.NoError(t, w.Wait(), "told to end, it ends well")
		for line := range bytes.Lines(w.Stderr.(*bytes.Buffer).Bytes()) {
			assert.True(t, json.Valid(line), "%s", line)
		}
	}
	left, err := os.ReadDir(caches + "/judge")
	require.NoError(t, err)
	assert.Equal(t, "worker", left[len(left)-2].Name())
	assert.Equal(t, "worker-2", left[len(left)-1].Name())
}

func putFile(t *testing.T, q *queue.Queue, text []byte) string {
	t.Helper()
	f, err := q.PutFile(t.Context(), bytes.NewReader(text), 1<<20)
	require.NoError(t, err)
	return f.SHA256
}

func TestWorkRefusesWhatCannotWork(t *testing.T) {
	for _, row := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"no queue", nil, statusUsage, "want --nats URL"},
		{"jobs", []string{"--nats", "x", "--jobs", "-1"}, statusUsage, "want 1 or more"},
		{"size", []string{"--nats", "x", "--cache-size", "ten"}, statusUsage, "want a size"},
		{"arguments", []string{"tasks.toml"}, statusUsage, "tasks.toml"},
		{"log", []string{"--log", "xml"}, statusUsage, "want text or json"},
		{"URL", []string{"--nats", "nats://a:b@:x"}, statusUsage, "--nats"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var stderr bytes.Buffer
			assert.Equal(t, row.status, run(append([]string{"work"}, row.args...), &bytes.Buffer{}, &stderr))
			assert.Contains(t, stderr.String(), row.want)
		})
	}
}
