package serve

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"judge/judge/queue"
)

func TestQueueIsAskedOnceASecondWhetherItIsReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, ready := 0, true
		r := &readiness{}
		look := func() bool { return r.known(func() bool { asked++; return ready }) }
		assert.True(t, look())
		ready = false
		for range 100 {
			assert.True(t, look())
		}
		assert.Equal(t, 1, asked)
		time.Sleep(readyAge)
		assert.False(t, look())
		ready = true
		assert.False(t, look())
		assert.Equal(t, 2, asked)
		time.Sleep(readyAge)
		assert.True(t, look())
	})
}

func TestFleetIsShown(t *testing.T) {
	a := newAPI(t, nil)
	assert.JSONEq(t, `{"workers": []}`, string(a.get("/v1/workers").body))
	a.queue.workers = []queue.Advert{
		{Name: "a", Languages: map[string]string{"c": "gcc 14", "python": "3.13"}, Jobs: 2, Cores: 2},
		{Name: "b", Languages: map[string]string{"c": "gcc 12"}, Jobs: 4, Cores: 4, Since: time.Now()},
	}
	a.queue.lengths = []queue.Length{
		{Priority: queue.Contest, Needs: []string{"c"}, Waiting: 3, Running: 1},
		{Priority: queue.Rejudge, Needs: []string{"c", "cobol"}, Waiting: 2},
		{Priority: queue.Normal},
	}
	a.get("/v1/workers")
	assert.JSONEq(t, `{"languages": [{"name": "c", "versions": ["gcc 12", "gcc 14"], "workers": 2}, {"name": "python", "versions": ["3.13"], "workers": 1}]}`,
		string(a.get("/v1/languages").body))
	assert.JSONEq(t, `{"waiting": 5, "running": 1, "workers": 2, "stuck": ["cobol"], "lengths": [
		{"priority": "contest", "needs": ["c"], "waiting": 3, "running": 1},
		{"priority": "rejudge", "needs": ["c", "cobol"], "waiting": 2, "running": 0}]}`, string(a.get("/v1/queue").body))
}

func TestReadinessSaysWhyNot(t *testing.T) {
	a := newAPI(t, nil)
	assert.Equal(t, http.StatusOK, a.get("/healthz").status)
	assert.Equal(t, http.StatusOK, a.get("/readyz").status)

	a = newAPI(t, nil)
	a.queue.ready = context.DeadlineExceeded
	p := refusal(t, a.get("/readyz"), unavailable)
	assert.Contains(t, p.Detail, "queue")
	assert.Equal(t, http.StatusOK, a.get("/healthz").status)
}
