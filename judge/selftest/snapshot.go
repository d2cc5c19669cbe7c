package selftest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// snapshot is what a look at the host found: for each kind of thing the names that are there.
type snapshot struct {
	things []things
	clock  time.Duration // real time less monotonic time
}

// things are the names of one kind.
type things struct {
	kind  string // as in "mount: NAME"
	names []string
	rule  rule
}

// rule says which difference is a finding.
type rule int

const (
	noneNew   rule = iota // a name that was not there
	unchanged             // any difference
)

// maxStep is by how much the real-time clock may be adjusted while a program runs.
const maxStep = time.Second

// maxNames bounds how many names of a kind are listed.
const maxNames = 3

// changes lists the findings between two looks at the same host, a sentence each.
func (s snapshot) changes(now snapshot) []string {
	var found []string
	for i, before := range s.things {
		if i >= len(now.things) {
			break
		}
		added := missing(now.things[i].names, before.names)
		found = append(found, sentences(before.kind, "new", added)...)
		if before.rule == unchanged {
			found = append(found, sentences(before.kind, "gone", missing(before.names, now.things[i].names))...)
		}
	}
	if step := (now.clock - s.clock).Abs(); step > maxStep {
		found = append(found, fmt.Sprintf("the clock was set, by %s", step.Round(time.Millisecond)))
	}
	return found
}

func sentences(kind, what string, names []string) []string {
	switch {
	case len(names) == 0:
		return nil
	case len(names) > maxNames:
		names = append(slices.Clone(names[:maxNames]), fmt.Sprintf("and %d more", len(names)-maxNames))
	}
	return []string{fmt.Sprintf("%s: %s: %s", what, kind, strings.Join(names, "; "))}
}

// missing are the names that the others do not have.
func missing(names, others []string) []string {
	have := make(map[string]bool, len(others))
	for _, n := range others {
		have[n] = true
	}
	var result []string
	for _, n := range names {
		if !have[n] {
			result = append(result, n)
		}
	}
	return result
}
