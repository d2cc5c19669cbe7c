package judge

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxNameBytes bounds the names of tasks, submissions and tests: they are columns of tables and keys
// of records.
const maxNameBytes = 1000

// nameProblem says what is wrong with a name that will be printed and recorded; empty: nothing.
func nameProblem(name string) string {
	switch {
	case name == "":
		return "want a name, this is empty"
	case !utf8.ValidString(name):
		return "is not valid UTF-8"
	case strings.ContainsAny(name, "\n\r"):
		return "contains a newline"
	case strings.ContainsFunc(name, isUnsafe):
		return "contains a control character"
	case len(name) > maxNameBytes:
		return "is too long"
	case strings.TrimSpace(name) == "":
		return "want a name, this is blank"
	}
	return ""
}

// isUnsafe says whether a character is invisible and could change how the rest of a line or table is
// shown: control characters, line separators, what reverses the direction of writing. Joiners are
// part of words and emoji.
func isUnsafe(r rune) bool {
	const nonJoiner, joiner = '\u200c', '\u200d'
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) && r != nonJoiner && r != joiner
}
