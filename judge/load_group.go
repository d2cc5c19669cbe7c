package judge

import (
	"fmt"
	"math"
	"slices"
)

// groupReader gathers what a [[task.group]] says.
type groupReader struct {
	group   Group
	tests   *node
	depends *node
}

var groupKeys = keys[groupReader]{
	"name":  func(r reader, n *node, into *groupReader) { into.group.Name, _ = r.name(n) },
	"tests": func(_ reader, n *node, into *groupReader) { into.tests = n },
	"score": func(r reader, n *node, into *groupReader) {
		if points, ok := r.points(n); ok {
			into.group.Score = &points
		}
	},
	"aggregate": func(r reader, n *node, into *groupReader) {
		text, _ := stringOf(n)
		if text != AggregateMin && text != AggregateSum {
			r.wrong(n, `"min" or "sum"`)
			return
		}
		into.group.Aggregate = text
	},
	"depends": func(r reader, n *node, into *groupReader) {
		into.group.Depends, _ = r.list(n, "names of groups", r.name)
		into.depends = n
	},
}

// points reads a score.
func (r reader) points(n *node) (float64, bool) {
	var points float64
	switch v := n.scalar.(type) {
	case int64:
		points = float64(v)
	case float64:
		points = v
	default:
		points = -1
	}
	if !(points >= 0) || math.IsInf(points, 0) {
		r.wrong(n, "points, a number that is not negative")
		return 0, false
	}
	return points, true
}

// readGroups reads the groups of a task. It returns them, and the tests, in the order in which they are
// judged. Every test is in one group.
func readGroups(r reader, n *node, tests []TestCase) ([]Group, []TestCase) {
	if n == nil {
		return nil, tests
	}
	if !n.array {
		r.failHint(n, "write [[task.group]]", "group: want an array of tables")
		return nil, tests
	}
	owner := make([]string, len(tests))
	var groups []Group
	var drafts []groupReader
	for i, item := range n.items {
		draft := readGroup(r, item, i+1, tests, owner)
		if draft == nil {
			continue
		}
		if slices.ContainsFunc(groups, func(g Group) bool { return g.Name == draft.group.Name }) {
			r.fail(item, "group %s: is there already", quoted(draft.group.Name))
			continue
		}
		groups, drafts = append(groups, draft.group), append(drafts, *draft)
	}
	if len(groups) < len(n.items) || len(tests) == 0 {
		return nil, tests
	}
	checkUngrouped(r, n, tests, owner)
	if !checkDepends(r, drafts) || slices.Contains(owner, "") {
		return nil, tests
	}
	if !r.problems.spend(effortArrange * len(groups) * len(groups)) {
		return nil, tests
	}
	groups, tests, err := arrange(groups, tests)
	if err != nil {
		r.fail(n, "group: depends %v", err)
	}
	return groups, tests
}

// readGroup reads one group and claims its tests; nil: it has no name or no tests.
func readGroup(r reader, n *node, position int, tests []TestCase, owner []string) *groupReader {
	where := fmt.Sprintf("group %d", position)
	if n.table == nil {
		r.wrong(n, "a table: [[task.group]]")
		return nil
	}
	if name, ok := stringOf(n.table["name"]); ok && nameProblem(name) == "" {
		where = "group " + quoted(name)
	}
	r = r.within(where)
	draft := groupReader{group: Group{Aggregate: AggregateMin}}
	readTable(r, n, groupKeys, &draft)
	switch {
	case n.table["name"] == nil:
		r.fail(n, "name is missing")
		return nil
	case draft.tests == nil:
		r.failHint(n, `write tests = ["sample*"]`, "tests is missing: names of tests, and patterns")
		return nil
	case draft.group.Name == "":
		return nil
	}
	draft.group.Tests = claimTests(r, draft.tests, draft.group.Name, tests, owner)
	if len(draft.group.Tests) == 0 {
		return nil
	}
	return &draft
}

// claimTests finds the tests that patterns name, and notes whose they are now.
func claimTests(r reader, n *node, group string, tests []TestCase, owner []string) []int {
	patterns, ok := r.list(n, "test names and patterns", r.name)
	if !ok {
		return nil
	}
	if len(patterns) == 0 {
		r.none(n, "at least one test")
	}
	var own []int
	for i, pattern := range patterns {
		if err := checkPattern(pattern); err != nil {
			r.fail(n.items[i], "tests %s: %v", quoted(pattern), err)
			continue
		}
		if !r.problems.spend(matchEffort(pattern) * len(tests)) {
			return nil
		}
		found, literal := false, !isPattern(pattern)
		for k := range tests {
			if pattern != tests[k].Name && (literal || !matchName(pattern, tests[k].Name)) {
				continue
			}
			found = true
			switch owner[k] {
			case "":
				owner[k] = group
				own = append(own, k)
			case group:
			default:
				r.fail(n.items[i], "tests %s: test %s is in group %s already", quoted(pattern), quoted(tests[k].Name), quoted(owner[k]))
			}
		}
		if !found && len(tests) > 0 {
			hint := ""
			if r.problems.suggests(len(tests)) {
				hint = didYouMean(pattern, namesOf(tests))
			}
			r.failHint(n.items[i], hint, "tests %s: there is no such test", quoted(pattern))
		}
	}
	slices.Sort(own)
	return own
}

func namesOf(tests []TestCase) []string {
	names := make([]string, len(tests))
	for i, t := range tests {
		names[i] = t.Name
	}
	return names
}

// checkUngrouped notes the tests that no group has, in one message.
func checkUngrouped(r reader, n *node, tests []TestCase, owner []string) {
	first := slices.Index(owner, "")
	if first < 0 {
		return
	}
	more := ""
	if count := len(slices.DeleteFunc(slices.Clone(owner), func(o string) bool { return o != "" })); count > 1 {
		more = fmt.Sprintf(", and %d more like it", count-1)
	}
	r.failHint(n, "give it a group of its own, perhaps with score = 0", "test %s: is in no group%s", quoted(tests[first].Name), more)
}

// checkDepends notes dependencies on what is not a group.
func checkDepends(r reader, drafts []groupReader) bool {
	var names []string
	for _, d := range drafts {
		names = append(names, d.group.Name)
	}
	ok := true
	for _, d := range drafts {
		others := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == d.group.Name })
		for _, name := range d.group.Depends {
			if !r.problems.spend(len(names)) {
				return false
			}
			if !slices.Contains(names, name) {
				ok = false
				hint := ""
				if r.problems.suggests(len(others)) {
					hint = didYouMean(name, others)
				}
				r.failHint(d.depends, hint, "group %s: depends %s: there is no such group", quoted(d.group.Name), quoted(name))
			}
		}
	}
	return ok
}
