package serve

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"judge/judge"
	"judge/judge/queue"
)

// submissionStatus is what clients learn of a submission.
type submissionStatus struct {
	ID        string         `json:"id"`
	Kind      string         `json:"kind"` // judge, or command: from a compatible door
	State     queue.State    `json:"state"`
	Priority  queue.Priority `json:"priority"`
	Owner     string         `json:"owner,omitempty"`
	Task      string         `json:"task,omitempty"` // id
	Name      string         `json:"name,omitempty"` // as records call the submission
	Language  string         `json:"language,omitempty"`
	Submitted time.Time      `json:"submitted"`
	Started   time.Time      `json:"started,omitzero"` // of the last attempt
	Finished  time.Time      `json:"finished,omitzero"`
	Worker    string         `json:"worker,omitempty"` // of the last attempt
	Attempts  int            `json:"attempts"`

	TaskName string         `json:"task_name,omitempty"`
	Verdict  judge.Verdict  `json:"verdict,omitempty"`
	Reason   string         `json:"reason,omitempty"`
	Message  string         `json:"message,omitempty"`
	Test     string         `json:"test,omitempty"` // that decided
	Score    *float64       `json:"score,omitempty"`
	MaxScore *float64       `json:"max_score,omitempty"`
	CPU      *judge.Millis  `json:"cpu_ms,omitempty"` // largest of all runs
	Memory   *int64         `json:"memory_bytes,omitempty"`
	Runs     int            `json:"runs,omitempty"`
	Links    *submissionURL `json:"links,omitempty"`
}

// submissionURL says where there is more.
type submissionURL struct {
	Self    string `json:"self"`
	Events  string `json:"events"`
	Records string `json:"records,omitempty"`
	Report  string `json:"report,omitempty"`
}

// newSubmissionStatus tells a client what the queue knows, in the words of the API.
func (c *client) newSubmissionStatus(from queue.Status) submissionStatus {
	j := from.Job
	s := submissionStatus{
		ID: c.shownID(j), Kind: j.Kind, State: from.State, Priority: j.Priority, Owner: j.Owner, Task: j.Task, Name: j.Name,
		Language: j.Language, Submitted: j.Submitted, Attempts: len(from.Attempts), Links: &submissionURL{},
	}
	if s.Kind == "" {
		s.Kind = queue.KindJudge
	}
	if s.Priority == "" {
		s.Priority = queue.Normal
	}
	if n := len(from.Attempts); n > 0 {
		last := from.Attempts[n-1]
		s.Worker, s.Started, s.Attempts = last.Worker, last.Started, max(n, last.Number)
	}
	s.Links.Self = "/v1/submissions/" + s.ID
	s.Links.Events = s.Links.Self + "/events"
	if r := from.Result; r != nil {
		s.end(r)
	}
	return s
}

// end adds how it ended.
func (s *submissionStatus) end(r *queue.Result) {
	s.State, s.Finished, s.Verdict, s.Reason, s.Runs = r.State, r.Finished, r.Verdict, r.Reason, r.Runs
	s.Attempts = max(s.Attempts, r.Attempt)
	if r.Worker != "" {
		s.Worker, s.Started = r.Worker, r.Started
	}
	if r.Bytes > 0 {
		s.Links.Records = s.Links.Self + "/records"
		if s.Kind == queue.KindJudge {
			s.Links.Report = s.Links.Self + "/report"
		}
	}
	if of := r.Submission; of != nil {
		s.TaskName, s.Message, s.Test = of.Task, of.Message, of.Test
		s.Score, s.MaxScore, s.CPU, s.Memory = of.Score, of.MaxScore, &of.CPU, &of.Memory
		if s.Reason == "" {
			s.Reason = of.Reason
		}
		if s.Language == "" {
			s.Language = of.Language
		}
	}
}

// status returns the submission that a request names, if its client may see it. To others it does not exist.
func (s *Service) status(r *http.Request) (queue.Status, error) {
	c := clientOf(r.Context())
	for _, id := range c.jobIDs(r.PathValue("id")) {
		status, err := s.statusOf(r.Context(), id)
		if gone := (*Problem)(nil); !errors.As(err, &gone) {
			return status, err
		}
	}
	return queue.Status{}, noSubmission()
}

