package packages

import (
	"path"
	"slices"

	"judge/judge"
)

// readGroups makes the groups of a scoring package from its folders.
func (k *kattis) readGroups(root *folder) (err error) {
	switch {
	case !k.scoring:
		return k.passFail(root)
	case k.legacy:
		k.groups, err = k.legacyGroups(root)
	default:
		k.groups, err = k.newGroups(root)
	}
	return err
}

// passFail finds what would make a package without scores accept what was not accepted in all tests.
func (k *kattis) passFail(root *folder) error {
	folders := []*folder{root}
	for len(folders) > 0 {
		f := folders[0]
		folders = folders[1:]
		if word := f.config.always(); word != "" {
			return f.config.at.fail("grader_flags %s: a package without scores is accepted when all tests are", word)
		}
		if f == root && slices.Contains(f.config.flags, "ignore_sample") {
			k.tests = slices.DeleteFunc(k.tests, func(t test) bool { return path.Dir(t.name) == "sample" })
		}
		for _, e := range f.entries {
			if e.folder != nil {
				folders = append(folders, e.folder)
			}
		}
	}
	return nil
}

// always is the flag by which the default grader accepts a group with tests that are not; empty: there is none.
func (c config) always() string {
	for _, word := range c.flags {
		if word == "always_accept" || word == "accept_if_any_accepted" {
			return word
		}
	}
	return ""
}

// mode is the last of the words that say how scores become one.
func (c config) mode() string {
	mode := "sum"
	for _, word := range c.flags {
		if slices.Contains([]string{"sum", "avg", "min", "max"}, word) {
			mode = word
		}
	}
	return mode
}

// legacyGroups turns a folder of a legacy package into groups that come to the same score.
//
// Where the judging of a folder ends with the first rejection (on_reject: break) and the scores are added up,
// what follows depends on what was before: each test, or the groups of each folder, on the entry before.
func (k *kattis) legacyGroups(f *folder) ([]group, error) {
	mode := f.config.mode()
	if len(f.entries) == 1 && f.entries[0].folder != nil {
		return k.legacyGroups(f.entries[0].folder) // of one score there is nothing to aggregate
	}
	if !slices.ContainsFunc(f.entries, func(e entry) bool { return e.folder != nil }) {
		return k.legacyTests(f, mode)
	}
	ignoreSample := f.name == "" && slices.Contains(f.config.flags, "ignore_sample")
	var all []group
	var before []string // what must be accepted for the next entry to be judged
	for _, e := range f.entries {
		below := e.folder
		if below == nil {
			below = &folder{name: e.test.name, config: f.config, entries: []entry{e}}
			below.config.flags = nil
		}
		groups, err := k.legacyGroups(below)
		if err != nil {
			return nil, err
		}
		if mode == "min" && (len(groups) != 1 || groups[0].aggregate != judge.AggregateMin || groups[0].score == nil) || mode == "avg" || mode == "max" {
			return nil, f.config.at.fail("grader_flags %s: the scores of several groups can only be added up here", mode)
		}
		if ignoreSample && below.name == "sample" {
			all = append(all, unscored(below))
			continue
		}
		var names []string
		for i := range groups {
			groups[i].depends = append(slices.Clone(before), groups[i].depends...)
			names = append(names, groups[i].name)
		}
		all = append(all, groups...)
		if f.config.goOn || mode == "min" {
			continue
		}
		switch word := below.config.always(); {
		case word == "always_accept" && e.folder != nil:
		case word != "" && e.folder != nil:
			return nil, below.config.at.fail("grader_flags %s: whether the groups after this one are judged cannot be expressed", word)
		default:
			before = names
		}
	}
	if mode == "min" {
		return k.merged(f, all)
	}
	return all, nil
}

// merged is one group of groups whose score is the least of theirs.
func (k *kattis) merged(f *folder, groups []group) ([]group, error) {
	one := group{name: groupName(f.name), score: groups[0].score, aggregate: judge.AggregateMin}
	for _, g := range groups {
		if *g.score != *one.score {
			return nil, f.config.at.fail("grader_flags min: groups %s and %s have different scores: the least of them cannot be expressed", groups[0].name, g.name)
		}
		one.tests = append(one.tests, g.tests...)
	}
	return []group{one}, nil
}

// groupName is a folder's name as a group; data itself has one too.
func groupName(name string) string {
	if name == "" {
		return "data"
	}
	return name
}

// unscored is a group that is judged and gives nothing.
func unscored(f *folder) group {
	none := 0.0
	return group{name: f.name, tests: f.names(), score: &none, aggregate: judge.AggregateMin}
}

// legacyTests are the groups of a folder of tests.
func (k *kattis) legacyTests(f *folder, mode string) ([]group, error) {
	names := f.names()
	accept := 1.0
	if f.config.accept != nil {
		accept = *f.config.accept
	}
	points := func(of float64) *float64 {
		if k.scores {
			return nil
		}
		return &of
	}
	if k.scores && accept != 1 {
		k.note("%s: accept_score %g: a test that the output validator accepts without a score is worth 1", groupName(f.name), accept)
	}
	switch {
	case len(names) == 0:
		return nil, nil
	case mode == "min", len(names) == 1:
		return []group{{name: f.name, tests: names, score: points(accept), aggregate: judge.AggregateMin}}, nil
	case mode == "sum" && f.config.goOn:
		return []group{{name: f.name, tests: names, score: points(accept * float64(len(names))), aggregate: judge.AggregateSum}}, nil
	case mode == "avg" && f.config.goOn && !k.scores:
		return []group{{name: f.name, tests: names, score: points(accept), aggregate: judge.AggregateSum}}, nil
	case mode != "sum":
		return nil, f.config.at.fail("grader_flags %s: cannot be expressed with on_reject and scores as they are here", mode)
	}
	var chain []group
	for i, name := range names {
		g := group{name: name, tests: []string{name}, score: points(accept), aggregate: judge.AggregateMin}
		if i > 0 {
			g.depends = names[i-1 : i : i]
		}
		chain = append(chain, g)
	}
	return chain, nil
}

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
