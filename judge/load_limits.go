package judge

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"judge/limits"
)

const (
	kib = int64(1) << 10
	mib = int64(1) << 20
	pib = int64(1) << 50
	day = 24 * time.Hour
)

// defaultLimits are those of a task that says nothing. Wall and Stack follow from others.
var defaultLimits = limits.Limits{
	CPU: time.Second, Memory: 256 * mib, Output: 64 * mib,
	Processes: 64, Disk: 64 * mib, Inodes: 16384, OpenFiles: 256,
}

// limitKeys are the keys of a `limits` table. Zero is refused everywhere, so a zero field of what was
// read means that the table does not say.
var limitKeys = keys[limits.Limits]{
	"time":       durationLimit(time.Millisecond, day, func(l *limits.Limits) *time.Duration { return &l.CPU }),
	"wall":       durationLimit(time.Millisecond, 7*day, func(l *limits.Limits) *time.Duration { return &l.Wall }),
	"memory":     sizeLimit(mib, pib, func(l *limits.Limits) *int64 { return &l.Memory }),
	"output":     sizeLimit(1, pib, func(l *limits.Limits) *int64 { return &l.Output }),
	"stack":      sizeLimit(64*kib, pib, func(l *limits.Limits) *int64 { return &l.Stack }),
	"disk":       sizeLimit(64*kib, pib, func(l *limits.Limits) *int64 { return &l.Disk }),
	"inodes":     countLimit(16, 1<<31, func(l *limits.Limits, n int64) { l.Inodes = n }),
	"processes":  countLimit(1, 4<<20, func(l *limits.Limits, n int64) { l.Processes = int(n) }),
	"open_files": countLimit(4, 1<<20, func(l *limits.Limits, n int64) { l.OpenFiles = int(n) }),
}

// readLimits reads a `limits` table into what is already there: with two tables, the second wins.
func readLimits(r reader, n *node, into *limits.Limits) { readTable(r, n, limitKeys, into) }

func durationLimit(least, most time.Duration, field func(*limits.Limits) *time.Duration) func(reader, *node, *limits.Limits) {
	return func(r reader, n *node, into *limits.Limits) {
		const example = `a duration such as "2s"`
		s, ok := n.scalar.(string)
		if !ok {
			r.failHint(n, withUnit(n, "s"), "%s %s: want %s", n.key, n, example)
			return
		}
		d, err := limits.ParseDuration(s)
		switch {
		case err != nil:
			r.failHint(n, knownUnit(s, "s", timeWords), "%s %s: want %s", n.key, n, example)
		case d < least || d > most:
			r.wrong(n, fmt.Sprintf("a duration from %v to %v", short(least), short(most)))
		default:
			*field(into) = d
		}
	}
}

func sizeLimit[T any](least, most int64, field func(*T) *int64) func(reader, *node, *T) {
	return func(r reader, n *node, into *T) {
		const example = `a size such as "256MiB"`
		s, ok := n.scalar.(string)
		if !ok {
			r.failHint(n, withUnit(n, "MiB"), "%s %s: want %s", n.key, n, example)
			return
		}
		size, err := limits.ParseSize(s)
		switch {
		case err != nil:
			r.failHint(n, knownUnit(s, "MiB", sizeWords), "%s %s: want %s", n.key, n, example)
		case size < least || size > most:
			r.wrong(n, fmt.Sprintf("a size from %s to %s", limits.FormatSize(least), limits.FormatSize(most)))
		default:
			*field(into) = size
		}
	}
}

func countLimit[T any](least, most int64, set func(*T, int64)) func(reader, *node, *T) {
	return func(r reader, n *node, into *T) {
		count, ok := n.scalar.(int64)
		if !ok || count < least || count > most {
			r.wrong(n, fmt.Sprintf("a whole number from %d to %d", least, most))
			return
		}
		set(into, count)
	}
}

// withUnit suggests a unit for a bare number; which one was meant is for the user to say.
func withUnit(n *node, unit string) string {
	switch n.scalar.(type) {
	case int64, float64:
		return fmt.Sprintf("with a unit, as in %s = \"%v%s\"", n.key, n.scalar, unit)
	}
	return ""
}

// What people write for our units, in lower case.
var (
	timeWords = map[string]string{
		"sec": "s", "secs": "s", "second": "s", "seconds": "s", "min": "m", "mins": "m", "minute": "m", "minutes": "m",
		"msec": "ms", "msecs": "ms", "millis": "ms", "milliseconds": "ms", "ms": "ms", "s": "s", "m": "m",
	}
	sizeWords = map[string]string{
		"k": "KiB", "m": "MiB", "g": "GiB", "meg": "MiB", "megs": "MiB", "megabyte": "MiB", "megabytes": "MiB", "mo": "MiB",
		"gig": "GiB", "gigs": "GiB", "gigabyte": "GiB", "gigabytes": "GiB", "bytes": "B",
	}
	numberAndWord = regexp.MustCompile(`^\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)\s*$`)
)

// knownUnit suggests what is meant by a number with a unit that we do not have, or with none.
func knownUnit(text, usual string, words map[string]string) string {
	m := numberAndWord.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	unit := words[strings.ToLower(m[2])]
	if m[2] == "" {
		unit = usual
	}
	if unit == "" || m[1]+unit == text { // or it is too large
		return ""
	}
	return "did you mean " + quoted(m[1]+unit) + "?"
}

// short is a duration without the zero parts of time.Duration's notation.
func short(d time.Duration) string {
	if d >= time.Hour {
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return d.String()
}

// overlaid is base with the non-zero fields of over.
func overlaid(base, over limits.Limits) limits.Limits {
	pick(&base.CPU, over.CPU)
	pick(&base.Wall, over.Wall)
	pick(&base.Memory, over.Memory)
	pick(&base.Output, over.Output)
	pick(&base.Processes, over.Processes)
	pick(&base.Stack, over.Stack)
	pick(&base.Disk, over.Disk)
	pick(&base.Inodes, over.Inodes)
	pick(&base.OpenFiles, over.OpenFiles)
	return base
}

func pick[T comparable](field *T, over T) {
	var zero T
	if over != zero {
		*field = over
	}
}

// completeLimits fills in what was not given anywhere. A wall limit that is given at any level (the
// file's defaults, the task, the test) holds; otherwise it is twice the time plus a second, of
// whatever time is in force. The same with stack and memory.
func completeLimits(given limits.Limits) limits.Limits {
	complete := overlaid(defaultLimits, given)
	if complete.Wall == 0 {
		complete.Wall = 2*complete.CPU + time.Second
	}
	if complete.Stack == 0 {
		complete.Stack = complete.Memory
	}
	return complete
}

// completeCompileLimits is the same for a compiler, which may wait for its disk: a wall limit that is
// not given is three times the time.
func completeCompileLimits(given limits.Limits) limits.Limits {
	complete := overlaid(defaultCompileLimits, given)
	if given.Wall == 0 {
		complete.Wall = 3 * complete.CPU
	}
	return complete
}
