package door

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"judge/judge/queue"
)

// Problem says why a request was not answered. It is a problem document (RFC 9457), with Message as an extension
// for clients of Piston.
type Problem struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	Status  int    `json:"status"`
	Detail  string `json:"detail,omitempty"`
	Message string `json:"message,omitempty"`
}

// Refuse answers a request with a problem: the detail is for who made it.
func Refuse(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(Problem{ // whom we cannot tell we cannot tell
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Message: detail,
	})
}

// Fail answers a request that could not be carried out. What is no fault of the client's is logged, and the
// client is told no more than that. Nil log: nothing is.
func Fail(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		Refuse(w, http.StatusRequestEntityTooLarge, err.Error())
	case errors.Is(err, queue.ErrTooLarge):
		Refuse(w, http.StatusRequestEntityTooLarge, err.Error())
	case errors.Is(err, queue.ErrInvalid):
		Refuse(w, http.StatusBadRequest, err.Error())
	case errors.Is(err, queue.ErrFull):
		Refuse(w, http.StatusServiceUnavailable, "there is no room for more jobs")
	case r.Context().Err() != nil && errors.Is(err, context.Cause(r.Context())):
		Refuse(w, http.StatusServiceUnavailable, "the request was ended")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, queue.ErrClosed):
		Refuse(w, http.StatusServiceUnavailable, "the queue does not answer")
	default:
		if log != nil {
			log.ErrorContext(r.Context(), "a door has failed", "path", r.URL.Path, "error", err)
		}
		Refuse(w, http.StatusInternalServerError, "the service has failed")
	}
}

// Answer writes JSON.
func Answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(value)
}
