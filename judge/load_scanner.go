package judge

import (
	"strconv"
	"strings"
)

// The scan comes before the parser and protects it: the parser is recursive, and takes time quadratic
// in the length of a dotted key. The scan stops where nesting or the number of values passes a bound,
// and the parser sees nothing beyond that place.
const (
	maxDepth  = 32
	maxValues = 1_000_000
)

// scanOutline returns the outline, how far the scan came (len(text), or the place of the first thing
// that is not TOML or over a bound), and what bound was passed, if it was that.
func scanOutline(text string) (root *outline, stop int, bound string) {
	s := outlineScanner{text: text}
	root = &outline{}
	s.document(root)
	return root, s.pos, s.bound
}

type outlineScanner struct {
	text   string
	pos    int
	values int
	bad    bool   // stopped at pos
	bound  string // why, if a bound was passed
}

// peek is the byte at the position, 0 at the end.
func (s *outlineScanner) peek() byte {
	if s.pos < len(s.text) {
		return s.text[s.pos]
	}
	return 0
}

// accept steps over the byte if it is the next one.
func (s *outlineScanner) accept(c byte) bool {
	if s.pos < len(s.text) && s.text[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

// expect stops the scan unless the byte is the next one.
func (s *outlineScanner) expect(c byte) {
	if !s.bad && !s.accept(c) {
		s.bad = true
	}
}

func (s *outlineScanner) stopAt(bound string) { s.bad, s.bound = true, bound }

// count stops the scan at one header, value or element too many.
func (s *outlineScanner) count() {
	if s.values++; s.values > maxValues {
		s.stopAt("more than " + strconv.Itoa(maxValues) + " values")
	}
}

func (s *outlineScanner) document(root *outline) {
	table, depth := root, 0
	for {
		s.blank()
		if s.bad || s.pos == len(s.text) {
			return
		}
		start := s.pos
		s.count()
		if s.accept('[') {
			array := s.accept('[')
			path := s.key(0)
			s.expect(']')
			if array {
				s.expect(']')
			}
			if !s.bad {
				table, depth = root.header(path, start, array), len(path)
			}
		} else {
			s.pair(table, depth)
		}
		s.endOfLine()
		if s.bad {
			return
		}
	}
}

// pair scans `key = value`, which is at the given depth.
func (s *outlineScanner) pair(table *outline, depth int) {
	start := s.pos
	path := s.key(depth)
	s.expect('=')
	if s.bad {
		return
	}
	if table.isThroughArray(path) {
		s.pos, s.bad = start, true
		return
	}
	s.space()
	s.value(table.enter(path, start), depth+len(path))
}

func (s *outlineScanner) value(at *outline, depth int) {
	if s.count(); s.bad {
		return
	}
	switch s.peek() {
	case '"', '\'':
		s.str()
	case '[':
		s.array(at, depth+1)
	case '{':
		s.inlineTable(at, depth+1)
	default:
		s.scalar()
	}
}

func (s *outlineScanner) array(at *outline, depth int) {
	if !s.deeper(depth) {
		return
	}
	at.array = true
	s.pos++
	for {
		s.blank()
		if s.bad || s.accept(']') {
			return
		}
		item := &outline{offset: s.pos}
		at.items = append(at.items, item)
		s.value(item, depth)
		s.blank()
		if !s.bad && !s.accept(',') && s.peek() != ']' {
			s.bad = true
		}
	}
}

func (s *outlineScanner) inlineTable(at *outline, depth int) {
	if !s.deeper(depth) {
		return
	}
	s.pos++
	for {
		s.blank()
		if s.bad || s.accept('}') {
			return
		}
		s.pair(at, depth)
		s.blank()
		if !s.bad && !s.accept(',') && s.peek() != '}' {
			s.bad = true
		}
	}
}

func (s *outlineScanner) deeper(depth int) bool {
	if depth > maxDepth {
		s.stopAt("more than " + strconv.Itoa(maxDepth) + " levels")
	}
	return !s.bad
}

// key scans a dotted key at the given depth.
func (s *outlineScanner) key(depth int) []string {
	var path []string
	for {
		s.space()
		start := s.pos
		switch c := s.peek(); {
		case c == '"' || c == '\'':
			s.quotedOnce(c)
			if s.bad {
				return nil
			}
			path = append(path, unquotedKey(s.text[start:s.pos]))
		default:
			for isBareKey(s.peek()) {
				s.pos++
			}
			if s.pos == start {
				s.bad = true
				return nil
			}
			path = append(path, s.text[start:s.pos])
		}
		if !s.deeper(depth + len(path)) {
			return nil
		}
		s.space()
		if !s.accept('.') {
			return path
		}
	}
}

func isBareKey(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

func unquotedKey(quoted string) string {
	inner := quoted[1 : len(quoted)-1]
	if quoted[0] == '"' && strings.Contains(inner, `\`) {
		if s, err := strconv.Unquote(quoted); err == nil {
			return s
		}
	}
	return inner
}

// str scans a string of any of the four kinds.
func (s *outlineScanner) str() {
	quote := s.peek()
	triple := strings.Repeat(string(quote), 3)
	if !strings.HasPrefix(s.text[s.pos:], triple) {
		s.quotedOnce(quote)
		return
	}
	s.pos += 3
	for s.pos < len(s.text) {
		switch {
		case s.text[s.pos] == '\\' && quote == '"':
			s.pos = min(s.pos+2, len(s.text))
		case s.text[s.pos] == quote && strings.HasPrefix(s.text[s.pos:], triple):
			s.pos += 3
			// One or two quotes may stand before the closing three.
			for i := 0; i < 2 && s.accept(quote); i++ {
			}
			return
		default:
			s.pos++
		}
	}
	s.bad = true
}

// quotedOnce scans a string that ends on its line.
func (s *outlineScanner) quotedOnce(quote byte) {
	s.pos++
	for s.pos < len(s.text) && s.text[s.pos] != '\n' {
		switch c := s.text[s.pos]; {
		case c == quote:
			s.pos++
			return
		case c == '\\' && quote == '"':
			s.pos++
			if s.peek() != '\n' && s.pos < len(s.text) {
				s.pos++
			}
		default:
			s.pos++
		}
	}
	s.bad = true
}

// scalar scans numbers, booleans and dates. It takes no bracket or quote, so that it cannot run over
// what the parser may take for structure.
func (s *outlineScanner) scalar() {
	start := s.pos
	for c := s.peek(); isBareKey(c) || c == '+' || c == '.' || c == ':' || c == ' '; c = s.peek() {
		s.pos++
	}
	if s.pos == start {
		s.bad = true
	}
}

// space skips blanks and tabs.
func (s *outlineScanner) space() {
	for c := s.peek(); c == ' ' || c == '\t'; c = s.peek() {
		s.pos++
	}
}

// blank skips white space, line ends and comments.
func (s *outlineScanner) blank() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
		case '#':
			s.comment()
		default:
			return
		}
	}
}

func (s *outlineScanner) comment() {
	if end := strings.IndexByte(s.text[s.pos:], '\n'); end >= 0 {
		s.pos += end
	} else {
		s.pos = len(s.text)
	}
}

func (s *outlineScanner) endOfLine() {
	if s.bad {
		return
	}
	s.space()
	if s.peek() == '#' {
		s.comment()
	}
	s.accept('\r')
	if s.pos < len(s.text) {
		s.expect('\n')
	}
}
