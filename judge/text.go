package judge

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// CutText returns the first limit bytes of b as valid UTF-8: never half a character at the cut, and
// U+FFFD for each stretch of invalid bytes. Every other character stays, NUL and ESC included: who
// prints the text makes it Visible. Replacing can lengthen it, to three times the limit at most.
func CutText(b []byte, limit int) string {
	if len(b) > limit {
		b = trimPartialRune(b[:limit])
	}
	return strings.ToValidUTF8(string(b), string(utf8.RuneError))
}

// trimPartialRune drops the beginning of a character that continues after b.
func trimPartialRune(b []byte) []byte {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return b[:i]
			}
			break
		}
	}
	return b
}

// Visible returns s with an escape such as \n, \x1b or \u202e in place of every character that is
// not printable, so that no text of a program can move a terminal's cursor, colour it, or reorder
// a line. Quotes and backslashes stay as they are: the result is for people, not for parsing.
func Visible(s string) string {
	if isVisible(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if strconv.IsPrint(r) && (r != utf8.RuneError || n > 1) {
			b.WriteString(s[:n])
		} else {
			escaped := strconv.Quote(s[:n])
			b.WriteString(escaped[1 : len(escaped)-1])
		}
		s = s[n:]
	}
	return b.String()
}

// VisibleLines is Visible for text of several lines: newlines and tabs stay as well.
func VisibleLines(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		n := strings.IndexAny(s, "\n\t")
		if n < 0 {
			b.WriteString(Visible(s))
			break
		}
		b.WriteString(Visible(s[:n]))
		b.WriteByte(s[n])
		s = s[n+1:]
	}
	return b.String()
}

func isVisible(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
