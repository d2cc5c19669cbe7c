package serve

import (
	"encoding/json"
	"net/http"
	"time"
)

// answer is the ResponseWriter of all handlers. It counts, and does not wait for ever for a client that does
// not read.
type answer struct {
	http.ResponseWriter
	control *http.ResponseController
	pace    pace
	status  int // 0: nothing was written
	bytes   int64
	failed  bool // the client is gone, or does not read
}

func newAnswer(w http.ResponseWriter, p pace) *answer {
	a := &answer{ResponseWriter: w, control: http.NewResponseController(w), pace: p}
	a.control.SetWriteDeadline(time.Time{}) // of the connection's last request
	return a
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
		a.hurry(0) // what is small is written when the handler has ended
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	a.hurry(len(p))
	n, err := a.ResponseWriter.Write(p)
	a.bytes += int64(n)
	a.failed = a.failed || err != nil
	return n, err
}

// hurry sets the deadline for what comes now. A connection without deadlines, as tests have them, has none.
func (a *answer) hurry(n int) {
	a.control.SetWriteDeadline(a.pace.until(time.Now(), int64(n)))
}

// writeJSON answers with a value.
func writeJSON(w http.ResponseWriter, status int, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	if w.Header().Get("Cache-Control") == "" {
		w.Header().Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	w.Write(append(text, '\n')) // a client that is gone needs no answer
	return nil
}
