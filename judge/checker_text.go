package judge

import (
	"bytes"
	"io"
)

// textChecker walks through output and answer in step. As long as they are equal, which is most
// of the time, it compares whole buffers. Where they differ its rule decides whether the difference
// counts, and if it does not, how much to skip on either side until both can go on in step.
type textChecker struct {
	rule   *textRule
	answer answer

	line, column int    // of the next byte of the output, from 1; columns are bytes
	recent       recent // the last bytes of the output

	inToken  bool // the bytes before, on both sides, belong to a token
	trailing bool // lines: both sides must be blank up to the end of their lines

	difference *difference // the first that counts
}

// textRule is what makes a checker of text: which differences count, and what to show of one.
type textRule struct {
	// resync is called where the next bytes differ or the answer has ended. It consumes what does
	// not count and returns the rest of out, or calls differ. To decide the same for every way in
	// which output is cut into pieces, it looks at the answer only when out leaves no doubt.
	resync   func(c *textChecker, out []byte) []byte
	free     *byteSet // what does not count at the end of the answer, after a boundary
	blank    *byteSet // what does not count before a boundary
	boundary *byteSet // what surrounds the piece to show
	whole    bool     // show the boundary after it as well
	start    bool     // say the column of the piece, not of the first difference in it
}

var (
	exactRule  = &textRule{resync: (*textChecker).differ, free: &nothing, blank: &nothing, boundary: &newline, whole: true}
	linesRule  = &textRule{resync: (*textChecker).resyncLines, free: &space, blank: &blank, boundary: &newline}
	tokensRule = &textRule{resync: (*textChecker).resyncTokens, free: &space, blank: &nothing, boundary: &space, start: true}
)

func newTextChecker(rule *textRule, r io.Reader) *textChecker {
	return &textChecker{rule: rule, answer: answer{reader: r}, line: 1, column: 1}
}

func (c *textChecker) Write(p []byte) (int, error) {
	for out := p; len(out) > 0 && !c.Certain(); {
		if c.difference != nil {
			out = c.difference.found.extend(out)
			continue
		}
		out = c.compare(out)
	}
	return len(p), nil
}

func (c *textChecker) Certain() bool {
	return c.answer.err != nil || c.difference != nil && c.difference.found.complete
}

func (c *textChecker) Finish() (Outcome, error) {
	if c.difference == nil {
		c.skipAnswerAtEnd()
		if len(c.answer.peek()) > 0 {
			c.differ(nil)
		}
	}
	if c.answer.err != nil {
		return Outcome{}, c.answer.err
	}
	if c.difference == nil {
		return Outcome{Correct: true}, nil
	}
	return Outcome{Message: c.difference.message()}, nil
}

// compare consumes what it can of out, which is not empty, and returns the rest.
func (c *textChecker) compare(out []byte) []byte {
	if c.trailing {
		return c.rule.resync(c, out)
	}
	want := c.answer.peek()
	n := commonPrefix(out, want)
	if n > 0 {
		c.advance(out[:n])
		c.answer.drop(n)
		c.inToken = !space[out[n-1]]
	}
	if n == len(out) || n > 0 && n == len(want) {
		return out[n:]
	}
	return c.rule.resync(c, out[n:])
}

// pass consumes the first n bytes of out, which the answer has as well, up to the end of their last white
// space, and returns the rest. Both sides are then between the same two tokens, if they were before.
func (c *textChecker) pass(out []byte, n int) []byte {
	for n > 0 && !space[out[n-1]] {
		n--
	}
	if n > 0 {
		c.advance(out[:n])
		c.answer.drop(n)
	}
	return out[n:]
}

// resyncLines lets pass what is blank up to the ends of both lines, the answer's end being one.
func (c *textChecker) resyncLines(out []byte) []byte {
	want := c.answer.peek()
	if len(want) == 0 {
		return c.resyncAtEnd(out)
	}
	if !c.trailing && !(space[out[0]] && space[want[0]]) {
		return c.differ(out)
	}
	c.trailing = true
	if out = c.skip(out, &blank); len(out) == 0 {
		return nil
	}
	c.answer.skip(&blank, nil)
	want = c.answer.peek()
	if out[0] != '\n' || len(want) > 0 && want[0] != '\n' {
		return c.differ(out)
	}
	c.trailing = false
	return out
}

// resyncTokens lets both tokens end, or the space between two tokens differ.
func (c *textChecker) resyncTokens(out []byte) []byte {
	want := c.answer.peek()
	if len(want) == 0 {
		return c.resyncAtEnd(out)
	}
	o, w := space[out[0]], space[want[0]]
	if !o && !w || c.inToken && !(o && w) {
		return c.differ(out)
	}
	c.inToken = false
	if out = c.skip(out, &space); len(out) == 0 {
		return nil
	}
	c.answer.skip(&space, nil)
	return out
}

// resyncAtEnd lets only white space follow the end of the answer.
func (c *textChecker) resyncAtEnd(out []byte) []byte {
	rest := c.skip(out, &space)
	c.answer.recent.add(out[:len(out)-len(rest)]) // so that a message shows the end, not the last token
	if len(rest) > 0 {
		return c.differ(rest)
	}
	return nil
}

// skipAnswerAtEnd skips what does not count of the answer, when the output has ended. The output's
// position goes along: a message then says where the output should have gone on.
func (c *textChecker) skipAnswerAtEnd() {
	c.answer.skip(c.rule.blank, nil)
	want := c.answer.peek()
	switch {
	case len(want) == 0 || !c.rule.boundary[want[0]]:
	case c.rule.start && c.recent.endsIn(&space): // the position is between tokens already
		c.answer.skip(c.rule.free, nil)
	default:
		c.answer.skip(c.rule.free, c.advance)
	}
}

// differ notes the first difference that counts; out goes on with what the program printed instead.
func (c *textChecker) differ(out []byte) []byte {
	d := &difference{
		line: c.line, column: c.column,
		expected: newExcerpt(c.rule, &c.answer.recent),
		found:    newExcerpt(c.rule, &c.recent),
	}
	if c.rule.start {
		d.column -= len(d.found.text)
	}
	for !d.expected.complete {
		want := c.answer.peek()
		if len(want) == 0 {
			break
		}
		c.answer.drop(len(want) - len(d.expected.extend(want)))
	}
	c.difference = d
	return d.found.extend(out)
}

// skip consumes the bytes at the start of out that are in the set, and returns the rest.
func (c *textChecker) skip(out []byte, set *byteSet) []byte {
	n := set.span(out)
	c.advance(out[:n])
	return out[n:]
}

// advance moves the position over bytes of the output.
func (c *textChecker) advance(p []byte) {
	c.recent.add(p)
	if n := bytes.Count(p, newlineByte); n > 0 {
		c.line += n
		c.column = len(p) - bytes.LastIndexByte(p, '\n')
		return
	}
	c.column += len(p)
}

var newlineByte = []byte{'\n'}
