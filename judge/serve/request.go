package serve

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"net/http"
	"time"

	"judge/judge"
	"judge/judge/queue"
)

// requestContext is what is known of a request, for its log line.
type requestContext struct {
	id    string // ours; a client reads it in X-Request-Id and in problem documents
	route string // pattern; empty: none
	owner string
	fault error // ours; nil: there was none
}

type requestKey struct{}

func requestOf(r *http.Request) *requestContext {
	ctx, _ := r.Context().Value(requestKey{}).(*requestContext)
	if ctx == nil {
		return &requestContext{}
	}
	return ctx
}

// maxLoggedPath bounds what a client can write into the log, in bytes.
const maxLoggedPath = 200

// logRequest says what was asked and how it was answered. The query and the headers are left out, for they can
// have secrets, and so are bodies.
func (s *Service) logRequest(a *answer, r *http.Request, ctx *requestContext, took time.Duration) {
	s.metrics.request(ctx.route, r.Method, a.status, took)
	name := r.URL.Path
	if len(name) > maxLoggedPath {
		name = name[:maxLoggedPath]
	}
	level := slog.LevelInfo
	attributes := []slog.Attr{
		slog.String("request", ctx.id), slog.String("method", loggedMethod(r.Method)), slog.String("path", name),
		slog.Int("status", a.status), slog.Int64("bytes", a.bytes),
		slog.Float64("ms", float64(took.Microseconds())/1000), slog.String("from", r.RemoteAddr),
	}
	if ctx.owner != "" {
		attributes = append(attributes, slog.String("owner", ctx.owner))
	}
	switch {
	case ctx.fault != nil:
		level = slog.LevelError
		attributes = append(attributes, slog.Any("fault", ctx.fault))
	case ctx.route == routeHealth || ctx.route == routeReady || ctx.route == routeMetrics:
		level = slog.LevelDebug // machines ask for them all the time
	}
	s.log.LogAttrs(context.WithoutCancel(r.Context()), level, "request", attributes...)
}

// loggedMethod is a method as it is counted: clients may invent some.
func loggedMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// serverLog takes what net/http has to say, which is mostly what is wrong with clients.
func (s *Service) serverLog() *log.Logger { return slog.NewLogLogger(s.log.Handler(), slog.LevelDebug) }

// problemOf is what a client is told of an error. The queue's errors that are the client's own say so.
func problemOf(err error) *Problem {
	var own *Problem
	var found *judge.InputErrors
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &found):
		return taskProblem(found)
	case errors.Is(err, queue.ErrUnknown):
		return notFound.problem("there is nothing of this name")
	case errors.Is(err, queue.ErrExists):
		return conflict.problem("another submission has this id")
	case errors.Is(err, queue.ErrFinished):
		return conflict.problem("it is finished already")
	case errors.Is(err, queue.ErrInvalid):
		return invalid.problem("%v", err)
	case errors.Is(err, queue.ErrTooLarge):
		return tooLarge.problem("%v", err)
	case errors.Is(err, queue.ErrFull):
		return unavailable.later(time.Minute, "there is no room left")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, queue.ErrClosed):
		return unavailable.later(5*time.Second, "the queue does not answer")
	}
	return internalFault.problem("the log has what went wrong, under the id of this request")
}
