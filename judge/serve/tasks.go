package serve

import (
	"context"
	"errors"
	"net/http"

	"judge/judge"
	"judge/judge/queue"
)

// taskRequest is the body of POST /v1/tasks, and a task within a submission.
type taskRequest struct {
	Files map[string]content `json:"files"`
}

// taskAnswer is what is known of a task.
type taskAnswer struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Tests     int      `json:"tests"`
	Languages []string `json:"languages"` // that a worker must have beside the submission's, sorted
}

func newTaskAnswer(id string, t *judge.Task) taskAnswer {
	return taskAnswer{ID: id, Name: t.Name, Tests: len(t.Tests), Languages: append([]string{}, t.Needs(nil)...)}
}

// putTask stores a task that has no mistakes.
func (s *Service) putTask(w http.ResponseWriter, r *http.Request) error {
	request, free, err := readJSON[taskRequest](&s.memory, r)
	if err != nil {
		return err
	}
	defer free()
	ctx, cancel := prompt.bound(r)
	defer cancel()
	id, task, err := s.storeTask(ctx, request)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/tasks/"+id)
	return writeJSON(w, http.StatusCreated, newTaskAnswer(id, task))
}

// getTask tells of a task.
func (s *Service) getTask(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	task, err := s.task(r.Context(), id)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, newTaskAnswer(id, task))
}

// storeTask loads a task, and stores it when it has no mistakes: its files and then the manifest, whose hash is
// the task's id.
func (s *Service) storeTask(ctx context.Context, request taskRequest) (id string, t *judge.Task, err error) {
	if err := checkNames(request.Files, queue.MaxManifestFiles); err != nil {
		return "", nil, err
	}
	manifest := &queue.Manifest{Files: make(map[string]string, len(request.Files))}
	for name, file := range request.Files {
		manifest.Files[name] = file.sha256()
	}
	if err := manifest.Check(); err != nil {
		return "", nil, invalid.problem("%v", err)
	}
	encoded, err := manifest.Encode()
	if err != nil {
		return "", nil, err
	}
	id = content{data: encoded}.sha256()
	if t = s.tasks.get(id); t == nil {
		if t, err = s.loadTask(ctx, id, request.Files); err != nil {
			return "", nil, err
		}
	}
	err = parallel(ctx, storeAtOnce, keysOf(request.Files), func(ctx context.Context, name string) error {
		return s.storeContent(ctx, request.Files[name])
	})
	if err == nil {
		err = s.storeContent(ctx, content{data: encoded})
	}
	if err != nil {
		return "", nil, err
	}
	s.tasks.put(id, t)
	return id, t, nil
}

// checkNames refuses files that cannot be those of a task or a submission.
func checkNames(files map[string]content, most int) error {
	switch {
	case len(files) == 0:
		return invalid.problem("there are no files")
	case len(files) > most:
		return invalid.problem("there are %d files: want at most %d", len(files), most)
	}
	if found := namesMistakes(files); len(found) > 0 {
		p := invalid.problem("%s", found[0].Message)
		p.Errors = found
		return p
	}
	return nil
}

// task returns a task that was stored.
func (s *Service) task(ctx context.Context, id string) (*judge.Task, error) {
	if queue.CheckHash(id) != nil {
		return nil, notFound.problem("task: want the id of one that was submitted, 64 lower-case hexadecimal digits")
	}
	if t := s.tasks.get(id); t != nil {
		return t, nil
	}
	encoded, err := s.read(ctx, id, queue.MaxManifest)
	switch {
	case errors.Is(err, queue.ErrUnknown):
		return nil, notFound.problem("there is no task %s", id)
	case errors.Is(err, queue.ErrTooLarge):
		return nil, notFound.problem("%s is a file, and not a task", id)
	case err != nil:
		return nil, err
	}
	manifest, err := queue.ParseManifest(encoded)
	if err != nil {
		return nil, notFound.problem("%s is a file, and not a task", id)
	}
	files := make(map[string]content, len(manifest.Files))
	for name, hash := range manifest.Files {
		files[name] = content{hash: hash}
	}
	t, err := s.loadTask(ctx, id, files)
	if err != nil {
		return nil, err
	}
	s.tasks.put(id, t)
	return t, nil
}
