package serve

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
	"judge/judge/queue"
)

// named is sumSubmission with an id and a name.
func named(id, name string) object {
	body := sumSubmission()
	body["id"], body["name"] = id, name
	return body
}

func TestChosenIDsAreTheClientsOwn(t *testing.T) {
	a := newAPI(t, threeTokens(t))
	longest := strings.Repeat("x", maxChosenID)
	for _, id := range []string{"one", longest} {
		ofA := a.submit(named(id, "a.py"), bearer(tokenA)...)
		refusal(t, a.get("/v1/submissions/"+id, bearer(tokenB)...), notFound)
		ofB := a.submit(named(id, "b.py"), bearer(tokenB)...)
		for token, want := range map[string]submissionStatus{tokenA: ofA, tokenB: ofB} {
			assert.Equal(t, id, want.ID)
			assert.Equal(t, "/v1/submissions/"+id, want.Links.Self)
			found := as[submissionStatus](t, a.get(want.Links.Self, bearer(token)...), http.StatusOK)
			assert.Equal(t, want.Name, found.Name)
			again := as[submissionStatus](t, a.post("/v1/submissions", named(id, want.Name), bearer(token)...), http.StatusAccepted)
			assert.Equal(t, want.Submitted, again.Submitted, "is the same submission")
			refusal(t, a.post("/v1/submissions", named(id, "c.py"), bearer(token)...), conflict)
		}
	}
	require.Len(t, a.queue.jobs, 4)

	list := func(token string) (ids []string) {
		for _, s := range as[submissionList](t, a.get("/v1/submissions", bearer(token)...), http.StatusOK).Submissions {
			assert.Equal(t, s.Name, as[submissionStatus](t, a.get(s.Links.Self, bearer(token)...), http.StatusOK).Name, "is found by what is listed")
			ids = append(ids, s.ID)
		}
		return ids
	}
	assert.Equal(t, []string{longest, "one"}, list(tokenA))
	assert.Equal(t, []string{longest, "one"}, list(tokenB))
	assert.Equal(t, []string{mark("b") + longest, mark("a") + longest, mark("b") + "one", mark("a") + "one"}, list(tokenAdmin))
}

func TestIDsOfOthersCannotBeReached(t *testing.T) {
	a := newAPI(t, threeTokens(t))
	a.submit(named("one", "a.py"), bearer(tokenA)...)
	inQueue := mark("a") + "one"
	refusal(t, a.get("/v1/submissions/"+inQueue, bearer(tokenB)...), notFound)
	refusal(t, a.do(http.MethodDelete, "/v1/submissions/"+inQueue, "", bearer(tokenB)...), notFound)
	a.submit(named(inQueue, "b.py"), bearer(tokenB)...) // is one of its own
	assert.Equal(t, "b.py", as[submissionStatus](t, a.get("/v1/submissions/"+inQueue, bearer(tokenB)...), http.StatusOK).Name)
	assert.Equal(t, "a.py", as[submissionStatus](t, a.get("/v1/submissions/one", bearer(tokenA)...), http.StatusOK).Name)
	assert.Equal(t, "a.py", as[submissionStatus](t, a.get("/v1/submissions/"+inQueue, bearer(tokenAdmin)...), http.StatusOK).Name)
	assert.Equal(t, queue.Queued, a.queue.find(inQueue).State)

	made := a.submit(sumSubmission(), bearer(tokenA)...)
	a.submit(named(made.ID, "b.py"), bearer(tokenB)...)
	assert.Equal(t, "b.py", as[submissionStatus](t, a.get("/v1/submissions/"+made.ID, bearer(tokenB)...), http.StatusOK).Name)
	assert.Equal(t, "main.py", as[submissionStatus](t, a.get("/v1/submissions/"+made.ID, bearer(tokenA)...), http.StatusOK).Name)
}

func TestChosenIDsNameAllThatASubmissionHas(t *testing.T) {
	a := newAPI(t, threeTokens(t))
	made := a.submit(named("one", "a.py"), bearer(tokenA)...)
	inQueue := mark("a") + "one"
	stream := a.follow("one", bearer(tokenA)...)
	defer stream.close()
	answer := make(chan answered, 1)
	go func() { answer <- a.get(made.Links.Self+"?wait=60s", bearer(tokenA)...) }()
	a.queue.begin(inQueue)
	a.queue.finish(inQueue, judge.Accepted)
	ended := as[submissionStatus](t, <-answer, http.StatusOK)
	assert.Equal(t, "one", ended.ID)
	assert.Equal(t, judge.Accepted, ended.Verdict)
	for _, path := range []string{ended.Links.Self, ended.Links.Records, ended.Links.Report} {
		answer := a.get(path, bearer(tokenA)...)
		assert.Equal(t, http.StatusOK, answer.status, path)
		assert.NotContains(t, string(answer.body), mark("a"))
		assert.NotContains(t, answer.header.Get("Content-Disposition"), mark("a"))
	}
	last := sentEvent{}
	for event, more := stream.next(); more; event, more = stream.next() {
		assert.NotContains(t, event.data, mark("a"))
		last = event
	}
	assert.Contains(t, last.data, `"id":"one"`)
}
