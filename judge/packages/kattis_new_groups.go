package packages

import (
	"path"
	"slices"

	"judge/judge"
)

// newGroups turns the folders of a 2025-09 package into groups.
func (k *kattis) newGroups(root *folder) ([]group, error) {
	var groups []group
	for _, e := range root.entries {
		f := e.folder
		if f.name == "sample" {
			if len(f.tests()) > 0 {
				groups = append(groups, unscored(f))
			}
			continue
		}
		below, err := k.secretGroups(f)
		if err != nil {
			return nil, err
		}
		groups = append(groups, below...)
	}
	return groups, nil
}

// secretGroups are those of data/secret: it is a group itself when it has no directories.
func (k *kattis) secretGroups(secret *folder) ([]group, error) {
	c := &secret.config
	if c.maxScore == nil && !c.unbounded {
		hundred := 100.0
		c.maxScore = &hundred
	}
	var folders []*folder
	for _, e := range secret.entries {
		if e.folder != nil {
			folders = append(folders, e.folder)
		}
	}
	switch {
	case len(folders) > 0 && len(folders) < len(secret.entries):
		return nil, k.tree.fail("data/secret", "has test cases beside groups: want one of the two")
	case len(folders) == 0 || c.aggregation == "pass-fail":
		if c.aggregation == "" {
			c.aggregation = "sum"
		}
		one, err := k.newGroup(secret)
		if err != nil {
			return nil, err
		}
		return []group{one}, k.checkRequired([]group{one}, []*folder{secret})
	case c.aggregation == "min" && len(folders) > 1:
		return nil, c.at.fail("score_aggregation min: the scores of several groups can only be added up here")
	}
	var groups []group
	for _, f := range folders {
		g, err := k.newGroup(f)
		if err != nil {
			return nil, err
		}
		for _, name := range c.requirePass {
			if !slices.Contains(g.depends, name) {
				g.depends = append(g.depends, name)
			}
		}
		groups = append(groups, g)
	}
	return groups, k.checkRequired(groups, folders)
}

// newGroup is the group of a folder.
func (k *kattis) newGroup(f *folder) (group, error) {
	c := f.config
	g := group{name: f.name, tests: f.names(), aggregate: judge.AggregateMin, depends: c.requirePass}
	byTest := c.aggregation == "sum" || c.aggregation == "min"
	if c.aggregation == "sum" {
		g.aggregate = judge.AggregateSum
	}
	switch {
	case len(g.tests) == 0:
		return g, k.tree.fail(path.Join("data", f.name), "has no test case")
	case c.maxScore == nil && !byTest:
		return g, k.tree.fail(path.Join("data", f.name), "has no max_score: a pass-fail group wants one, in its test_group.yaml")
	case byTest && k.scores && c.maxScore != nil:
		k.note("%s: a test that the output validator accepts without a score.txt is worth 1 point, not a share of %g", f.name, *c.maxScore)
	case byTest && k.scores:
	case c.maxScore == nil:
		return g, k.tree.fail(path.Join("data", f.name), "has no max_score, and the output validator gives no scores")
	default:
		g.score = c.maxScore
	}
	return g, nil
}

// checkRequired finds names under require_pass that are none of a group.
func (k *kattis) checkRequired(groups []group, folders []*folder) error {
	for i, g := range groups {
		for _, name := range g.depends {
			known := slices.ContainsFunc(groups[:i], func(o group) bool { return o.name == name })
			if name == "sample" && slices.ContainsFunc(k.tests, func(t test) bool { return path.Dir(t.name) == "sample" }) || known {
				continue
			}
			return k.tree.fail(path.Join("data", folders[i].name, "test_group.yaml"), "require_pass %s: no group before this one is called so", name)
		}
	}
	return nil
}
