package queue

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"judge/judge"
)

func BenchmarkSubmit(b *testing.B) {
	for _, clients := range []int{2, 16} {
		b.Run(strconv.Itoa(clients), func(b *testing.B) {
			q := embedded(b)
			ctx := context.Background()
			var n atomic.Int64
			b.SetParallelism(clients / 2) // times two processors, on the machine whose figures we know
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					_, err := q.Submit(ctx, job("j"+strconv.FormatInt(n.Add(1), 10), "cpp"))
					require.NoError(b, err)
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "submits/s")
		})
	}
}

// BenchmarkJob is all that the queue costs for a job with ten records: submit, take, records, finish, seen by who watches.
func BenchmarkJob(b *testing.B) {
	q := embedded(b)
	worker := another(b, q, "worker")
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	lines := strings.Repeat(`{"schema":1,"kind":"run","verdict":"accepted"}`+"\n", 10)
	var taken time.Duration
	go func() {
		for {
			d, err := worker.Take(ctx, nil)
			if err != nil {
				return
			}
			start := time.Now()
			for range 10 {
				_ = d.Record(&judge.Record{Schema: 1, Kind: judge.KindRun, Verdict: judge.Accepted})
			}
			if d.Finish(ctx, Result{Verdict: judge.Accepted}, strings.NewReader(lines)) != nil {
				return
			}
			taken += time.Since(start)
		}
	}()
	b.ResetTimer()
	for b.Loop() {
		j, err := q.Submit(ctx, job("", "cpp"))
		require.NoError(b, err)
		for _, err := range q.Watch(ctx, j.ID, 0) {
			require.NoError(b, err)
		}
	}
	b.ReportMetric(float64(taken.Microseconds())/float64(b.N), "µs-take-to-finish")
}

func BenchmarkFile(b *testing.B) {
	q := embedded(b)
	ctx := context.Background()
	for _, size := range []int{1 << 10, 1 << 20, 64 << 20} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			b.SetBytes(int64(size))
			var n int
			for b.Loop() {
				n++
				text := strconv.Itoa(n) + strings.Repeat("x", size)
				f, err := q.PutFile(ctx, strings.NewReader(text), 1<<30)
				require.NoError(b, err)
				require.Equal(b, text, content(b, q, f.SHA256))
			}
		})
	}
}
