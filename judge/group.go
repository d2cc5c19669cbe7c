package judge

import (
	"fmt"
	"slices"
	"strings"
)

// Group is a set of test cases that give points together.
type Group struct {
	Name      string
	Tests     []int    // indexes of the task's tests, without a gap, after those of the group before
	Score     *float64 // points of the whole group, at least 0; nil: each test gives the points that the checker says
	Aggregate string   // AggregateMin or AggregateSum
	Depends   []string // groups before this one that must have all their points, or this one is skipped
}

// How the results of a group's test cases make its score. A test is worth what the checker gave it, else
// 1 if it was accepted, else 0.
const (
	AggregateMin = "min" // what the worst test is worth: of the score, or in points
	AggregateSum = "sum" // the mean of what the tests are worth, of the score; without a score, their sum
)

// arrange orders the groups so that each follows those that it depends on, and otherwise as they are, and
// the tests by their groups: a plan can then be judged from its beginning to its end. Each test is in
// one group, and the groups that are depended on exist. The error names groups that wait for one another;
// then nothing is changed.
func arrange(groups []Group, tests []TestCase) ([]Group, []TestCase, error) {
	var order []Group
	placed := map[string]bool{}
	left := slices.Clone(groups)
	for len(left) > 0 {
		next := slices.IndexFunc(left, func(g Group) bool {
			return !slices.ContainsFunc(g.Depends, func(name string) bool { return !placed[name] })
		})
		if next < 0 {
			return groups, tests, fmt.Errorf("is a circle: %s", strings.Join(circle(left, placed), " -> "))
		}
		placed[left[next].Name] = true
		order = append(order, left[next])
		left = slices.Delete(left, next, next+1)
	}
	var sorted []TestCase
	for i := range order {
		own := order[i].Tests
		order[i].Tests = make([]int, len(own))
		for k, test := range own {
			order[i].Tests[k] = len(sorted)
			sorted = append(sorted, tests[test])
		}
	}
	return order, sorted, nil
}

// circle follows dependencies that are not placed until a group comes a second time.
func circle(left []Group, placed map[string]bool) []string {
	path := []string{left[0].Name}
	for {
		at := slices.IndexFunc(left, func(g Group) bool { return g.Name == path[len(path)-1] })
		waits := left[at].Depends
		next := waits[slices.IndexFunc(waits, func(name string) bool { return !placed[name] })]
		begin := slices.Index(path, next)
		path = append(path, next)
		if begin >= 0 {
			return path[begin:]
		}
	}
}
