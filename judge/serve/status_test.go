package serve

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
	"judge/judge/queue"
)

func TestWaitingFindsAResultThatNobodyTellsOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newMemoryQueue()
		q.mute = true
		s := New(Options{Queue: q})
		defer s.Close()
		_, err := q.Submit(t.Context(), queue.Job{ID: "one"})
		require.NoError(t, err)
		ended, forget := s.open.wait("one")
		defer forget()
		time.AfterFunc(5*time.Second, func() { q.begin("one"); q.finish("one", judge.Accepted) })
		ctx, begin := context.WithValue(t.Context(), clientKey{}, &client{}), time.Now()
		status, err := s.waitFor(ctx, *q.find("one"), ended, maxWait)
		require.NoError(t, err)
		assert.Equal(t, queue.Done, status.State)
		assert.Less(t, time.Since(begin), maxWait/4)
	})
}

func TestWaitingEndsInTime(t *testing.T) {
	a := newAPI(t, nil)
	made := a.submit(sumSubmission())
	for _, wait := range []string{"1ms", "0", "0s"} {
		still := as[submissionStatus](t, a.get(made.Links.Self+"?wait="+wait), http.StatusOK)
		assert.Equal(t, queue.Queued, still.State, wait)
	}
	for _, wait := range []string{"-1s", "soon", "1e9", "99999999999999999999"} {
		refusal(t, a.get(made.Links.Self+"?wait="+wait), badRequest)
	}
}

func TestCancelledSubmissionsEnd(t *testing.T) {
	a := newAPI(t, nil)
	made := a.submit(sumSubmission())
	for range 2 {
		ended := as[submissionStatus](t, a.do(http.MethodDelete, made.Links.Self, ""), http.StatusOK)
		assert.Equal(t, queue.Cancelled, ended.State)
	}
	refusal(t, a.get(made.Links.Self+"/records"), notFound)
	refusal(t, a.do(http.MethodDelete, "/v1/submissions/other", ""), notFound)
}

func TestListGoesOnWhereItEnded(t *testing.T) {
	a := newAPI(t, nil)
	var made []string
	for range 5 {
		made = append(made, a.submit(sumSubmission()).ID)
	}
	var listed []string
	for path := "/v1/submissions?limit=2"; ; {
		page := as[submissionList](t, a.get(path), http.StatusOK)
		for _, s := range page.Submissions {
			listed = append(listed, s.ID)
		}
		if page.Next == "" {
			break
		}
		path = "/v1/submissions?limit=2&before=" + page.Next
	}
	assert.Equal(t, []string{made[4], made[3], made[2], made[1], made[0]}, listed)
	for _, query := range []string{"limit=0", "limit=501", "limit=x", "before=0", "before=-1", "before=x"} {
		refusal(t, a.get("/v1/submissions?"+query), badRequest)
	}
}
