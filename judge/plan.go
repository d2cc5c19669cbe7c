package judge

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Plan picks what to judge: everything, or what the selectors of --only name, in the tasks' order.
//
// A selector is TASK, TASK/SUBMISSION or TASK/SUBMISSION/TEST; each part may be a pattern as in a
// task file, and a part that is just `*` stands for any name. Names may contain slashes, so a
// selector can be cut in several places: the longest task that exists is meant, then the longest
// submission. A selector that names nothing is an error.
//
// When a selection differs between submissions in its tests, the task is there several times, each
// with other submissions; no submission is in two of them.
func Plan(tasks []Task, only []string) ([]Task, error) {
	if len(only) == 0 {
		return tasks, nil
	}
	chosen := selection{map[[3]int]bool{}, map[int][]linePattern{}}
	for _, s := range only {
		if err := chosen.add(tasks, s); err != nil {
			return nil, fmt.Errorf("--only %w", err)
		}
	}
	var result []Task
	for i, task := range tasks {
		result = append(result, chosen.of(i, task)...)
	}
	return result, nil
}

// selection is a set of runs.
type selection struct {
	runs  map[[3]int]bool       // indexes of task, submission and test
	lines map[int][]linePattern // of a task's source, by the task's index
}

// add selects what one selector names.
func (s selection) add(tasks []Task, text string) error {
	if text == "" {
		return fmt.Errorf("%q: want TASK[/SUBMISSION[/TEST]]", text)
	}
	if err := checkPattern(text); err != nil {
		return fmt.Errorf("%s: %w", quoted(text), err)
	}
	for _, cut := range cuts(text) {
		found := false
		for i, task := range tasks {
			if !matchName(cut[0], task.Name) {
				continue
			}
			if task.Source != nil {
				pattern := linePattern{cut[1], cut[2]}
				has, err := task.Source.has(&task, pattern)
				if err != nil {
					return fmt.Errorf("%s: %w", quoted(text), err)
				}
				if has {
					s.lines[i] = append(s.lines[i], pattern)
					found = true
				}
			}
			for j, submission := range task.Submissions {
				if !matchName(cut[1], submission.Name) {
					continue
				}
				for k, test := range task.Tests {
					if matchName(cut[2], test.Name) {
						s.runs[[3]int{i, j, k}] = true
						found = true
					}
				}
			}
		}
		if found {
			return nil
		}
	}
	if near := nearestSelector(tasks, text); near != "" {
		return fmt.Errorf("%s: there is no such task, submission or test; did you mean %s?", quoted(text), quoted(near))
	}
	return fmt.Errorf("%s: there is no such task, submission or test", quoted(text))
}

// cuts are the ways to read a selector as patterns of task, submission and test, the longest first.
func cuts(text string) [][3]string {
	result := [][3]string{{text, "*", "*"}}
	for i := len(text) - 1; i > 0; i-- {
		if text[i] != '/' {
			continue
		}
		rest := text[i+1:]
		result = append(result, [3]string{text[:i], rest, "*"})
		for j := len(rest) - 1; j > 0; j-- {
			if rest[j] == '/' {
				result = append(result, [3]string{text[:i], rest[:j], rest[j+1:]})
			}
		}
	}
	return result
}

// matchName matches a pattern, or the very name, whatever characters are in it.
func matchName(pattern, name string) bool {
	return pattern == "*" || pattern == name || isPattern(pattern) && matchPath(pattern, name)
}

// nearestSelector suggests a name for a selector without patterns.
func nearestSelector(tasks []Task, text string) string {
	var names []string
	for _, task := range tasks {
		names = append(names, task.Name)
	}
	for _, cut := range cuts(text) {
		i := slices.IndexFunc(tasks, func(t Task) bool { return t.Name == cut[0] })
		if i < 0 {
			continue
		}
		for _, submission := range tasks[i].Submissions {
			name := path.Join(cut[0], submission.Name)
			names = append(names, name)
			if path.Base(submission.Name) == cut[1] && cut[2] == "*" {
				return name
			}
			if strings.HasPrefix(text, name+"/") {
				for _, test := range tasks[i].Tests {
					names = append(names, name+"/"+test.Name)
				}
			}
		}
		break
	}
	if near := nearest(text, names); near != "" {
		return near
	}
	for _, task := range tasks { // the task's name may have been left out
		for _, submission := range task.Submissions {
			if submission.Name == text || path.Base(submission.Name) == text {
				return path.Join(task.Name, submission.Name)
			}
		}
	}
	return ""
}

// of is what is selected of a task: one for each set of tests.
func (s selection) of(i int, task Task) []Task {
	if patterns := s.lines[i]; patterns != nil {
		source := *task.Source
		source.only = patterns
		task.Source = &source
		return []Task{task}
	}
	var result []Task
	byTests := map[string]int{}
	for j, submission := range task.Submissions {
		var tests []int
		for k := range task.Tests {
			if s.runs[[3]int{i, j, k}] {
				tests = append(tests, k)
			}
		}
		if len(tests) == 0 {
			continue
		}
		key := fmt.Sprint(tests)
		at, ok := byTests[key]
		if !ok {
			at = len(result)
			byTests[key] = at
			part := *withTests(&task, tests)
			part.Submissions = nil
			result = append(result, part)
		}
		result[at].Submissions = append(result[at].Submissions, submission)
	}
	return result
}

// withTests is the task with only the tests of these indexes, ascending. Groups keep those of their
// tests that are left; one that has none is left out, also where others depend on it.
func withTests(task *Task, indexes []int) *Task {
	if len(indexes) == len(task.Tests) {
		return task
	}
	part := *task
	part.Tests, part.Groups = make([]TestCase, len(indexes)), nil
	for i, index := range indexes {
		part.Tests[i] = task.Tests[index]
	}
	kept := map[string]bool{}
	for _, g := range task.Groups {
		var tests []int
		for _, test := range g.Tests {
			if i, ok := slices.BinarySearch(indexes, test); ok {
				tests = append(tests, i)
			}
		}
		if len(tests) > 0 {
			g.Tests = tests
			kept[g.Name] = true
			part.Groups = append(part.Groups, g)
		}
	}
	for i, g := range part.Groups {
		part.Groups[i].Depends = slices.DeleteFunc(slices.Clone(g.Depends), func(name string) bool { return !kept[name] })
	}
	return &part
}
