package main

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge/queue"
	"judge/judge/serve"
	"judge/judge/serve/gojudge"
)

// Clients of other judges do not choose a priority: theirs is normal, or what their token may give.
func TestDoorsKeepToThePriorityOfTheToken(t *testing.T) {
	const token = "0123456789abcdef"
	for words, want := range map[string]queue.Priority{"": queue.Normal, "priority=contest": queue.Normal, "priority=rejudge": queue.Rejudge} {
		server, err := queue.StartServer(queue.ServerOptions{Store: t.TempDir()})
		require.NoError(t, err)
		defer server.Close()
		q, err := queue.Open(t.Context(), queue.Options{Server: server, Name: "test"})
		require.NoError(t, err)
		defer q.Close()
		file := filepath.Join(t.TempDir(), "tokens")
		require.NoError(t, os.WriteFile(file, []byte("site "+token+" "+words), 0o600))
		tokens, err := serve.ReadTokens(file)
		require.NoError(t, err)
		service := serve.New(serve.Options{Queue: q, Tokens: tokens, Doors: doors(doorQueue{q}, &gojudge.Store{Buckets: q}, slog.New(slog.DiscardHandler))})
		defer service.Close()

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		r := httptest.NewRequestWithContext(ctx, "POST", "/run", strings.NewReader(`{"cmd":[{"args":["true"]}]}`))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			defer func() { recover() }() // as net/http does for a client that has gone
			service.ServeHTTP(httptest.NewRecorder(), r)
		}()
		d, err := q.Take(ctx, nil)
		require.NoError(t, err)
		assert.Equal(t, want, d.Job().Priority, words)
		require.NoError(t, d.Close())
		cancel()
		<-answered
	}
}
