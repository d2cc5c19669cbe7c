package serve

import (
	"context"
	"io"
	"iter"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge/queue"
	"judge/judge/serve/door"
)

// endlessQueue has jobs that never end.
type endlessQueue struct {
	*memoryQueue
	watched   chan struct{}
	cancelled chan string
}

func (q *endlessQueue) Watch(ctx context.Context, _ string, _ uint64) iter.Seq2[queue.Event, error] {
	return func(yield func(queue.Event, error) bool) {
		close(q.watched)
		<-ctx.Done()
		yield(queue.Event{}, ctx.Err())
	}
}

func (q *endlessQueue) Cancel(_ context.Context, id string) error {
	q.cancelled <- id
	return nil
}

// A service that ends answers also those whose jobs take longer than it waits, and no worker goes on with what nobody will read.
func TestEndedServiceAnswersWhoWaitsByADoor(t *testing.T) {
	q := &endlessQueue{memoryQueue: newMemoryQueue(), watched: make(chan struct{}), cancelled: make(chan string, 1)}
	run := door.Mux{Refusal: func(error) (int, string) { return 0, "" }}
	run.Handle("POST /run", func(_ http.ResponseWriter, r *http.Request) error {
		_, err := door.Run(r.Context(), q, queue.Job{ID: "waited-for"}, 1)
		return err
	})
	s := New(Options{Queue: q, Doors: []Door{{Pattern: "POST /run", Handler: &run}}})
	s.farewell = 4 * time.Minute // of which an answer may take as much as it needs
	l, err := Listen("127.0.0.1:0", nil)
	require.NoError(t, err)
	ctx, end := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, l, time.Millisecond) }()
	go func() {
		<-q.watched
		end()
	}()
	response, err := http.Post("http://"+l.Addr().String()+"/run", "application/json", strings.NewReader("{}"))
	require.NoError(t, err, "it has an answer")
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusServiceUnavailable, response.StatusCode, "%s", body)
	assert.Equal(t, "waited-for", <-q.cancelled)
	require.NoError(t, <-served)
	require.NoError(t, s.Close())
}

func TestListenRefusesOtherAddressesWithoutTokens(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "nonsense", "127.0.0.1", ""} {
		_, err := Listen(address, nil)
		require.Error(t, err, address)
	}
	for _, address := range []string{"127.0.0.1:0", "127.0.0.2:0", "localhost:0"} {
		l, err := Listen(address, nil)
		require.NoError(t, err, address)
		require.NoError(t, l.Close())
	}
	l, err := Listen("0.0.0.0:0", threeTokens(t))
	require.NoError(t, err)
	require.NoError(t, l.Close())
}
