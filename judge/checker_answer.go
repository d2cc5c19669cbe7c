package judge

import (
	"fmt"
	"io"
)

// answer is the expected output, read as far as it is needed.
type answer struct {
	reader io.Reader
	buffer []byte
	rest   []byte // of what was read, what was not consumed
	recent recent // the last bytes consumed
	ended  bool
	err    error // of reading; the answer ends with it
}

// The buffer begins small, for most answers are, and there is one for each run.
const smallestBuffer, largestBuffer = 4 << 10, 64 << 10

// peek returns the next bytes without consuming them; none at the end.
func (a *answer) peek() []byte {
	for len(a.rest) == 0 && !a.ended {
		a.fill()
	}
	return a.rest
}

func (a *answer) fill() {
	switch {
	case a.buffer == nil:
		a.buffer = make([]byte, smallestBuffer)
	case len(a.buffer) < largestBuffer:
		a.buffer = make([]byte, largestBuffer)
	}
	n, err := a.reader.Read(a.buffer)
	a.rest = a.buffer[:n]
	if err != nil {
		a.ended = true
		if err != io.EOF {
			a.err = fmt.Errorf("read answer: %w", err)
		}
	}
}

// drop consumes n of the bytes that peek returned.
func (a *answer) drop(n int) {
	a.recent.add(a.rest[:n])
	a.rest = a.rest[n:]
}

// skip consumes bytes as long as they are in the set. It shows them to seen, if that is not nil.
func (a *answer) skip(set *byteSet, seen func([]byte)) {
	for {
		p := a.peek()
		n := set.span(p)
		if n == 0 {
			return
		}
		if seen != nil {
			seen(p[:n])
		}
		a.drop(n)
	}
}

// token skips white space and consumes a token of at most limit bytes; none at the end. A longer
// one is cut, and whole is false. The token is valid until the answer is read further.
func (a *answer) token(limit int) (token []byte, whole bool) {
	a.skip(&space, nil)
	p := a.peek()
	n := space.until(p)
	if n < len(p) && n <= limit {
		a.drop(n)
		return p[:n], true
	}
	for len(p) > 0 && len(token) <= limit {
		n = min(space.until(p), limit+1-len(token))
		token = append(token, p[:n]...)
		if n == 0 {
			break
		}
		a.drop(n)
		p = a.peek()
	}
	if len(token) > limit {
		return token[:limit], false
	}
	return token, true
}

// recent keeps the last bytes of a stream, to show what came before a difference.
type recent struct {
	bytes   [24]byte
	n       int
	dropped bool // there were more
}

func (r *recent) add(p []byte) {
	if over := r.n + len(p) - len(r.bytes); over > 0 {
		r.dropped = true
		if over >= r.n {
			r.n = copy(r.bytes[:], p[len(p)-len(r.bytes):])
			return
		}
		r.n = copy(r.bytes[:], r.bytes[over:r.n])
	}
	r.n += copy(r.bytes[r.n:], p)
}

func (r *recent) endsIn(set *byteSet) bool { return r.n > 0 && set[r.bytes[r.n-1]] }
