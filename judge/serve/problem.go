package serve

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"judge/judge"
)

// Problem says why a request was not answered, as a problem document (RFC 9457). It is the error of every
// handler that refuses a request; any other error is the service's own fault and is not shown to clients.
type Problem struct {
	Type     string    `json:"type"` // what programs branch on: "urn:judge:problem:" and a word
	Title    string    `json:"title"`
	Status   int       `json:"status"`
	Detail   string    `json:"detail,omitempty"`
	Instance string    `json:"instance,omitempty"` // the request's id, as logs have it
	Errors   []Mistake `json:"errors,omitempty"`   // in a task file, in the order of files and lines

	RetryAfter time.Duration `json:"-"` // 0: trying again does not help by itself
	cause      error         // nil: none that others look for
}

// Mistake is one of a task file's, or one in a request.
type Mistake struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"` // from 1; 0: the file as a whole
	Where   string `json:"where,omitempty"`
	Message string `json:"message"`
	Source  string `json:"source,omitempty"` // the line
	Hint    string `json:"hint,omitempty"`
}

func (p *Problem) Error() string { return fmt.Sprintf("%d %s: %s", p.Status, p.Title, p.Detail) }

func (p *Problem) Unwrap() error { return p.cause }

// problemType is a kind of problem.
type problemType struct {
	status int
	word   string
	title  string
}

// The problems that there are. Clients branch on their words, which never change.
var (
	badRequest    = problemType{http.StatusBadRequest, "bad-request", "The request is not understood"}
	noToken       = problemType{http.StatusUnauthorized, "token", "A token is needed"}
	crossSite     = problemType{http.StatusForbidden, "cross-site", "Another site's page may not ask for this"}
	notAllowed    = problemType{http.StatusForbidden, "not-allowed", "The token does not allow this"}
	notFound      = problemType{http.StatusNotFound, "not-found", "There is no such thing"}
	noMethod      = problemType{http.StatusMethodNotAllowed, "method", "This cannot be done with it"}
	conflict      = problemType{http.StatusConflict, "conflict", "This does not go with what is there"}
	tooLarge      = problemType{http.StatusRequestEntityTooLarge, "too-large", "The request is too large"}
	tooSlow       = problemType{http.StatusRequestTimeout, "too-slow", "The request came too slowly"}
	mediaType     = problemType{http.StatusUnsupportedMediaType, "media-type", "Another type of content is wanted"}
	wrongHost     = problemType{http.StatusMisdirectedRequest, "host", "This is not a name of the service"}
	invalid       = problemType{http.StatusUnprocessableEntity, "invalid", "The request cannot be carried out"}
	invalidTask   = problemType{http.StatusUnprocessableEntity, "task", "The task has mistakes"}
	tooMany       = problemType{http.StatusTooManyRequests, "too-many", "Too much at one time"}
	internalFault = problemType{http.StatusInternalServerError, "internal", "The service failed"}
	unavailable   = problemType{http.StatusServiceUnavailable, "unavailable", "The service cannot do this now"}
)

// problem makes a problem of a type.
func (t problemType) problem(format string, args ...any) *Problem {
	return &Problem{
		Type: "urn:judge:problem:" + t.word, Title: t.title, Status: t.status, Detail: fmt.Sprintf(format, args...),
	}
}

// later makes a problem that goes away.
func (t problemType) later(after time.Duration, format string, args ...any) *Problem {
	p := t.problem(format, args...)
	p.RetryAfter = after
	return p
}

// because names the cause, for handlers of doors that look for it.
func (p *Problem) because(err error) *Problem {
	p.cause = err
	return p
}

// write answers a request with the problem.
func (p *Problem) write(w http.ResponseWriter, request string) {
	document := *p
	document.Instance = "urn:judge:request:" + request
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	for _, of := range []string{"Content-Length", "Content-Disposition", "ETag", "Last-Modified"} { // of an answer that was begun
		h.Del(of)
	}
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((p.RetryAfter+time.Second-1)/time.Second)))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="judge"`)
	}
	switch p.Status { // whoever is refused for these may not keep the connection
	case http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusMisdirectedRequest:
		h.Set("Connection", "close")
	}
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(document) // whom we cannot tell we cannot tell
}

// taskProblem shows what is wrong with a task file.
func taskProblem(found *judge.InputErrors) *Problem {
	p := invalidTask.problem("%s", mistakes(len(found.Errors)+found.More))
	for i, e := range found.Errors {
		if i == maxMistakes {
			break
		}
		p.Errors = append(p.Errors, Mistake{
			File: e.File, Line: e.Line, Where: e.Where, Message: e.Message, Source: e.Source, Hint: e.Hint,
		})
	}
	return p
}

// maxMistakes bounds what a problem document lists.
const maxMistakes = 100

func mistakes(n int) string {
	if n == 1 {
		return "there is a mistake in it"
	}
	return fmt.Sprintf("there are %d mistakes in it", n)
}
