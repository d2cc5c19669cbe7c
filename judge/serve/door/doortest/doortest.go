// Package doortest runs a queue and a worker for the tests of doors.
package doortest

import (
	"context"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"judge/judge"
	"judge/judge/queue"
	"judge/judge/worker"
)

// Languages are those that a worker of tests has, with the first line of their versions.
type Languages map[string]string

// Start starts a server, a queue and a worker that end with the test. TestMain must begin with isolate.Enter.
func Start(t *testing.T, languages Languages, commands func(context.Context, *judge.Pool, queue.Job, io.Writer) error) *queue.Queue {
	t.Helper()
	server, err := queue.StartServer(queue.ServerOptions{Store: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	q, err := queue.Open(t.Context(), queue.Options{Server: server, Name: "test"})
	require.NoError(t, err)
	t.Cleanup(func() { q.Close() })
	pool, err := judge.NewPool(judge.PoolOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { pool.Close() })
	w, err := worker.New(worker.Config{Queue: worker.FromQueue(q), Pool: pool, Name: "worker", Dir: t.TempDir(), Grace: -1, Commands: commands})
	require.NoError(t, err)
	t.Cleanup(func() { w.Close() })
	for name, version := range languages {
		w.Offer(name, version)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var working sync.WaitGroup
	working.Go(func() { _ = w.Run(ctx) })
	t.Cleanup(func() { stop(); working.Wait() })
	require.Eventually(t, func() bool {
		workers, err := q.Workers(t.Context())
		return err == nil && len(workers) == 1 && len(workers[0].Languages) == len(languages)
	}, 4*time.Minute, 10*time.Millisecond, "the worker's advert")
	return q
}
