package piston

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// version is a semantic version, of which only the numbers count.
type version [3]int

func (v version) String() string { return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]) }

func (v version) compare(other version) int {
	for i := range v {
		if v[i] != other[i] {
			return v[i] - other[i]
		}
	}
	return 0
}

var (
	dotted = regexp.MustCompile(`\d+(\.\d+)+`)
	number = regexp.MustCompile(`\d+`)
)

// versionIn finds the version in the line that a tool prints of itself, such as "g++ (Debian 12.2.0-14) 12.2.0".
// What has none has version 0.0.0.
func versionIn(line string) version {
	text := dotted.FindString(line)
	if text == "" {
		text = number.FindString(line)
	}
	v, _ := parsePartial(text)
	return v
}

// parsePartial reads a version of which parts may be missing or wild, and returns how many there are.
func parsePartial(text string) (v version, parts int) {
	for i, part := range strings.SplitN(strings.TrimPrefix(text, "v"), ".", 4) {
		if i == len(v) {
			break
		}
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			break
		}
		v[i], parts = n, i+1
	}
	return v, parts
}

// span is a set of versions: from the first up to, but without, the second.
type span struct{ from, to version }

func (s span) has(v version) bool { return v.compare(s.from) >= 0 && v.compare(s.to) < 0 }

// selector chooses versions: one of its alternatives, each of which wants all of its spans.
type selector [][]span

func (s selector) has(v version) bool {
	for _, alternative := range s {
		all := true
		for _, span := range alternative {
			all = all && span.has(v)
		}
		if all {
			return true
		}
	}
	return false
}

const maxNumber = 1 << 30 // in a version

var endOfVersions = version{maxNumber, maxNumber, maxNumber}

// comparator is an operator and a version, parts of which may be missing or x.
var comparator = regexp.MustCompile(`^(\^|~>?|>=|<=|>|<|=)?\s*v?((?:\d{1,9}|[xX*])(?:\.(?:\d{1,9}|[xX*])){0,2})(?:[-+][0-9A-Za-z.+-]*)?$`)

// spaceAfter is what may stand between an operator and its version.
var spaceAfter = regexp.MustCompile(`([\^~<>=])\s+`)

// parseSelector reads what semver has as a range: "*", "3", "3.x", "3.9.1", "^3.9", "~3.9", ">=3.9 <3.12",
// "3.9.1 - 3.11", and alternatives of these with ||.
func parseSelector(text string) (selector, error) {
	if len(text) > 256 {
		return nil, fmt.Errorf("%d bytes: want at most 256", len(text))
	}
	var result selector
	for alternative := range strings.SplitSeq(text, "||") {
		var spans []span
		if from, to, ok := strings.Cut(alternative, " - "); ok {
			alternative = ">=" + strings.TrimSpace(from) + " <=" + strings.TrimSpace(to)
		}
		for _, word := range strings.Fields(spaceAfter.ReplaceAllString(alternative, "$1")) {
			m := comparator.FindStringSubmatch(word)
			if m == nil {
				return nil, fmt.Errorf("%.40q is no version", word)
			}
			spans = append(spans, spanOf(m[1], m[2]))
		}
		result = append(result, spans)
	}
	return result, nil
}

// spanOf is what an operator makes of a version.
func spanOf(operator, text string) span {
	v, parts := parsePartial(text)
	next := v.next(parts)
	switch operator {
	case ">=":
		return span{v, endOfVersions}
	case ">":
		return span{next, endOfVersions}
	case "<":
		return span{version{}, v}
	case "<=":
		return span{version{}, next}
	case "^":
		return span{v, v.next(min(parts, v.leading()))}
	case "~", "~>":
		return span{v, v.next(min(parts, 2))}
	}
	return span{v, next}
}

// leading is the number of the first part that is not zero, or of the last one.
func (v version) leading() int {
	for i, n := range v {
		if n != 0 {
			return i + 1
		}
	}
	return len(v)
}

// next is the first version after all that begin with so many parts of this one.
func (v version) next(parts int) version {
	if parts == 0 {
		return endOfVersions
	}
	var n version
	copy(n[:parts], v[:parts])
	n[parts-1]++
	return n
}
