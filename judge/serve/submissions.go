package serve

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"judge/judge"
	"judge/judge/queue"
)

// Bounds of a submission.
const (
	maxSources    = 256       // files
	maxSourceSize = 8 << 20   // bytes of all files together that a submission is loaded with
	maxInJob      = 512 << 10 // bytes of sources that are kept within a job, encoded: the rest goes by hash
	maxOnly       = 10_000    // names of tests
)

// submissionRequest is the body of POST /v1/submissions.
type submissionRequest struct {
	ID       string             `json:"id"`
	Task     taskReference      `json:"task"`
	Sources  map[string]content `json:"sources"`
	Name     string             `json:"name"`
	Language string             `json:"language"`
	Priority queue.Priority     `json:"priority"`
	Only     []string           `json:"only"`
	AllTests bool               `json:"all_tests"`
}

// taskReference is the id of a task, or a task.
type taskReference struct {
	id    string
	files *taskRequest // nil: id
}

// UnmarshalJSONFrom reads a string or an object.
func (t *taskReference) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() == '"' {
		return json.UnmarshalDecode(d, &t.id)
	}
	return json.UnmarshalDecode(d, &t.files)
}

// submit takes a submission: when it is answered, the submission is in the queue.
func (s *Service) submit(w http.ResponseWriter, r *http.Request) error {
	patience, err := waitOf(r)
	if err != nil {
		return err
	}
	job, chosen, err := s.requested(r)
	if err != nil {
		return err
	}
	ctx, cancel := waiting.bound(r)
	defer cancel()
	ended, forget := s.open.wait(job.ID)
	defer forget()
	status, err := s.enqueue(ctx, job, chosen)
	if err != nil {
		return err
	}
	answer := clientOf(r.Context()).newSubmissionStatus(status)
	w.Header().Set("Location", answer.Links.Self)
	later, err := s.waitFor(ctx, status, ended, patience)
	if err == nil {
		answer = clientOf(r.Context()).newSubmissionStatus(later)
	} else if ctx.Err() != nil {
		return err
	} // else: it is accepted, whatever cannot be learned of it now
	code := http.StatusAccepted
	if answer.State.Final() {
		code = http.StatusOK
	}
	return writeJSON(w, code, answer)
}

// requested is the job that a request asks for, and whether the client has chosen its id. What the request holds may be large,
// and is not kept while the client waits for the result.
func (s *Service) requested(r *http.Request) (job queue.Job, chosen bool, err error) {
	request, free, err := readJSON[submissionRequest](&s.memory, r)
	if err != nil {
		return queue.Job{}, false, err
	}
	defer free()
	ctx, cancel := prompt.bound(r)
	defer cancel()
	job, err = s.job(ctx, request)
	return job, request.ID != "", err
}

// enqueue puts a job into the queue, unless its owner has too many there.
func (s *Service) enqueue(ctx context.Context, job queue.Job, chosen bool) (queue.Status, error) {
	added, err := s.open.add(job.ID, job.Owner, clientOf(ctx).Limits.Open)
	if err != nil {
		return queue.Status{}, err
	}
	soon, cancel := context.WithTimeout(ctx, promptTimeout)
	defer cancel()
	accepted, err := s.queue.Submit(soon, job)
	if err != nil {
		if added { // else the id is that of another submission, which is open
			s.open.remove(job.ID)
		}
		return queue.Status{}, err
	}
	status := queue.Status{Job: accepted, State: queue.Queued}
	if chosen { // it may be there for long
		known, err := s.queue.Status(ctx, job.ID)
		if err == nil {
			status = known
		}
		if status.State.Final() {
			s.open.remove(job.ID)
			return status, nil
		}
	}
	s.metrics.submissions.WithLabelValues(string(stateAccepted)).Inc()
	return status, nil
}

