package judge

import (
	"bytes"
	"strings"
)

// phrases looks for some phrases in a stream, wherever in it they are and however it comes in pieces. The zero
// value looks for none. One that begins with ^ is at the beginning of a line.
type phrases struct {
	wanted  []string
	longest int    // of those, in bytes
	end     []byte // the last bytes so far, in which one may begin
	found   string // the first of them that is there; empty: none yet
}

func newPhrases(wanted []string) *phrases {
	s := &phrases{end: []byte("\n")}
	for _, phrase := range wanted {
		if rest, ok := strings.CutPrefix(phrase, "^"); ok {
			phrase = "\n" + rest
		}
		s.wanted = append(s.wanted, phrase)
		s.longest = max(s.longest, len(phrase))
	}
	return s
}

// take takes the next piece.
func (s *phrases) take(p []byte) {
	if s.found != "" || s.longest == 0 {
		return
	}
	s.end = append(s.end, p[:min(len(p), s.longest-1)]...)
	s.look(s.end)
	s.look(p)
	if len(p) >= s.longest {
		s.end = append(s.end[:0], p[len(p)-s.longest+1:]...)
	}
	s.end = s.end[max(0, len(s.end)-s.longest+1):]
}

// look finds the phrase that is complete first, which does not depend on the pieces.
func (s *phrases) look(text []byte) {
	if s.found != "" {
		return
	}
	first := len(text) + 1
	for _, phrase := range s.wanted {
		if i := bytes.Index(text, []byte(phrase)); i >= 0 && i+len(phrase) < first {
			s.found, first = strings.TrimPrefix(phrase, "\n"), i+len(phrase)
		}
	}
}
