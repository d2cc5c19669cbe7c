package serve

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Bounds of what a client sends.
const (
	MaxBody     = 32 << 20        // bytes of a body that is read into memory
	memoryShare = 256 << 20       // bytes that all bodies in memory have together
	clientShare = memoryShare / 2 // bytes of these that one token's may have: who sends slowly keeps them for long
)

// pace is how fast clients have to be.
type pace struct {
	header time.Duration // for a request's header
	grace  time.Duration // in which a client may be as slow as it likes
	rate   int64         // bytes a second, on the average, afterwards
}

var defaultPace = pace{header: 10 * time.Second, grace: 20 * time.Second, rate: 16 << 10}

// until is when n bytes have to be through that began at a time.
func (p pace) until(begin time.Time, n int64) time.Time {
	return begin.Add(p.grace + time.Duration(n/p.rate)*time.Second)
}

// body is what a request sends: at most limit bytes, and not slower than a slow line.
//
// Reading it fails with a *Problem when there is too much, or when it comes too slowly.
type body struct {
	io.ReadCloser // a http.MaxBytesReader
	limit         int64
	control       *http.ResponseController
	pace          pace
	start         time.Time
	read          int64
}

// bound puts bounds on a request's body: limit is in bytes. A body that says that it is too large is refused
// before a byte of it is read.
func (p pace) bound(w http.ResponseWriter, r *http.Request, limit int64) error {
	if r.ContentLength > limit {
		return tooLargeBody(limit)
	}
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	b := &body{
		ReadCloser: http.MaxBytesReader(w, r.Body, limit), limit: limit,
		control: http.NewResponseController(w), pace: p, start: time.Now(),
	}
	b.hurry() // also holds for the rest that the server reads when the handler has not
	r.Body = b
	return nil
}

func tooLargeBody(limit int64) *Problem {
	return tooLarge.problem("the body has more than the %d bytes that it may have", limit)
}

// hurry moves the deadline to where the body must have gone on. A connection without deadlines, as tests
// have them, has none.
func (b *body) hurry() {
	b.control.SetReadDeadline(b.pace.until(b.start, b.read))
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	var large *http.MaxBytesError
	switch {
	case err == nil:
		b.hurry()
	case err == io.EOF:
		// The server goes on reading, to see whether the client goes away: for as long as the answer takes.
		b.control.SetReadDeadline(time.Time{})
	case errors.As(err, &large):
		err = tooLargeBody(b.limit).because(err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = tooSlow.problem("the body did not come with %d bytes a second", b.pace.rate).because(err)
	default:
		err = badRequest.problem("the body ended early").because(err)
	}
	return n, err
}

// memory is what all bodies in memory share.
type memory struct{ used atomic.Int64 }

// take takes n bytes; when there are none left it says so, and takes nothing.
func (m *memory) take(n int64) bool {
	if m.used.Add(n) > memoryShare {
		m.used.Add(-n)
		return false
	}
	return true
}

func (m *memory) give(n int64) { m.used.Add(-n) }

// takeFor is take for a client's request, which must leave others something.
func (m *memory) takeFor(r *http.Request, n int64) bool {
	c := clientOf(r.Context())
	if c == nil || c.Name == "" {
		return m.take(n)
	}
	if c.use.memory.Add(n) <= clientShare && m.take(n) {
		return true
	}
	c.use.memory.Add(-n)
	return false
}

// giveFor gives back what takeFor has taken.
func (m *memory) giveFor(r *http.Request, n int64) {
	if c := clientOf(r.Context()); c != nil && c.Name != "" {
		c.use.memory.Add(-n)
	}
	m.give(n)
}

// readAll reads a body into memory. The caller calls giveFor with the capacity of the result.
func (m *memory) readAll(r *http.Request) ([]byte, error) {
	const first = 4 << 10
	data := []byte(nil)
	for size := int64(max(first, r.ContentLength+1)); ; size = int64(cap(data)) * 2 {
		if !m.takeFor(r, size) {
			m.giveFor(r, int64(cap(data)))
			return nil, unavailable.later(time.Second, "other requests are too large at this time")
		}
		grown := append(make([]byte, 0, size), data...)
		m.giveFor(r, int64(cap(data)))
		data = grown
		for len(data) < cap(data) {
			n, err := r.Body.Read(data[len(data):cap(data)])
			data = data[:len(data)+n]
			if err == io.EOF {
				return data, nil
			}
			if err != nil {
				m.giveFor(r, int64(cap(data)))
				return nil, err
			}
		}
	}
}

// readJSON reads a body that is one JSON value with the fields of T, and no others. Names that come twice,
// and text that is not valid UTF-8, are mistakes: what two readers could understand differently. The value counts as memory
// until the caller, who has no more use for it, calls free.
func readJSON[T any](m *memory, r *http.Request) (value T, free func(), err error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return value, nil, mediaType.problem("want Content-Type: application/json, as curl --json has it")
	}
	data, err := m.readAll(r)
	if err != nil {
		return value, nil, err
	}
	size := int64(cap(data))
	if err := json.Unmarshal(data, &value, json.RejectUnknownMembers(true)); err != nil {
		m.giveFor(r, size)
		return value, nil, jsonProblem(err)
	}
	return value, func() { m.giveFor(r, size) }, nil
}

// jsonProblem says where in a JSON text the mistake is.
func jsonProblem(err error) *Problem {
	var syntax *jsontext.SyntacticError
	var semantic *json.SemanticError
	var own *Problem
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &syntax):
		cause := strings.TrimPrefix(syntax.Err.Error(), "jsontext: ")
		return badRequest.problem("the body is not JSON: %s, at byte %d%s", cause, syntax.ByteOffset, at(syntax.JSONPointer))
	case errors.As(err, &semantic) && errors.Is(err, json.ErrUnknownName):
		return badRequest.problem("the body has a field that is not known%s", at(semantic.JSONPointer))
	case errors.As(err, &semantic):
		return badRequest.problem("the body has a value of another kind than is wanted%s: %s", at(semantic.JSONPointer), kindName(semantic.JSONKind))
	}
	return badRequest.problem("the body is not JSON of the kind that is wanted")
}

// at is a place in a JSON text, as messages have it.
func at(p jsontext.Pointer) string {
	const most = 200
	if p == "" {
		return ""
	}
	if len(p) > most {
		return ", at " + strings.ToValidUTF8(string(p[:most]), "") + "…"
	}
	return ", at " + string(p)
}

func kindName(kind jsontext.Kind) string {
	switch kind {
	case 'n':
		return "null"
	case 't', 'f':
		return "true or false"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '{', '}':
		return "an object"
	case '[', ']':
		return "an array"
	}
	return "something else"
}
