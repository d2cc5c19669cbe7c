package packages

import (
	"slices"
	"strconv"

	"judge/judge"
)

// readGroups makes groups where the package gives points. A test without a group is in one of its own kind.
func (r *polygon) readGroups() error {
	points := make([]float64, len(r.set.Tests))
	given := false
	for i, t := range r.set.Tests {
		if t.Points == "" {
			continue
		}
		n, err := strconv.ParseFloat(t.Points, 64)
		if err != nil || !(n >= 0 && n < 1e12) {
			return r.fail("test %d: points %q: want a number that is not negative", i+1, t.Points)
		}
		points[i] = n
		given = given || n > 0
	}
	for _, g := range r.set.Groups {
		given = given || g.Points != "" && g.Points != "0" && g.Points != "0.0"
	}
	if !given {
		return nil // pass or fail
	}
	split := map[string][]string{} // what a group was split into
	for _, g := range r.groupsInOrder() {
		own, err := r.pointGroups(g, points)
		if err != nil {
			return err
		}
		for i := range own {
			split[g.Name] = append(split[g.Name], own[i].name)
		}
		r.groups = append(r.groups, own...)
	}
	return r.depend(split)
}

// groupsInOrder are the groups that tests are in, as the package describes them or not.
func (r *polygon) groupsInOrder() []polygonGroup {
	groups := slices.DeleteFunc(slices.Clone(r.set.Groups), func(g polygonGroup) bool {
		return !slices.ContainsFunc(r.set.Tests, func(t polygonTest) bool { return t.Group == g.Name })
	})
	for _, t := range r.set.Tests {
		if !slices.ContainsFunc(groups, func(g polygonGroup) bool { return g.Name == t.Group }) {
			groups = append(groups, polygonGroup{Name: t.Group, Policy: "each-test"})
		}
	}
	return groups
}

// pointGroups are what a group is in a task: itself, or one for each test where tests have their own points.
func (r *polygon) pointGroups(g polygonGroup, points []float64) ([]group, error) {
	name := g.Name
	if name == "" {
		name = "other"
	}
	whole := group{name: name, aggregate: judge.AggregateMin}
	sum, same := 0.0, true
	var own []float64
	for i, t := range r.set.Tests {
		if t.Group == g.Name {
			whole.tests = append(whole.tests, r.tests[i].name)
			own = append(own, points[i])
			sum += points[i]
			same = same && points[i] == own[0]
		}
	}
	switch g.Policy {
	case "complete-group":
		if total, err := strconv.ParseFloat(g.Points, 64); sum == 0 && err == nil && total >= 0 {
			sum = total
		}
		whole.score = &sum
		return []group{whole}, nil
	case "each-test", "":
	default:
		return nil, r.fail("group %s: points-policy %q: want complete-group or each-test", name, g.Policy)
	}
	if same {
		whole.score, whole.aggregate = &sum, judge.AggregateSum
		return []group{whole}, nil
	}
	var each []group
	for i, t := range whole.tests {
		each = append(each, group{name: name + "/" + t, tests: []string{t}, score: &own[i], aggregate: judge.AggregateMin})
	}
	return each, nil
}

// depend makes all parts of a group depend on all parts of those that it depends on.
func (r *polygon) depend(split map[string][]string) error {
	for _, g := range r.set.Groups {
		for _, d := range g.Dependencies {
			on, ok := split[d.Group]
			if !ok {
				return r.fail("group %s: depends on %q, which is no group with tests", g.Name, d.Group)
			}
			for i := range r.groups {
				if slices.Contains(split[g.Name], r.groups[i].name) {
					r.groups[i].depends = append(r.groups[i].depends, on...)
				}
			}
		}
	}
	return nil
}
