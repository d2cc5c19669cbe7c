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
	case k.testdata:
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
	entries := slices.DeleteFunc(slices.Clone(f.entries), func(e entry) bool { return e.folder != nil && len(e.folder.tests()) == 0 })
	if !slices.ContainsFunc(entries, func(e entry) bool { return e.folder != nil }) {
		return k.legacyTests(f, mode)
	}
	var all []group
	if first := entries[0].folder; f.name == "" && first.name == "sample" && slices.Contains(f.config.flags, "ignore_sample") {
		all = append(all, unscored(first))
		entries = entries[1:]
	}
	if len(entries) == 1 { // of one score there is nothing to aggregate
		groups, err := k.legacyGroups(entries[0].folder)
		return append(all, groups...), err
	}
	var before []string // what must be accepted for the next entry to be judged
	for i, e := range entries {
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
		var names []string
		for i := range groups {
			groups[i].depends = append(slices.Clone(before), groups[i].depends...)
			names = append(names, groups[i].name)
		}
		all = append(all, groups...)
		if f.config.goOn || mode == "min" || i == len(entries)-1 {
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
