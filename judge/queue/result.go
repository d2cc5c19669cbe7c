package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"judge/judge"
)

// State of a job.
type State string

const (
	Queued    State = "queued"
	Running   State = "running"
	Done      State = "done"      // judged, whatever the verdict
	Cancelled State = "cancelled" // somebody did not want it any more
	Dead      State = "dead"      // given up after too many attempts, or not readable; Result.Reason says why
)

// Final tells whether a job in this state stays in it.
func (s State) Final() bool { return s == Done || s == Cancelled || s == Dead }

// Result is how a job ended. There is exactly one for a job, whatever happens, and it does not change.
type Result struct {
	ID     string `json:"id"`    // of the job; set by Finish
	State  State  `json:"state"` // Done, Cancelled or Dead; empty for Finish: Done
	Reason string `json:"reason,omitempty"`

	Worker   string    `json:"worker,omitempty"`  // set by Finish; empty when no worker had to do with it
	Attempt  int       `json:"attempt,omitempty"` // the one that made the result, from 1; set by Finish
	Queued   time.Time `json:"queued,omitzero"`   // when the job was submitted; set by Finish
	Started  time.Time `json:"started,omitzero"`  // of the attempt; set by Finish
	Finished time.Time `json:"finished,omitzero"` // set by Finish
	Runs     int       `json:"runs,omitempty"`    // how many runs the records tell of
	// Verdicts counts the runs by verdict, skipped ones too, and Phases has the wall times of all compilations
	// ("compile") and of all runs ("run") together: what metrics show without reading records. The worker sets them.
	Verdicts map[judge.Verdict]int   `json:"verdicts,omitempty"`
	Phases   map[string]judge.Millis `json:"phases_ms,omitempty"`
	Bytes    int64                   `json:"bytes,omitempty"`   // of all records, as OpenRecords gives them; set by Finish
	Verdict  judge.Verdict           `json:"verdict,omitempty"` // of the submission; judge-error when the job is dead
	// Submission is the last record: verdict, reason, score, largest figures. nil when there is none.
	Submission *judge.Record `json:"submission,omitempty"`
}

// storedResult is a result as it is in its stream, with the records or the name of their object.
type storedResult struct {
	Result
	Inline []byte `json:"records_gzip,omitempty"`
	Object string `json:"records_object,omitempty"`
}

// parseResult reads a result. One that cannot be read stays what it is, final: the job is dead.
func parseResult(id string, b []byte) storedResult {
	var r storedResult
	err := json.Unmarshal(b, &r)
	if err == nil && (r.ID != id || !r.State.Final()) {
		err = fmt.Errorf("it is of job %.80q, state %.80q", r.ID, r.State)
	}
	if err != nil {
		return storedResult{Result: Result{ID: id, State: Dead, Verdict: judge.JudgeError, Reason: "the result is not readable: " + err.Error()}}
	}
	return r
}

// result returns the result of a job; ErrUnknown when there is none yet.
func (q *Queue) result(ctx context.Context, id string) (storedResult, error) {
	var r storedResult
	err := q.retry(ctx, "read result", func(ctx context.Context) error {
		m, err := q.last(ctx, streamResults, resultSubject(id))
		if err == nil {
			r = parseResult(id, m.Data)
		}
		return err
	})
	return r, err
}
