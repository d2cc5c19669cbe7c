package gojudge

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"runtime"
	"slices"

	"judge/judge/queue"
	"judge/judge/serve/door"
)

// Jobs executes commands; a *Runner does it here, QueueJobs elsewhere.
type Jobs interface {
	// Execute takes a Command and returns a list of Results, as JSON.
	Execute(ctx context.Context, command json.RawMessage) (json.RawMessage, error)
}

// Options say how a Handler is made.
type Options struct {
	Jobs    Jobs
	Files   Files
	Owner   func(ctx context.Context) string // whose a request is; nil: nobody's, and all see all files
	Version string                           // of judge
	Log     *slog.Logger                     // nil: nothing is logged
}

// Patterns are the routes of a Handler, as http.ServeMux has them.
var Patterns = []string{
	"POST /run", "GET /file", "POST /file", "GET /file/{id}", "DELETE /file/{id}", "GET /version", "GET /config",
}

// handler answers the requests of go-judge's clients.
type handler struct{ Options }

// NewHandler returns what answers Patterns. It bounds bodies, and leaves rates, slow clients and tokens to who
// mounts it.
func NewHandler(o Options) http.Handler {
	if o.Owner == nil {
		o.Owner = func(context.Context) string { return "" }
	}
	h := &handler{o}
	mux := &door.Mux{Log: o.Log, Refusal: refusal}
	for i, answer := range []func(http.ResponseWriter, *http.Request) error{
		h.run, h.listFiles, h.putFile, h.getFile, h.deleteFile, h.version, h.config,
	} {
		mux.Handle(Patterns[i], answer)
	}
	return mux
}

// refusal is how errors are answered that are the client's.
func refusal(err error) (status int, detail string) {
	var field *FieldError
	switch {
	case errors.As(err, &field):
		return http.StatusBadRequest, field.Error()
	case errors.Is(err, ErrUnknownFile):
		return http.StatusNotFound, err.Error()
	case errors.Is(err, ErrNoRoom):
		return http.StatusInsufficientStorage, err.Error()
	}
	return 0, ""
}

func (h *handler) run(w http.ResponseWriter, r *http.Request) error {
	request, err := ParseRequest(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		return err
	}
	owner := h.Owner(r.Context())
	command, moved, err := h.pack(r.Context(), Command{Owner: owner, Request: request})
	defer h.forget(r.Context(), owner, moved)
	if err != nil {
		return err
	}
	results, err := h.results(r.Context(), command)
	if err != nil {
		return err
	}
	defer results.Close()
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if _, err := io.Copy(w, results); err != nil {
		panic(http.ErrAbortHandler) // it must not look like the whole answer
	}
	_, _ = io.WriteString(w, "\n")
	return nil
}

// results executes a command. The caller closes them.
func (h *handler) results(ctx context.Context, command json.RawMessage) (io.ReadCloser, error) {
	if jobs, ok := h.Jobs.(interface {
		Open(ctx context.Context, command json.RawMessage) (io.ReadCloser, error)
	}); ok { // they need not be in memory
		return jobs.Open(ctx, command)
	}
	results, err := h.Jobs.Execute(ctx, command)
	return io.NopCloser(bytes.NewReader(bytes.TrimSpace(results))), err
}

// Bounds of what a job carries, in bytes: contents move to the store until the rest fits, and small ones are not
// worth it.
const (
	maxCommand = queue.MaxJob - 16<<10
	minMoved   = 4 << 10
)

