package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge/queue"
)

// outcome is what a client learns of its submission when it has ended.
type outcome struct {
	State    queue.State `json:"state"`
	Finished time.Time   `json:"finished"`
	Attempts int         `json:"attempts"`
	records  []byte
}

// idOf is the id of a submission, which its client chooses: who hears no answer submits it again.
func idOf(i int) string { return fmt.Sprintf("s%04d", i) }

// jobOf is its id in the queue, which begins with a mark of the token's name.
func jobOf(i int) string {
	sum := sha256.Sum256([]byte("site"))
	return hex.EncodeToString(sum[:8]) + "_" + idOf(i)
}

// nameOf is what records call it.
func nameOf(i int) string { return idOf(i) + "/" + specimens[i%len(specimens)].name }

func (s *site) submit(i int) error {
	of := specimens[i%len(specimens)]
	return s.ask(http.MethodPost, "/v1/submissions", map[string]any{
		"id": idOf(i), "task": s.tasks[of.bundle], "name": nameOf(i), "sources": map[string]string{of.name: of.text},
	}, nil)
}

// judge submits, waits, and fetches the records.
func (s *site) judge(i int) (o outcome, err error) {
	if err := s.submit(i); err != nil {
		return o, err
	}
	at := "/v1/submissions/" + idOf(i)
	for !o.State.Final() {
		if err := s.ask(http.MethodGet, at+"?wait=20s", nil, &o); err != nil {
			return o, err
		}
	}
	return o, s.ask(http.MethodGet, at+"/records", nil, &o.records)
}

// ask makes a request again and again until it is answered.
func (s *site) ask(method, path string, body, answer any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	for {
		err := s.askOnce(method, path, text, answer)
		if refused := (*refusedError)(nil); err == nil || errors.As(err, &refused) {
			return err
		}
		select {
		case <-time.After(100 * time.Millisecond): // nobody says when a front is back
		case <-s.ctx.Done():
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
	}
}

// refusedError is an answer that would be the same again.
type refusedError struct{ text string }

func (e *refusedError) Error() string { return e.text }

func (s *site) askOnce(method, path string, body []byte, answer any) error {
	ctx, cancel := context.WithTimeout(s.ctx, 25*time.Second) // longer than we want it to wait; who is cut off says nothing
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+s.front.address+":8077"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+siteToken)
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return err
	case response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests:
		return errors.New(response.Status)
	case response.StatusCode >= 300:
		return &refusedError{fmt.Sprintf("%s %s: %s: %s", method, path, response.Status, text)}
	}
	switch to := answer.(type) {
	case nil:
		return nil
	case *[]byte:
		*to = text
		return nil
	}
	return json.Unmarshal(text, answer)
}

// wantOneResultEach looks into the streams: each submission has one result, the one that its client has seen; none was given up;
// and nothing is left in the queue.
func (s *site) wantOneResultEach(outcomes []outcome) {
	t := s.t
	t.Helper()
	want := map[string]uint64{}
	for i, o := range outcomes {
		want["judge.result."+jobOf(i)] = 1
		status, err := s.q.Status(s.ctx, jobOf(i))
		require.NoError(t, err)
		if assert.NotNil(t, status.Result, idOf(i)) {
			assert.Equal(t, queue.Done, status.Result.State, "%s: %s", idOf(i), status.Result.Reason)
			assert.Equal(t, o.Finished, status.Result.Finished, "%s has another result", idOf(i))
		}
	}
	assert.Equal(t, want, s.subjects("JUDGE_RESULTS"))
	assert.Empty(t, s.subjects("JUDGE_DEAD"))
	// A job whose acknowledgement got lost goes to a worker once more, which sees that it is done.
	for len(s.subjects("JUDGE_WORK")) > 0 {
		select {
		case <-time.After(100 * time.Millisecond):
		case <-s.ctx.Done():
			require.Empty(t, slices.Collect(maps.Keys(s.subjects("JUDGE_WORK"))), "left in the queue")
		}
	}
}
