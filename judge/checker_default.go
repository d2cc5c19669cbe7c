package judge

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// Comparison is what the checker "default" is told: the arguments of the default output validator of Kattis'
// problem packages. The zero value compares tokens, whatever the case of their letters.
type Comparison struct {
	CaseSensitive  bool
	SpaceSensitive bool    // white space is to be the same, byte for byte
	Floats         bool    // tokens of the answer that are decimal numbers are compared as such
	Absolute       float64 // tolerance; 0: none
	Relative       float64 // to the answer; 0: none
}

// ParseComparison reads arguments such as "case_sensitive" and "float_tolerance", "1e-6".
func ParseComparison(arguments []string) (Comparison, error) {
	var c Comparison
	given := map[string]bool{}
	for i := 0; i < len(arguments); i++ {
		word := arguments[i]
		if given[word] {
			return c, fmt.Errorf("%s is there twice", quoted(word))
		}
		given[word] = true
		switch word {
		case "case_sensitive":
			c.CaseSensitive = true
			continue
		case "space_change_sensitive":
			c.SpaceSensitive = true
			continue
		case "float_tolerance", "float_absolute_tolerance", "float_relative_tolerance":
		default:
			return c, fmt.Errorf("%s: want case_sensitive, space_change_sensitive, float_tolerance N, "+
				"float_absolute_tolerance N or float_relative_tolerance N", quoted(word))
		}
		i++
		if i == len(arguments) {
			return c, fmt.Errorf("%s: a number is missing after it", word)
		}
		tolerance, ok := decimalNumber([]byte(arguments[i]))
		if !ok || tolerance < 0 {
			return c, fmt.Errorf("%s %s: want a decimal number that is not negative", word, quoted(arguments[i]))
		}
		c.Floats = true
		if word != "float_relative_tolerance" {
			c.Absolute = tolerance
		}
		if word != "float_absolute_tolerance" {
			c.Relative = tolerance
		}
	}
	if given["float_tolerance"] && (given["float_absolute_tolerance"] || given["float_relative_tolerance"]) {
		return c, errors.New("float_tolerance: is both tolerances, and one of them is there as well")
	}
	return c, nil
}

// told is the checker "default" with more arguments.
func (s CheckerSpec) told(arguments []string) (CheckerSpec, error) {
	if s.Name != "default" || len(arguments) == 0 {
		return s, nil
	}
	var err error
	s.Comparison, err = ParseComparison(append(strings.Fields(s.Comparison.String()), arguments...))
	return s, err
}

// String returns the arguments, with a blank before each.
func (c Comparison) String() string {
	var b strings.Builder
	number := func(word string, n float64) { b.WriteString(" " + word + " " + strconv.FormatFloat(n, 'g', -1, 64)) }
	if c.CaseSensitive {
		b.WriteString(" case_sensitive")
	}
	if c.SpaceSensitive {
		b.WriteString(" space_change_sensitive")
	}
	switch {
	case !c.Floats:
	case c.Absolute == c.Relative:
		number("float_tolerance", c.Absolute)
	default:
		if c.Absolute > 0 {
			number("float_absolute_tolerance", c.Absolute)
		}
		if c.Relative > 0 {
			number("float_relative_tolerance", c.Relative)
		}
	}
	return b.String()
}

// defaultChecker walks through output and answer token by token. Of a token only what may be a number is
// kept; text is compared as it comes.
type defaultChecker struct {
	Comparison
	text    *textChecker // has the position and the answer
	inToken bool
	token   []byte // what the output so far holds of a token that may be a number
	long    bool   // the token is too long for one
}

func newDefaultChecker(c Comparison, r io.Reader) *defaultChecker {
	rule := tokensRule
	if c.SpaceSensitive {
		rule = exactRule
	}
	return &defaultChecker{Comparison: c, text: newTextChecker(rule, r)}
}

func (c *defaultChecker) Write(p []byte) (int, error) {
	for out := p; len(out) > 0 && !c.Certain(); {
		if !c.inToken && c.text.difference == nil {
			// What is the same, which most is, needs no closer look.
			if out = c.text.pass(out, commonPrefix(out, c.text.answer.peek())); len(out) == 0 {
				break
			}
		}
		switch {
		case c.text.difference != nil:
			out = c.text.difference.found.extend(out)
		case !c.inToken && space[out[0]]:
			out = c.blank(out)
		default:
			out = c.write(out)
		}
	}
	return len(p), nil
}

func (c *defaultChecker) Certain() bool { return c.text.Certain() }