// pack makes the job's text of a command. Contents that are too large for it become files, whose ids it returns
// also after an error.
func (h *handler) pack(ctx context.Context, c Command) (data json.RawMessage, moved []string, err error) {
	if data, err = json.Marshal(c); err != nil || len(data) <= maxCommand {
		return data, nil, err
	}
	size := len(data)
	for _, f := range contents(&c.Request) {
		content, err := json.Marshal(*f.Content)
		if err != nil {
			return nil, c.Moved, err
		}
		file, err := h.Files.Put(ctx, movedOwner(c.Owner), "", contentOf(*f.Content))
		if err != nil {
			return nil, c.Moved, err
		}
		c.Moved = append(c.Moved, file.ID)
		f.Content, f.FileID = nil, &file.ID
		if size += 2*len(file.ID) + len(`_"",`) - len(content); size > maxCommand { // to encode it each time would take minutes
			continue
		}
		if data, err = json.Marshal(c); err != nil || len(data) <= maxCommand {
			return data, c.Moved, err
		}
	}
	if data, err = json.Marshal(c); err != nil || len(data) <= maxCommand {
		return data, c.Moved, err
	}
	return nil, c.Moved, fmt.Errorf("%w: %d bytes beside the contents of files: want at most %d", queue.ErrTooLarge, len(data), maxCommand)
}

// forget removes files that a job has used, which it has no more use for.
func (h *handler) forget(ctx context.Context, owner string, ids []string) {
	for _, id := range ids {
		_ = h.Files.Delete(context.WithoutCancel(ctx), movedOwner(owner), id) // or it expires
	}
}

// movedOwner owns what was content in a request of the owner's: it is not in the owner's list.
func movedOwner(owner string) string { return owner + "\x00moved" }

// contents are the files of a request whose content is worth moving, the largest first. They may be changed.
func contents(r *Request) []*CmdFile {
	var list []*CmdFile
	add := func(f *CmdFile) {
		if f != nil && f.Content != nil && len(*f.Content) >= minMoved {
			list = append(list, f)
		}
	}
	for i := range r.Cmd {
		c := &r.Cmd[i]
		for _, f := range c.Files {
			add(f)
		}
		for _, name := range slices.Sorted(maps.Keys(c.CopyIn)) {
			add(c.CopyIn[name])
		}
	}
	slices.SortStableFunc(list, func(a, b *CmdFile) int { return cmp.Compare(len(*b.Content), len(*a.Content)) })
	return list
}

// features are those of go-judge's that a client may ask for.
func features() map[string]any {
	return map[string]any{
		"copyOutOptional": true, "copyOutTruncate": true, "pipeProxy": true, "pipeProxyZeroCopy": false,
		"symlink": true, "fixSymlinkEscape": true, "addressSpaceLimit": true, "procPeak": true, "stream": false,
	}
}

func (h *handler) version(w http.ResponseWriter, _ *http.Request) error {
	v := features()
	v["buildVersion"] = "judge " + cmp.Or(h.Version, "(unknown)")
	v["goVersion"], v["os"], v["platform"] = runtime.Version(), runtime.GOOS, runtime.GOARCH
	door.Answer(w, v)
	return nil
}

func (h *handler) config(w http.ResponseWriter, _ *http.Request) error {
	c := features()
	c["fileStorePath"] = "" // it is no directory
	c["runnerConfig"] = map[string]any{
		"workDir": alias, "disk": Disk, "inodes": Inodes, "openFiles": OpenFiles,
		"maxCommands": MaxCommands, "maxPipes": MaxPipes, "maxDescriptors": MaxDescriptors, "maxCopies": MaxCopies,
		"maxBody": MaxBody, "maxReply": MaxReply, "maxFile": MaxFile, "maxCopyIn": MaxCopyIn, "maxInput": MaxInput,
		"maxCpuLimit": MaxCPU, "maxClockLimit": MaxClock, "maxMemoryLimit": int64(MaxMemory), "maxProcLimit": MaxProcesses,
		"defaultCpuLimit": DefaultCPU, "defaultMemoryLimit": DefaultMemory, "defaultProcLimit": DefaultProcesses,
		"defaultCopyOutMax": DefaultCopyOut, "fileTimeout": KeepFiles,
	}
	door.Answer(w, c)
	return nil
}
