package door

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge/queue"
)

// deafQueue does not answer, whatever it does.
type deafQueue struct {
	Queue
	submitted, cancelled string // ids of jobs
}

func (q *deafQueue) Submit(ctx context.Context, j queue.Job) (queue.Job, error) {
	q.submitted = j.ID
	<-ctx.Done()
	return queue.Job{}, fmt.Errorf("publish: %w (no response)", ctx.Err())
}

func (q *deafQueue) Cancel(ctx context.Context, id string) error {
	q.cancelled = id
	<-ctx.Done()
	return ctx.Err()
}

func TestQueueThatDoesNotAnswerIsNotWaitedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		q := &deafQueue{}
		_, err := Run(context.Background(), q, queue.Job{}, 1)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, promptPatience, time.Since(begin))
		assert.NotEmpty(t, q.submitted)
		assert.Equal(t, q.submitted, q.cancelled, "it may be in the queue")
		w := httptest.NewRecorder()
		Fail(w, httptest.NewRequest(http.MethodPost, "/run", nil), nil, err)
		assert.Equal(t, http.StatusServiceUnavailable, w.Code)
		assert.Contains(t, w.Body.String(), "the queue does not answer")
	})
}
