package packages

import (
	"path"
	"slices"
	"strings"
)

// readRules reads submissions.yaml; none where there is no such file.
func (k *kattis) readRules() ([]globRule, error) {
	v, ok, err := k.yamlFile("submissions/submissions.yaml")
	if err != nil || !ok {
		return nil, err
	}
	pairs, err := v.pairs()
	if err != nil {
		return nil, err
	}
	var rules []globRule
	for _, p := range pairs {
		if p.isNull() {
			continue
		}
		r := globRule{at: "submissions.yaml: " + p.key}
		if err := k.readRule(p, &r); err != nil {
			return nil, err
		}
		for _, pattern := range braces(p.key) {
			if _, err := path.Match(pattern, ""); err != nil || strings.Contains(pattern, "**") {
				return nil, p.fail("want a pattern with * and {a,b} only")
			}
			r.pattern = pattern
			rules = append(rules, r)
		}
	}
	return rules, nil
}

func (k *kattis) readRule(v value, into *globRule) error {
	pairs, err := v.pairs()
	if err != nil {
		return err
	}
	for _, p := range pairs {
		switch p.key {
		case "authors", "model_solution":
		case "language":
			into.language, err = p.text()
		case "entrypoint":
			into.entry, err = p.text()
		case "message":
			k.note("submissions.yaml: %s: message: what the output validator says is not expected", v.key)
		case "permitted":
			into.permitted, err = readResults(p)
		case "required":
			into.required, err = readResults(p)
		case "use_for_time_limit":
			into.forLimit, err = p.text()
			if !slices.Contains([]string{"true", "false", "lower", "upper"}, into.forLimit) {
				return p.fail(`%q: want true, false, "lower" or "upper"`, into.forLimit)
			}
		case "score":
			into.score, err = readScores(p)
		default:
			if !p.isMap() {
				return p.fail("is no key here: want permitted, required, score and the like, or tests")
			}
			k.note("submissions.yaml: %s: %s: what is expected of some of the tests is not looked at", v.key, p.key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func readResults(v value) ([]string, error) {
	list, err := v.texts()
	if err != nil {
		return nil, err
	}
	for _, word := range list {
		if !slices.Contains(allResults, word) {
			return nil, v.fail("%q: want some of AC, WA, TLE and RTE", word)
		}
	}
	if len(list) == 0 {
		return nil, v.fail("want some of AC, WA, TLE and RTE, this is empty")
	}
	return list, nil
}

// readScores reads a score, or the least and the most.
func readScores(v value) (*[2]float64, error) {
	if !v.isList() {
		n, err := v.number(0)
		return &[2]float64{n, n}, err
	}
	var scores [2]float64
	items := v.resolved().Content
	if len(items) != 2 {
		return nil, v.fail("want a score, or the least and the most")
	}
	for i, node := range items {
		n, err := value{v.file, v.lines, v.key, node}.number(0)
		if err != nil {
			return nil, err
		}
		scores[i] = n
	}
	if scores[0] > scores[1] {
		return nil, v.fail("%g is more than %g", scores[0], scores[1])
	}
	return &scores, nil
}

// matches tells whether a submission, or the directory that it is in, is meant.
func (r globRule) matches(name string) bool {
	for ; name != "."; name = path.Dir(name) {
		if ok, _ := path.Match(r.pattern, name); ok {
			return true
		}
	}
	return false
}

// braces are the patterns that one with {a,b} stands for, at most a thousand.
func braces(pattern string) []string {
	open := strings.LastIndexByte(pattern, '{') // the innermost of nested ones
	if open < 0 {
		return []string{pattern}
	}
	length := strings.IndexByte(pattern[open:], '}')
	if length < 0 {
		return []string{pattern}
	}
	var all []string
	for word := range strings.SplitSeq(pattern[open+1:open+length], ",") {
		all = append(all, braces(pattern[:open]+word+pattern[open+length+1:])...)
		if len(all) > 1000 {
			break
		}
	}
	return all
}
