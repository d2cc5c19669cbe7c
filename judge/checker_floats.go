package judge

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// floatChecker compares token by token. Both tokens may be decimal numbers that agree within the
// tolerance; else they must be equal bytes.
type floatChecker struct {
	tolerance float64
	text      *textChecker // has the position and the answer, and compares tokens too long for a number
	token     []byte       // what the output so far holds of a token, while it is not complete
	long      bool         // text compares the rest of the token
}

// longestNumber bounds what is kept of a token, in bytes. A longer token is text.
const longestNumber = 1024

func newFloatChecker(tolerance float64, r io.Reader) *floatChecker {
	return &floatChecker{tolerance: tolerance, text: newTextChecker(tokensRule, r)}
}

func (c *floatChecker) Write(p []byte) (int, error) {
	for out := p; len(out) > 0 && !c.Certain(); {
		switch {
		case c.text.difference != nil:
			out = c.text.difference.found.extend(out)
		case c.long:
			out = c.writeLong(out)
		default:
			out = c.writeToken(out)
		}
	}
	return len(p), nil
}

func (c *floatChecker) Certain() bool { return c.text.Certain() }

func (c *floatChecker) Finish() (Outcome, error) {
	if len(c.token) > 0 && !c.Certain() {
		c.compare(c.token)
	}
	return c.text.Finish()
}

// writeToken takes at most one token from out, and returns the rest.
func (c *floatChecker) writeToken(out []byte) []byte {
	if len(c.token) == 0 {
		if out = c.text.skip(c.pass(out), &space); len(out) == 0 {
			return nil
		}
	}
	n := space.until(out)
	if len(c.token)+n > longestNumber {
		c.long = true
		c.text.Write(c.token)
		c.token = c.token[:0]
		return out
	}
	if n == len(out) {
		c.token = append(c.token, out...)
		return nil
	}
	token := out[:n]
	if len(c.token) > 0 {
		token = append(c.token, token...)
		c.token = c.token[:0]
	}
	c.compare(token)
	return out[n:]
}

// pass consumes whole tokens that are the same on both sides, which most are, all at once. A NaN agrees with
// nothing, not even with itself.
func (c *floatChecker) pass(out []byte) []byte {
	n := commonPrefix(out, c.text.answer.peek())
	return c.text.pass(out, len(beforeNaN(out[:n])))
}

// beforeNaN returns what comes before the first token that is a NaN. It looks at each byte once, however many
// tokens look like one.
func beforeNaN(p []byte) []byte {
	const longest = len("+nan")
	for _, letter := range []byte("nN") {
		for i := 0; ; {
			n := bytes.IndexByte(p[i:], letter)
			if n < 0 {
				break
			}
			i += n + 1
			if i < len(p) && !space[p[i]] {
				continue
			}
			token := p[max(0, i-longest-1):i] // its end, with a byte more if it is too long
			token = token[bytes.LastIndexAny(token, " \t\n\v\f\r")+1:]
			if x, ok := number(token); ok && math.IsNaN(x) {
				p = p[:i-len(token)]
				break
			}
		}
	}
	return p
}

// writeLong lets text compare the rest of the token and the white space that ends it.
func (c *floatChecker) writeLong(out []byte) []byte {
	n := space.until(out)
	if n < len(out) {
		c.long = false
		n++
	}
	c.text.Write(out[:n])
	return out[n:]
}

// compare compares a token of the output with the answer's next one.
func (c *floatChecker) compare(token []byte) {
	want, whole := c.text.answer.token(longestNumber)
	if c.text.answer.err != nil {
		return
	}
	if whole && agree(token, want, c.tolerance) {
		c.text.advance(token)
		return
	}
	c.text.difference = &difference{
		line: c.text.line, column: c.text.column,
		expected: tokenExcerpt(want, whole && len(want) == 0),
		found:    tokenExcerpt(token, false),
		note:     c.distance(token, want),
	}
}

// distance says how far apart two numbers are.
func (c *floatChecker) distance(token, want []byte) string {
	x, isNumber := number(token)
	y, bothNumbers := number(want)
	if d := math.Abs(x - y); isNumber && bothNumbers && !math.IsNaN(d) && !math.IsInf(d, 0) {
		return fmt.Sprintf(" (%.3g apart, tolerance %g)", d, c.tolerance)
	}
	return ""
}

// tokenExcerpt shows the beginning of a token, or that the stream ended instead.
func tokenExcerpt(token []byte, ended bool) excerpt {
	e := excerpt{rule: tokensRule, text: bytes.Clone(token), complete: !ended}
	if len(token) > excerptAfter {
		e.text, e.cutRight = trimPartialRune(e.text[:excerptAfter]), true
	}
	return e
}

// agree tells whether a token is as good as the one wanted.
func agree(token, want []byte, tolerance float64) bool {
	same := bytes.Equal(token, want)
	if same && !mayBeNaN(token) {
		return true
	}
	x, isNumber := number(token)
	y, bothNumbers := number(want)
	if !isNumber || !bothNumbers {
		return same
	}
	if math.IsInf(x, 0) || math.IsInf(y, 0) {
		return x == y // by the rule below, every number would be relatively close to an infinite one
	}
	return math.Abs(x-y) <= tolerance || math.Abs(x-y) <= tolerance*math.Abs(y) // false for NaN
}

// mayBeNaN is a quick look, for most tokens that are equal are ordinary numbers.
func mayBeNaN(token []byte) bool {
	return len(token) > 0 && token[len(token)-1]|0x20 == 'n'
}

// number reads a token as C's printf writes numbers: decimal, with or without fraction and exponent,
// and inf, infinity and nan in any case, all with or without sign. Other notations that ParseFloat
// knows (hexadecimal, underscores) and numbers beyond float64 are not numbers here, but text.
func number(token []byte) (float64, bool) {
	digits := bytes.TrimLeft(token, "+-")
	if len(token)-len(digits) > 1 || len(digits) == 0 {
		return 0, false
	}
	if c := digits[0]; c != '.' && (c < '0' || c > '9') {
		return named(token, digits)
	}
	for _, c := range digits {
		if (c < '0' || c > '9') && c != '.' && c != 'e' && c != 'E' && c != '+' && c != '-' {
			return 0, false
		}
	}
	x, err := strconv.ParseFloat(string(token), 64)
	return x, err == nil
}

func named(token, name []byte) (float64, bool) {
	if len(name) > len("infinity") {
		return 0, false
	}
	switch strings.ToLower(string(name)) {
	case "nan":
		return math.NaN(), true
	case "inf", "infinity":
		if token[0] == '-' {
			return math.Inf(-1), true
		}
		return math.Inf(1), true
	}
	return 0, false
}