// statusOf returns the submission of a job, if the context's client may see it.
func (s *Service) statusOf(ctx context.Context, job string) (queue.Status, error) {
	if !isID(job, queue.MaxID) {
		return queue.Status{}, noSubmission()
	}
	status, err := s.queue.Status(ctx, job)
	if errors.Is(err, queue.ErrUnknown) || err == nil && !clientOf(ctx).sees(status.Job.Owner) {
		return queue.Status{}, noSubmission()
	}
	return status, err
}

func noSubmission() error { return notFound.problem("there is no such submission") }

// getSubmission answers with a submission's status, at once or when it has ended.
func (s *Service) getSubmission(w http.ResponseWriter, r *http.Request) error {
	patience, err := waitOf(r)
	if err != nil {
		return err
	}
	status, err := s.status(r)
	if err != nil {
		return err
	}
	if patience > 0 && !status.State.Final() {
		ended, forget := s.open.wait(status.Job.ID)
		defer forget()
		if status, err = s.statusOf(r.Context(), status.Job.ID); err != nil { // it may have ended before we listened
			return err
		}
		if status, err = s.waitFor(r.Context(), status, ended, patience); err != nil {
			return err
		}
	}
	return writeJSON(w, http.StatusOK, clientOf(r.Context()).newSubmissionStatus(status))
}

// waitOf reads the `wait` of a request, a number of seconds or a duration such as 1m30s. What is longer than
// maxWait counts as that; 0: it does not wait.
func waitOf(r *http.Request) (time.Duration, error) {
	text := r.URL.Query().Get("wait")
	if text == "" {
		return 0, nil
	}
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, maxWait), nil
	}
	wait, err := time.ParseDuration(text)
	if err != nil || wait < 0 {
		return 0, badRequest.problem("wait: want a duration such as 30s")
	}
	return min(wait, maxWait), nil
}

// lookAgain is after what time who waits looks whether the result has come unheard, for the first time.
const lookAgain = 2 * time.Second

// waitFor waits for a submission's end, as long as patience says or until the service drains, and returns its
// status. It was the one that is known when ended, of openJobs.wait, could be heard already.
func (s *Service) waitFor(ctx context.Context, known queue.Status, ended <-chan *queue.Result, patience time.Duration) (queue.Status, error) {
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for pause := lookAgain; patience > 0 && !known.State.Final(); pause *= 2 {
		last := true
		select {
		case r := <-ended:
			if r != nil && r.Worker != "" { // it says all that a client learns
				known.State, known.Result = r.State, r
				return known, nil
			}
		case <-time.After(pause):
			last = false
		case <-timeout.C:
		case <-s.draining.Done():
		case <-ctx.Done():
			return queue.Status{}, ctx.Err()
		}
		var err error
		if known, err = s.statusOf(ctx, known.Job.ID); err != nil || last {
			return known, err
		}
	}
	return known, nil
}

// cancelSubmission ends a submission.
func (s *Service) cancelSubmission(w http.ResponseWriter, r *http.Request) error {
	status, err := s.status(r)
	if err != nil {
		return err
	}
	if err := s.queue.Cancel(r.Context(), status.Job.ID); err != nil {
		return err
	}
	if status, err = s.status(r); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, clientOf(r.Context()).newSubmissionStatus(status))
}

// submissionList is a page of submissions.
type submissionList struct {
	Submissions []submissionStatus `json:"submissions"`
	Next        string             `json:"next,omitempty"` // the `before` of the page that follows; absent: there is none
}

// maxPage bounds how many submissions a page has.
const maxPage = 500

// listSubmissions answers with a page of submissions, the newest first.
func (s *Service) listSubmissions(w http.ResponseWriter, r *http.Request) error {
	query, c := r.URL.Query(), clientOf(r.Context())
	options := queue.ListOptions{Limit: 50, Owner: c.Name}
	if c.Admin {
		options.Owner = query.Get("owner")
	}
	if text := query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxPage {
			return badRequest.problem("limit: want a number from 1 to %d", maxPage)
		}
		options.Limit = n
	}
	if text := query.Get("before"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil || n == 0 {
			return badRequest.problem("before: want the `next` of the page before")
		}
		options.Before = n
	}
	page, next, err := s.queue.List(r.Context(), options)
	if err != nil {
		return err
	}
	list := submissionList{Submissions: []submissionStatus{}}
	for _, status := range page {
		if c.sees(status.Job.Owner) {
			list.Submissions = append(list.Submissions, c.newSubmissionStatus(status))
		}
	}
	if next > 0 {
		list.Next = strconv.FormatUint(next, 10)
	}
	return writeJSON(w, http.StatusOK, list)
}