// job checks a submission with its task, and makes a job of it.
func (s *Service) job(ctx context.Context, request submissionRequest) (queue.Job, error) {
	if err := checkSubmission(request); err != nil {
		return queue.Job{}, err
	}
	if c := clientOf(ctx); request.Priority != "" && !c.may(request.Priority) {
		return queue.Job{}, notAllowed.problem("priority: %s is the highest that this token may give", c.Priority)
	}
	id, task, err := s.referred(ctx, request.Task)
	if err != nil {
		return queue.Job{}, err
	}
	sources, err := s.sources(ctx, request.Sources)
	if err != nil {
		return queue.Job{}, err
	}
	submission, err := task.NewSubmission(request.Name, request.Language, sources...)
	if err != nil {
		return queue.Job{}, invalid.problem("%v", err)
	}
	if err := checkOnly(task, request.Only); err != nil {
		return queue.Job{}, err
	}
	made := rand.Text()
	if request.ID != "" {
		made = mark(clientOf(ctx).Name) + request.ID
	}
	job := queue.Job{
		ID: made, Kind: queue.KindJudge, Priority: cmp.Or(request.Priority, Priority(ctx, queue.Normal)),
		Owner: clientOf(ctx).Name, Needs: task.Needs(&submission), Task: id, Name: submission.Name,
		Language: request.Language, Only: request.Only, AllTests: request.AllTests,
	}
	job.Sources, err = s.jobSources(ctx, request.Sources)
	return job, err
}

func checkSubmission(r submissionRequest) error {
	switch {
	case r.ID != "" && !isID(r.ID, maxChosenID):
		return invalid.problem("id: want at most 64 letters, digits, - and _")
	case r.Task.id == "" && r.Task.files == nil:
		return invalid.problem("task: want the id of a task, or an object with its files")
	case r.Priority != "" && !slices.Contains(queue.Priorities, r.Priority):
		return invalid.problem("priority: want one of %v", queue.Priorities)
	case len(r.Only) > maxOnly:
		return invalid.problem("only: want at most %d names of tests", maxOnly)
	}
	return checkNames(r.Sources, maxSources)
}

// referred is the task of a submission.
func (s *Service) referred(ctx context.Context, of taskReference) (string, *judge.Task, error) {
	if of.files != nil {
		return s.storeTask(ctx, *of.files)
	}
	t, err := s.task(ctx, of.id)
	var unknown *Problem
	if errors.As(err, &unknown) && unknown.Status == http.StatusNotFound { // the request's address is a good one
		return "", nil, invalid.problem("task: %s", unknown.Detail)
	}
	return of.id, t, err
}

// sources fetches what has to be looked into to tell how a submission is to be compiled.
func (s *Service) sources(ctx context.Context, files map[string]content) ([]judge.SourceFile, error) {
	var found []judge.SourceFile
	var missing missingFiles
	size := int64(0)
	for _, name := range keysOf(files) {
		data := files[name].data
		if hash := files[name].hash; hash != "" {
			var err error
			data, err = s.read(ctx, hash, maxSourceSize)
			if errors.Is(err, queue.ErrUnknown) {
				missing.add(name, hash)
				continue
			}
			if err != nil && !errors.Is(err, queue.ErrTooLarge) {
				return nil, err
			}
		}
		if size += int64(len(data)); size > maxSourceSize {
			return nil, tooLarge.problem("sources: want at most %d bytes", maxSourceSize)
		}
		found = append(found, judge.SourceFile{Name: name, Data: judge.Data{Text: string(data)}})
	}
	return found, missing.problem()
}

// checkOnly refuses names of tests that the task does not have.
func checkOnly(t *judge.Task, only []string) error {
	if len(only) == 0 {
		return nil
	}
	names := make(map[string]bool, len(t.Tests))
	for i := range t.Tests {
		names[t.Tests[i].Name] = true
	}
	for _, name := range only {
		if !names[name] {
			return invalid.problem("only: the task has no test %.100q", name)
		}
	}
	return nil
}

// jobSources are sources as a job has them: text where it is, the rest encoded, and what makes the job too large
// in the store. They are in order, so that the same submission is the same job.
func (s *Service) jobSources(ctx context.Context, files map[string]content) ([]queue.Source, error) {
	var sources []queue.Source
	room := maxInJob
	for _, name := range keysOf(files) {
		file, source := files[name], queue.Source{Path: name}
		text := file.hash == "" && utf8.Valid(file.data)
		size := jobSize(file.data, text)
		switch {
		case file.hash != "":
			source.SHA256 = file.hash
		case size > room:
			if err := s.storeContent(ctx, file); err != nil {
				return nil, err
			}
			source.SHA256 = file.sha256()
		case text:
			source.Text = string(file.data)
			room -= size
		default:
			source.Base64 = base64.StdEncoding.EncodeToString(file.data)
			room -= size
		}
		sources = append(sources, source)
	}
	return sources, nil
}

// jobSize is how many bytes of JSON a content becomes.
func jobSize(data []byte, text bool) int {
	if !text {
		return base64.StdEncoding.EncodedLen(len(data))
	}
	size := len(data)
	for _, c := range data {
		if c < ' ' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			size += 5 // \u0000
		}
	}
	return size
}
