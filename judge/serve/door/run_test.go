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

// deafQueue does not answer.
type deafQueue struct{ Queue }

func (deafQueue) Submit(ctx context.Context, _ queue.Job) (queue.Job, error) {
	<-ctx.Done()
	return queue.Job{}, fmt.Errorf("publish: %w (no response)", ctx.Err())
}

func TestQueueThatDoesNotAnswerIsNotWaitedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		_, err := Run(context.Background(), deafQueue{}, queue.Job{}, 1)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, promptPatience, time.Since(begin))
		w := httptest.NewRecorder()
		Fail(w, httptest.NewRequest(http.MethodPost, "/run", nil), nil, err)
		assert.Equal(t, http.StatusServiceUnavailable, w.Code)
		assert.Contains(t, w.Body.String(), "the queue does not answer")
	})
}
