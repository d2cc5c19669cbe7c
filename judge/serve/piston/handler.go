package piston

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"unicode/utf8"

	"judge/judge/queue"
	"judge/judge/serve/door"
)

// Queue is what the door needs of a queue; a *queue.Queue has it.
type Queue interface {
	door.Queue
	PutFile(ctx context.Context, r io.Reader, limit int64) (queue.File, error)
	Workers(ctx context.Context) ([]queue.Advert, error)
}

// Options say how a Handler is made.
type Options struct {
	Queue Queue
	Owner func(ctx context.Context) string // whose a request is; nil: nobody's
	Log   *slog.Logger                     // nil: nothing is logged
}

// Patterns are the routes of a Handler, as http.ServeMux has them.
var Patterns = []string{"POST /api/v2/execute", "GET /api/v2/runtimes"}

type handler struct{ Options }

// NewHandler returns what answers Patterns. It bounds bodies, and leaves rates, slow clients and tokens to who
// mounts it.
func NewHandler(o Options) http.Handler {
	if o.Owner == nil {
		o.Owner = func(context.Context) string { return "" }
	}
	h := &handler{o}
	mux := &door.Mux{Log: o.Log, Refusal: refusal}
	mux.Handle(Patterns[0], h.execute)
	mux.Handle(Patterns[1], h.runtimes)
	return mux
}

// refusal is how errors are answered that are the client's.
func refusal(err error) (status int, detail string) {
	var wrong *RequestError
	if errors.As(err, &wrong) {
		return http.StatusBadRequest, wrong.Message
	}
	return 0, ""
}

func (h *handler) runtimes(w http.ResponseWriter, r *http.Request) error {
	workers, err := h.workers(r.Context())
	if err != nil {
		return err
	}
	list := []Runtime{}
	for _, one := range runtimesOf(workers) {
		list = append(list, one.shown())
	}
	door.Answer(w, list)
	return nil
}

// maxRecords bounds the records of a job, in bytes: they have two streams of MaxOutput and the messages of a
// compiler, in which a byte takes up to six.
const maxRecords = 16 << 20

func (h *handler) execute(w http.ResponseWriter, r *http.Request) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		door.Refuse(w, http.StatusUnsupportedMediaType, "requests must be of type application/json")
		return nil
	}
	request, err := ParseRequest(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		return err
	}
	workers, err := h.workers(r.Context())
	if err != nil {
		return err
	}
	chosen, err := choose(runtimesOf(workers), request.Language, request.Version)
	if err != nil {
		return refuse("%v", err)
	}
	program, err := newProgram(request, chosen.language)
	if err != nil {
		return err
	}
	job, err := h.job(r.Context(), program)
	if err != nil {
		return err
	}
	records, err := door.Run(r.Context(), h.Queue, job, maxRecords)
	if err != nil {
		return err
	}
	answer, err := answerOf(chosen, records)
	if err != nil {
		return err
	}
	door.Answer(w, answer)
	return nil
}

// job stores the files of a program and makes the job that runs it.
func (h *handler) job(ctx context.Context, p program) (queue.Job, error) {
	job := queue.Job{
		Kind: queue.KindJudge, Priority: queue.Normal, Owner: h.Owner(ctx), Needs: []string{p.language},
		Name: "piston", Language: p.language, KeepOutput: MaxOutput,
	}
	manifest := queue.Manifest{Files: map[string]string{}}
	for name, data := range p.task {
		hash, err := h.put(ctx, data)
		if err != nil {
			return job, err
		}
		manifest.Files[name] = hash
	}
	encoded, err := manifest.Encode()
	if err != nil {
		return job, err
	}
	if job.Task, err = h.put(ctx, encoded); err != nil {
		return job, err
	}
	inline := 0
	for _, s := range p.sources {
		one := queue.Source{Path: s.name}
		switch inline += len(s.data); {
		case len(s.data) == 0:
		case inline > maxInline:
			if one.SHA256, err = h.put(ctx, s.data); err != nil {
				return job, err
			}
		case utf8.Valid(s.data):
			one.Text = string(s.data)
		default:
			one.Base64 = base64.StdEncoding.EncodeToString(s.data)
		}
		job.Sources = append(job.Sources, one)
	}
	return job, nil
}

func (h *handler) workers(ctx context.Context) ([]queue.Advert, error) {
	ctx, cancel := door.Prompt(ctx)
	defer cancel()
	return h.Queue.Workers(ctx)
}

// maxInline is how many bytes of sources go with the job, where one may take six.
const maxInline = 100 << 10

func (h *handler) put(ctx context.Context, data []byte) (hash string, err error) {
	ctx, cancel := door.Prompt(ctx)
	defer cancel()
	f, err := h.Queue.PutFile(ctx, bytes.NewReader(data), MaxBody)
	return f.SHA256, err
}
