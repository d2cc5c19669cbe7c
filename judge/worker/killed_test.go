package worker

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
	"judge/judge/queue"
)

// The test binary is a worker when these say of which queue and with which cache.
const (
	killedEnv = "JUDGE_TEST_WORKER_QUEUE"
	cacheEnv  = "JUDGE_TEST_WORKER_CACHE"
)

// ackWait is after what time the job of a worker that is dead is another's.
const ackWait = 2 * time.Second

// playWorker is a worker until it is killed, or told to end.
func playWorker() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	name := fmt.Sprint(os.Getpid())
	q, err := queue.Open(ctx, queue.Options{URL: os.Getenv(killedEnv), Name: name, AckWait: ackWait})
	if err != nil {
		return err
	}
	defer q.Close()
	pool, err := judge.NewPool(judge.PoolOptions{Jobs: 2})
	if err != nil {
		return err
	}
	defer pool.Close()
	w, err := New(Config{Queue: FromQueue(q), Pool: pool, Name: name, Dir: os.Getenv(cacheEnv), Version: "test"})
	if err != nil {
		return err
	}
	defer w.Close()
	for _, language := range []string{"c", "cpp", "python", "bash"} {
		w.Offer(language, "")
	}
	return w.Run(ctx)
}

// workerProcess is a worker in a process of its own.
type workerProcess struct{ *exec.Cmd }

func startWorker(t *testing.T, url, dir string) workerProcess {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killedEnv+"="+url, cacheEnv+"="+dir)
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	p := workerProcess{cmd}
	t.Cleanup(p.kill)
	return p
}

// kill is kill -9, and waits until the process is gone.
func (p workerProcess) kill() {
	_ = p.Process.Kill()
	_ = p.Wait()
}

// openQueue starts a server for others to connect to, and opens its queue.
func openQueue(t *testing.T) (q *queue.Queue, url string) {
	t.Helper()
	server, err := queue.StartServer(queue.ServerOptions{Store: t.TempDir(), Listen: "127.0.0.1:0"})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })
	q, err = queue.Open(ctx, queue.Options{Server: server, Name: "test", AckWait: ackWait})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, q.Close()) })
	return q, server.ClientURL()
}

// putTask stores a task in a queue and returns its id.
func putTask(t testing.TB, q *queue.Queue, files map[string]string) string {
	t.Helper()
	put := func(text []byte) string {
		f, err := q.PutFile(ctx, newReader(text), 1<<20)
		require.NoError(t, err)
		return f.SHA256
	}
	m := queue.Manifest{Files: map[string]string{}}
	for name, text := range files {
		m.Files[name] = put([]byte(text))
	}
	encoded, err := m.Encode()
	require.NoError(t, err)
	return put(encoded)
}

// A worker that is killed costs nobody a result: each job has one, once, and it is that of `judge run`.
func TestAKilledWorkersJobsAreJudgedByAnother(t *testing.T) {
	newPool(t, 1) // or there is nothing to test
	tasks, want := runQuickstart(t)
	q, url := openQueue(t)
	id := putTask(t, q, readTree(t, quickstart))
	counting, stop := context.WithCancel(ctx)
	results := map[string]int{}
	var counter sync.WaitGroup
	counter.Go(func() {
		for r, err := range q.Results(counting) {
			if err == nil {
				results[r.ID]++
			}
		}
	})
	jobs := quickstartJobs(t, tasks, id)
	for _, job := range jobs {
		_, err := q.Submit(ctx, job)
		require.NoError(t, err)
	}
	dirs := []string{t.TempDir(), t.TempDir()}
	first := startWorker(t, url, dirs[0])
	awaitRecord(t, q, jobs[0].ID)
	first.kill()
	second := startWorker(t, url, dirs[0]) // with what the first has left
	awaitRecord(t, q, jobs[len(jobs)/2].ID)
	second.kill()
	startWorker(t, url, dirs[1])
	for _, job := range jobs {
		records := awaitRecords(t, q, job.ID)
		assert.Equal(t, want[job.Name], steadyLines(records), job.Name)
	}
	stop()
	counter.Wait()
	assert.Len(t, results, len(jobs))
	assert.Equal(t, []int{1}, slices.Compact(slices.Sorted(maps.Values(results))))
}

// A worker that is told to end gives no job up that it can finish.
func TestSIGTERMDrainsAWorker(t *testing.T) {
	newPool(t, 1)
	q, url := openQueue(t)
	id := putTask(t, q, map[string]string{"tasks.toml": "[[task]]\nname='x'\nlimits={ wall='20s' }\n[[task.test]]\ninput=''\nanswer='4'\n"})
	job, err := q.Submit(ctx, queue.Job{Task: id, Sources: []queue.Source{{Path: "a.sh", Text: "sleep 1; echo 4"}}, Needs: []string{"bash"}})
	require.NoError(t, err)
	p := startWorker(t, url, t.TempDir())
	awaitRecord(t, q, job.ID)
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.Wait(), "it ends by itself, and well")
	status, err := q.Status(ctx, job.ID)
	require.NoError(t, err)
	require.NotNil(t, status.Result)
	assert.Equal(t, judge.Accepted, status.Result.Verdict)
	assert.Len(t, status.Attempts, 1)
	workers, err := q.Workers(ctx)
	require.NoError(t, err)
	assert.Empty(t, workers)
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// awaitRecord waits until a worker tells something of a job, or has finished it.
func awaitRecord(t *testing.T, q *queue.Queue, id string) {
	t.Helper()
	for event, err := range q.Watch(within(t), id, 0) {
		require.NoError(t, err)
		if event.Record != nil || event.Result != nil {
			return
		}
	}
}

// awaitRecords waits for a job's result and returns its records.
func awaitRecords(t *testing.T, q *queue.Queue, id string) []byte {
	t.Helper()
	for _, err := range q.Watch(within(t), id, 0) {
		require.NoError(t, err)
	}
	records, err := q.OpenRecords(ctx, id)
	require.NoError(t, err)
	defer records.Close()
	text, err := io.ReadAll(records)
	require.NoError(t, err)
	return text
}
