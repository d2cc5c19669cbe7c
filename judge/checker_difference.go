package judge

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// difference is where an output stops being correct, and what stands there on both sides.
type difference struct {
	line, column    int
	expected, found excerpt
	note            string // added to the message
}

// message says it in one printable line:
//
//	line 3, column 5: expected "17", found "18"
//	line 4: expected end of output, found "x"
func (d *difference) message() string {
	at := fmt.Sprintf("line %d", d.line)
	if !d.expected.atEnd() && !d.found.atEnd() {
		at += fmt.Sprintf(", column %d", d.column)
	}
	return fmt.Sprintf("%s: expected %s, found %s%s", at, d.expected.quoted(), d.found.quoted(), d.note)
}

// excerpt is the piece of output or answer that a difference is in, shortened around it.
type excerpt struct {
	rule     *textRule
	text     []byte
	cutLeft  bool // there is more of the piece before text
	cutRight bool
	room     int  // how many bytes may still be added
	complete bool // nothing will be added
}

// excerptAfter is how many bytes from the difference on are shown.
const excerptAfter = 40

// newExcerpt begins with what r holds of the piece.
func newExcerpt(rule *textRule, r *recent) excerpt {
	before := r.bytes[:r.n]
	start := len(before)
	for start > 0 && !rule.boundary[before[start-1]] {
		start--
	}
	e := excerpt{rule: rule, text: bytes.Clone(before[start:]), cutLeft: start == 0 && r.dropped, room: excerptAfter}
	for e.cutLeft && len(e.text) > 0 && !utf8.RuneStart(e.text[0]) {
		e.text = e.text[1:]
	}
	return e
}

// extend adds what follows, up to the end of the piece, and returns what it did not take.
func (e *excerpt) extend(p []byte) []byte {
	n := min(e.rule.boundary.until(p), e.room)
	e.text = append(e.text, p[:n]...)
	e.room -= n
	if n == len(p) {
		return nil
	}
	e.complete = true
	if !e.rule.boundary[p[n]] {
		e.cutRight = true
		e.text = trimPartialRune(e.text)
	} else if e.rule.whole {
		e.text = append(e.text, p[n])
	}
	return p[n:]
}

// atEnd tells that there is no such piece: the stream ended before it.
func (e *excerpt) atEnd() bool { return len(e.text) == 0 && !e.complete }

func (e *excerpt) quoted() string {
	if e.atEnd() {
		return "end of output"
	}
	text := e.text
	for !e.cutRight && len(text) > 0 && e.rule.blank[text[len(text)-1]] {
		text = text[:len(text)-1]
	}
	return quoteExcerpt(text, e.cutLeft, e.cutRight)
}

// quoteExcerpt quotes text as Go does, which leaves nothing in it that is not printable.
func quoteExcerpt(text []byte, cutLeft, cutRight bool) string {
	q := strconv.Quote(string(text))
	if cutLeft {
		q = "…" + q
	}
	if cutRight {
		q += "…"
	}
	return q
}