func (c *defaultChecker) Finish() (Outcome, error) {
	if c.inToken && c.text.difference == nil {
		c.endToken()
	}
	if c.text.difference == nil && !c.SpaceSensitive {
		c.text.answer.skip(&space, nil)
	}
	if c.text.difference == nil && len(c.text.answer.peek()) > 0 {
		c.text.differ(nil)
	}
	if c.text.answer.err != nil {
		return Outcome{}, c.text.answer.err
	}
	if c.text.difference == nil {
		return Outcome{Correct: true}, nil
	}
	return Outcome{Message: c.text.difference.message()}, nil
}

// blank takes white space from out, and returns the rest.
func (c *defaultChecker) blank(out []byte) []byte {
	n := space.span(out)
	if !c.SpaceSensitive {
		c.text.advance(out[:n])
		return out[n:]
	}
	c.compareText(out[:n], func(found, want byte) bool { return found == want })
	return out[n:]
}

// write takes from out what it has of one token, and returns the rest.
func (c *defaultChecker) write(out []byte) []byte {
	if !c.inToken {
		c.inToken = true
		if !c.SpaceSensitive {
			c.text.answer.skip(&space, nil)
		}
		if want := c.text.answer.peek(); len(want) > 0 && space[want[0]] {
			return c.text.differ(out)
		}
	}
	n := space.until(out)
	if c.Floats && !c.long && len(c.token)+n <= longestNumber {
		c.token = append(c.token, out[:n]...)
	} else {
		c.long = true
		c.compareText(c.token, c.same)
		c.token = c.token[:0]
		if c.text.difference != nil {
			return out // for its excerpt
		}
		c.compareText(out[:n], c.same)
	}
	if n < len(out) && c.text.difference == nil {
		c.endToken()
	}
	return out[n:]
}

// same tells whether a byte of a token is as good as the one wanted.
func (c *defaultChecker) same(found, want byte) bool {
	return found == want || !c.CaseSensitive && lower(found) == lower(want)
}

func lower(b byte) byte {
	if b >= 'A' && b <= 'Z' {
		b += 'a' - 'A'
	}
	return b
}

// compareText compares bytes of the output with the next ones of the answer.
func (c *defaultChecker) compareText(out []byte, same func(found, want byte) bool) {
	for len(out) > 0 && c.text.difference == nil {
		want := c.text.answer.peek()
		n := 0
		for n < min(len(out), len(want)) && same(out[n], want[n]) {
			n++
		}
		c.text.advance(out[:n])
		c.text.answer.drop(n)
		out = out[n:]
		if len(want) == 0 || len(out) > 0 && n < len(want) {
			c.text.differ(out)
		}
	}
}

// endToken compares what is left to compare when a token of the output is complete.
func (c *defaultChecker) endToken() {
	numbers := c.Floats && !c.long
	c.inToken, c.long = false, false
	if !numbers {
		if rest := c.text.answer.peek(); len(rest) > 0 && !space[rest[0]] {
			c.text.differ(nil)
		}
		return
	}
	c.compareNumber(c.token)
	c.token = c.token[:0]
}

// compareNumber compares a token with the answer's next one, which may be a number.
func (c *defaultChecker) compareNumber(token []byte) {
	want, whole := c.text.answer.token(longestNumber)
	if c.text.answer.err != nil {
		return
	}
	y, isNumber := decimalNumber(want)
	x, bothNumbers := decimalNumber(token)
	note := ""
	switch {
	case !whole:
	case isNumber && bothNumbers:
		d := math.Abs(x - y)
		if d <= c.Absolute || d <= c.Relative*math.Abs(y) {
			c.text.advance(token)
			return
		}
		note = fmt.Sprintf(" (%.3g apart)", d)
	case !isNumber && len(token) == len(want) && c.sameText(token, want):
		c.text.advance(token)
		return
	}
	c.text.difference = &difference{
		line: c.text.line, column: c.text.column,
		expected: tokenExcerpt(want, whole && len(want) == 0),
		found:    tokenExcerpt(token, false),
		note:     note,
	}
}

func (c *defaultChecker) sameText(token, want []byte) bool {
	for i := range token {
		if !c.same(token[i], want[i]) {
			return false
		}
	}
	return true
}

// decimalNumber reads a number in decimal or scientific notation. Infinite ones and those that are none are text.
func decimalNumber(token []byte) (float64, bool) {
	x, ok := number(token)
	return x, ok && !math.IsNaN(x) && !math.IsInf(x, 0)
}
