package serve

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// Routes whose requests are not worth a line in the log.
const (
	routeHealth  = "GET /healthz"
	routeReady   = "GET /readyz"
	routeMetrics = "GET /metrics"
)

// route is a kind of request and who answers it.
type route struct {
	pattern string // as http.ServeMux has it, with a method
	open    bool   // for everybody, without a token
	body    bodyKind
	wait    waitKind
	handle  func(w http.ResponseWriter, r *http.Request) error
}

// bodyKind says how large a body may be.
type bodyKind int

const (
	noBody bodyKind = iota
	jsonBody
	fileBody
)

// limit is how large a client's body may be, in bytes.
func (k bodyKind) limit(l Limits) int64 {
	switch k {
	case jsonBody:
		return min(l.Bytes, MaxBody)
	case fileBody:
		return l.Bytes
	}
	return 0
}

// waitKind says how long an answer may take.
type waitKind int

const (
	prompt  waitKind = iota // as long as the queue may take
	waiting                 // as long as the client's `wait`, and prompt
	endless                 // as long as it goes on: bodies and streams have bounds of their own, and handlers bound what follows a body
)

// Bounds of waiting.
const (
	promptTimeout = 30 * time.Second
	maxWait       = 60 * time.Second
)

// bound is the context of a request, or of what is left to do when its body is there.
func (k waitKind) bound(r *http.Request) (context.Context, context.CancelFunc) {
	switch k {
	case prompt:
		return context.WithTimeout(r.Context(), promptTimeout)
	case waiting:
		wait, _ := waitOf(r) // what is wrong with it the handler says
		return context.WithTimeout(r.Context(), promptTimeout+wait)
	}
	return context.WithCancel(r.Context())
}

// routes is everything that the service answers, and openapi.json as well.
func (s *Service) routes(doors []Door) []route {
	routes := []route{
		{pattern: "POST /v1/files", body: fileBody, wait: endless, handle: s.putFile},
		{pattern: "GET /v1/files/{sha256}", wait: endless, handle: s.getFile},
		{pattern: "POST /v1/tasks", body: jsonBody, wait: endless, handle: s.putTask},
		{pattern: "GET /v1/tasks/{id}", handle: s.getTask},
		{pattern: "POST /v1/submissions", body: jsonBody, wait: endless, handle: s.submit},
		{pattern: "GET /v1/submissions", handle: s.listSubmissions},
		{pattern: "GET /v1/submissions/{id}", wait: waiting, handle: s.getSubmission},
		{pattern: "DELETE /v1/submissions/{id}", handle: s.cancelSubmission},
		{pattern: "GET /v1/submissions/{id}/records", wait: endless, handle: s.getRecords},
		{pattern: "GET /v1/submissions/{id}/events", wait: endless, handle: s.getEvents},
		{pattern: "GET /v1/submissions/{id}/report", wait: endless, handle: s.getReport},
		{pattern: "GET /v1/workers", handle: s.getWorkers},
		{pattern: "GET /v1/languages", handle: s.getLanguages},
		{pattern: "GET /v1/queue", handle: s.getQueue},
		{pattern: routeHealth, open: true, handle: s.health},
		{pattern: routeReady, open: true, handle: s.ready},
		{pattern: routeMetrics, handle: s.getMetrics},
		{pattern: "GET /openapi.json", open: true, handle: s.getOpenAPI},
	}
	for _, d := range doors {
		body, handle := jsonBody, s.buffered(d.Handler)
		switch {
		case !strings.HasPrefix(d.Pattern, http.MethodPost+" "):
			body, handle = noBody, handlerOf(d.Handler)
		case d.Stores:
			body, handle = fileBody, handlerOf(d.Handler)
		}
		routes = append(routes, route{pattern: d.Pattern, body: body, wait: endless, handle: handle})
	}
	if s.page != nil {
		page := handlerOf(s.page)
		routes = append(routes,
			route{pattern: "GET /{$}", open: true, handle: page}, route{pattern: "GET /page/", open: true, handle: page})
	}
	return routes
}

func handlerOf(h http.Handler) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		h.ServeHTTP(w, r)
		return nil
	}
}

// buffered is a handler that keeps what it is sent: its bodies share memory with all others, to the end of the answer.
func (s *Service) buffered(h http.Handler) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		data, err := s.memory.readAll(r)
		if err != nil {
			return err
		}
		defer func() { s.memory.giveFor(r, int64(cap(data))) }()
		r.Body = io.NopCloser(bytes.NewReader(data))
		h.ServeHTTP(w, r)
		return nil
	}
}

// serve does for a route what is the same for all.
func (s *Service) serve(route route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		known := requestOf(r)
		ctx, cancel := route.wait.bound(r)
		defer cancel()
		err := s.admit(route, w, r.WithContext(ctx), known)
		ended := r.Context().Err() != nil && errors.Is(err, r.Context().Err())
		switch {
		case err == nil:
		case ended && s.draining.Err() != nil:
			s.fail(w.(*answer), known, errDraining)
		case ended:
			panic(http.ErrAbortHandler) // the client is gone
		default:
			s.fail(w.(*answer), known, err)
		}
	})
}

// errDraining is the answer for what would be new, or takes too long, when the service ends.
var errDraining = unavailable.later(10*time.Second, "the service is about to end")

// admit lets a request through to its handler, if its client may make it.
func (s *Service) admit(route route, w http.ResponseWriter, r *http.Request, known *requestContext) error {
	if route.open {
		if err := s.pace.bound(w, r, 0); err != nil {
			return err
		}
		return route.handle(w, r)
	}
	c, err := s.clients.of(r)
	if err != nil {
		return err
	}
	known.owner = c.Name
	end, err := c.begin()
	if err != nil {
		return err
	}
	defer end()
	if err := s.pace.bound(w, r, route.body.limit(c.Limits)); err != nil {
		return err
	}
	if route.body != noBody && s.draining.Err() != nil {
		return errDraining
	}
	return route.handle(w, r.WithContext(context.WithValue(r.Context(), clientKey{}, c)))
}
