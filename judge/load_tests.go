package judge

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// answerExtensions are looked for beside an input, with its stem.
var answerExtensions = []string{".ans", ".out", ".a"}

// testReader reads the test cases of a task: those of the globs first, then those of [[task.test]].
type testReader struct {
	*fileReader
	task *taskReader
}

func (t testReader) read(r reader, task *node) []TestCase {
	var tests []TestCase
	if t.task.tests != nil {
		tests = t.globbed(r, t.task.tests)
	}
	names := map[string]*node{}
	for _, test := range tests {
		names[test.Name] = t.task.tests
	}
	switch n := t.task.test; {
	case n == nil && t.task.tests == nil && t.task.source != nil && t.task.source.table["tests"] != nil: // the lines have them
	case n == nil && t.task.tests == nil:
		r.failHint(task, `write tests = ["tests/*.in"], or [[task.test]]`, "there are no tests")
	case n == nil:
	case !n.array:
		r.failHint(n, "write [[task.test]]", "test: want an array of tables")
	default:
		for _, item := range n.items {
			tests = append(tests, t.inline(r, item, len(tests)+1, names))
		}
	}
	return tests
}

// needsAnswer says whether the checker compares with something. What a program does is its own affair.
func (t testReader) needsAnswer() bool {
	return t.task.checker.Name != "none" && t.task.checkerNode == nil && t.task.interactorNode == nil
}

// globbed makes test cases of files. A file that is the answer of another one is not an input.
func (t testReader) globbed(r reader, n *node) []TestCase {
	found := t.files.matches(r, n, t.dir)
	inputs := dropAnswers(found)
	names := testNames(inputs)
	var tests []TestCase
	var unanswered []match
	// A test with a mistake stays, so that those after it keep their positions in messages.
	for i, m := range inputs {
		test := TestCase{Name: names[i], Input: Data{File: m.at}, Limits: completeLimits(t.task.limits)}
		answer, ok := t.answerBeside(r, m)
		if answer != "" {
			test.Answer = &Data{File: answer}
		} else if ok && t.needsAnswer() {
			unanswered = append(unanswered, m)
		}
		tests = append(tests, test)
	}
	t.failUnanswered(r, unanswered)
	return tests
}

// failUnanswered notes one mistake per pattern, not one per file.
func (t testReader) failUnanswered(r reader, unanswered []match) {
	for len(unanswered) > 0 {
		first := unanswered[0]
		same := slices.DeleteFunc(slices.Clone(unanswered), func(m match) bool { return m.from != first.from })
		unanswered = slices.DeleteFunc(unanswered, func(m match) bool { return m.from == first.from })
		more := ""
		if len(same) > 1 {
			more = fmt.Sprintf(", and %d more like it", len(same)-1)
		}
		stem := quoted(strings.TrimSuffix(first.name, path.Ext(first.name)) + ".ans")
		r.failHint(first.from, `without answers: checker = "none"`, "tests %s: has no answer beside it (%s, .out or .a)%s",
			quoted(first.name), stem, more)
	}
}

// answerBeside finds the answer of an input; empty when there is none.
func (t testReader) answerBeside(r reader, m match) (string, bool) {
	stem := strings.TrimSuffix(m.at, path.Ext(m.at))
	var found []string
	for _, extension := range answerExtensions {
		if at := stem + extension; at != m.at && t.files.present(at) {
			found = append(found, at)
		}
	}
	switch len(found) {
	case 0:
		return "", true
	case 1:
		if err := t.files.checkRegular(found[0]); err != nil {
			r.fail(m.from, "tests %s: its answer %s: %v", quoted(m.name), quoted(filepath.Base(found[0])), err)
			return "", false
		}
		return found[0], true
	}
	r.fail(m.from, "tests %s: has two answers, %s and %s", quoted(m.name),
		quoted(filepath.Base(found[0])), quoted(filepath.Base(found[1])))
	return "", false
}

// dropAnswers leaves out the files that are the answer of another one: `tests/*` names both.
func dropAnswers(found []match) []match {
	stems := map[string]bool{}
	for _, m := range found {
		if !isAnswerName(m.name) {
			stems[strings.TrimSuffix(m.name, path.Ext(m.name))] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(found), func(m match) bool {
		return isAnswerName(m.name) && stems[strings.TrimSuffix(m.name, path.Ext(m.name))]
	})
}

func isAnswerName(name string) bool { return slices.Contains(answerExtensions, path.Ext(name)) }

// testNames are the inputs' file names without directory and extension where these are unique within
// the task; otherwise without extension; otherwise as they are.
func testNames(inputs []match) []string {
	shorten := []func(string) string{
		func(s string) string { return stemOf(path.Base(s)) },
		func(s string) string { return path.Join(path.Dir(s), stemOf(path.Base(s))) },
		func(s string) string { return s },
	}
	var names []string
	for _, short := range shorten {
		names = names[:0]
		taken := map[string]bool{}
		for _, m := range inputs {
			names = append(names, short(m.name))
			taken[short(m.name)] = true
		}
		if len(taken) == len(inputs) {
			break
		}
	}
	return names
}

// stemOf is a file name without its extension; a name that is all extension stays.
func stemOf(base string) string {
	if stem := strings.TrimSuffix(base, path.Ext(base)); stem != "" {
		return stem
	}
	return base
}
