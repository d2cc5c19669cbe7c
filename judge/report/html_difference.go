package report

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// span is a part of a text, in bytes. An empty one marks a place.
type span struct{ from, to int }

// firstDifference finds what differs first between an output and its answer, as the checker of that name
// compares: for people to see, the verdict is the checker's. Not ok: there is none in what is here.
func firstDifference(checker, output, answer string) (inOutput, inAnswer span, ok bool) {
	name, argument, _ := strings.Cut(checker, ":")
	split, same := tokensOf, func(a, b string) bool { return a == b }
	switch name {
	case "exact":
		split = linesOf
	case "lines":
		split = trimmedLinesOf
	case "floats":
		tolerance, _ := strconv.ParseFloat(argument, 64)
		same = func(a, b string) bool { return a == b || close64(a, b, tolerance) }
	case "default":
		if !slices.Contains(strings.Fields(strings.ReplaceAll(argument, ":", " ")), "case_sensitive") {
			same = strings.EqualFold
		}
	}
	a, b := split(output), split(answer)
	for i := range max(len(a), len(b)) {
		switch {
		case i >= len(a):
			return span{len(output), len(output)}, b[i], true
		case i >= len(b):
			return a[i], span{len(answer), len(answer)}, true
		case !same(output[a[i].from:a[i].to], answer[b[i].from:b[i].to]):
			return a[i], b[i], true
		}
	}
	return span{}, span{}, false
}

func close64(a, b string, tolerance float64) bool {
	x, err := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	return err == nil && err2 == nil && math.Abs(x-y) <= tolerance*max(1, math.Abs(y))
}

const htmlBlank = " \t\n\v\f\r"

// tokensOf are the stretches between white space.
func tokensOf(s string) []span {
	var spans []span
	for at := 0; at < len(s); {
		if strings.IndexByte(htmlBlank, s[at]) >= 0 {
			at++
			continue
		}
		end := at
		for end < len(s) && strings.IndexByte(htmlBlank, s[end]) < 0 {
			end++
		}
		spans = append(spans, span{at, end})
		at = end
	}
	return spans
}

// linesOf are the lines with what ends them.
func linesOf(s string) []span {
	var spans []span
	at := 0
	for line := range strings.Lines(s) {
		spans = append(spans, span{at, at + len(line)})
		at += len(line)
	}
	return spans
}

// trimmedLinesOf are the lines without white space at their ends, without empty ones at the end.
func trimmedLinesOf(s string) []span {
	spans := linesOf(s)
	for i, l := range spans {
		spans[i].to = l.from + len(strings.TrimRight(s[l.from:l.to], htmlBlank))
	}
	for len(spans) > 0 && spans[len(spans)-1].from == spans[len(spans)-1].to {
		spans = spans[:len(spans)-1]
	}
	return spans
}
