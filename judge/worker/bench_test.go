package worker

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"judge/judge"
	"judge/judge/queue"
)

func newReader(text []byte) io.Reader { return bytes.NewReader(text) }

// discard is a sink that keeps nothing.
type discard struct{}

func (discard) Write(*judge.Record) error { return nil }
func (discard) Close() error              { return nil }

// gatedQueue gives as many jobs as it is allowed to, and says when they are finished.
type gatedQueue struct {
	Queue
	allowed, finished chan struct{}
}

func (q *gatedQueue) Take(ctx context.Context, can func(string) bool) (Delivery, error) {
	select {
	case <-q.allowed:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	d, err := q.Queue.Take(ctx, can)
	return gatedDelivery{d, q}, err
}

type gatedDelivery struct {
	Delivery
	queue *gatedQueue
}

func (d gatedDelivery) Finish(ctx context.Context, r queue.Result, records io.ReadSeeker) error {
	err := d.Delivery.Finish(ctx, r, records)
	d.queue.finished <- struct{}{}
	return err
}

// BenchmarkThroughput judges small submissions as `judge run` does, and as many through the queue of an embedded
// server, by turns, for machines have other things to do; it reports submissions a second of both, and the ratio:
//
//	go test -run - -bench Throughput -benchtime 500x ./judge/worker
func BenchmarkThroughput(b *testing.B) {
	const turn = 50
	const taskFile = "[[task]]\nname = 'double'\n[[task.test]]\ninput = '2'\nanswer = '4'\n[[task.test]]\ninput = '3'\nanswer = '6'\n"
	server, err := queue.StartServer(queue.ServerOptions{Store: b.TempDir()})
	require.NoError(b, err)
	defer server.Close()
	q, err := queue.Open(ctx, queue.Options{Server: server, Name: "bench"})
	require.NoError(b, err)
	defer q.Close()
	id := putTask(b, q, map[string]string{"tasks.toml": taskFile})
	var pools [2]*judge.Pool
	for i := range pools {
		pools[i], err = judge.NewPool(judge.PoolOptions{})
		require.NoError(b, err)
		defer pools[i].Close()
	}
	gated := &gatedQueue{Queue: FromQueue(q), allowed: make(chan struct{}, turn), finished: make(chan struct{}, turn)}
	w, err := New(Config{Queue: gated, Pool: pools[0], Name: "bench", Dir: b.TempDir()})
	require.NoError(b, err)
	defer w.Close()
	w.Offer("bash", "")
	task, err := w.tasks.hold(ctx, id)
	require.NoError(b, err)
	defer w.tasks.letGo(task)
	running, end := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- w.Run(running) }()
	defer func() { end(); <-ended }()

	// Each is another one, or its compilation would be known.
	source := func(i int) string { return fmt.Sprintf("read x # %d\necho $((2 * x))\n", i) }
	direct := func(from int) {
		batch := *task.Task
		for i := range turn {
			s, err := batch.NewSubmission("", "", judge.SourceFile{Name: "a.sh", Data: judge.Data{Text: source(from + i)}})
			require.NoError(b, err)
			batch.Submissions = append(batch.Submissions, s)
		}
		_, err := judge.Batch{Pool: pools[1], Cache: w.compilations}.Run(ctx, []judge.Task{batch}, discard{})
		require.NoError(b, err)
	}
	submit := func(from int) {
		for i := range turn {
			_, err := q.Submit(ctx, queue.Job{Task: id, Needs: []string{"bash"}, Sources: []queue.Source{{Path: "a.sh", Text: source(from + i)}}})
			require.NoError(b, err)
		}
	}
	queued := func() {
		for range turn {
			gated.allowed <- struct{}{}
		}
		for range turn {
			<-gated.finished
		}
	}
	var runs, queues time.Duration
	turns := max(b.N/turn, 1)
	for i := range turns + 1 {
		submit((2*i + 1) * turn)
		begin := time.Now()
		direct(2 * i * turn)
		between := time.Now()
		queued()
		if i > 0 { // the first one is for everybody to get ready
			runs += between.Sub(begin)
			queues += time.Since(between)
		}
	}
	b.ReportMetric(float64(turns*turn)/runs.Seconds(), "run/s")
	b.ReportMetric(float64(turns*turn)/queues.Seconds(), "queue/s")
	b.ReportMetric(runs.Seconds()/queues.Seconds(), "ratio")
	b.ReportMetric(0, "ns/op")
}
