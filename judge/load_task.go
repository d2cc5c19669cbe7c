package judge

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"judge/limits"
)

// taskReader gathers what a [[task]] says. Keys that depend on one another (tests need the checker,
// expectations need the submissions) are kept as nodes and read in order afterwards.
type taskReader struct {
	name, language                                  string
	submissions, command, tests, test, expect, sand *node
	limits                                          limits.Limits
	checker                                         CheckerSpec
	languageNode                                    *node
}

var taskKeys = keys[taskReader]{
	"name":        func(r reader, n *node, into *taskReader) { into.name, _ = r.name(n) },
	"submissions": func(_ reader, n *node, into *taskReader) { into.submissions = n },
	"command":     func(_ reader, n *node, into *taskReader) { into.command = n },
	"tests":       func(_ reader, n *node, into *taskReader) { into.tests = n },
	"test":        func(_ reader, n *node, into *taskReader) { into.test = n },
	"expect":      func(_ reader, n *node, into *taskReader) { into.expect = n },
	"sandbox":     func(_ reader, n *node, into *taskReader) { into.sand = n },
	"limits":      func(r reader, n *node, into *taskReader) { readLimits(r, n, &into.limits) },
	"checker":     readChecker,
	"language": func(r reader, n *node, into *taskReader) {
		into.language, _ = r.name(n)
		into.languageNode = n
	},
	"interactor": pending[taskReader],
	"group":      pending[taskReader],
	"source":     pending[taskReader],
}

// task reads one [[task]] and adds it to the result.
func (f *fileReader) task(n *node, position int) {
	r := reader{problems: &f.problems, where: fmt.Sprintf("task %d", position)}
	if n.table == nil {
		r.wrong(n, "a table: [[task]]")
		return
	}
	own := n
	if f.defaults != nil {
		n = merged(f.oneOf(n), n)
	}
	if name, ok := stringOf(n.table["name"]); ok && nameProblem(name) == "" {
		r.where = "task " + quoted(name)
	}
	draft := taskReader{checker: CheckerSpec{Name: "tokens"}}
	readTable(r, n, taskKeys, &draft)
	f.claimName(r, own, draft.name)

	t := Task{
		Name: draft.name, File: f.doc.file, Dir: f.dir,
		Limits: completeLimits(draft.limits), Checker: draft.checker,
		Sandbox: readSandbox(r, draft.sand, f.dir),
	}
	t.Submissions = f.submissions(r, own, &draft)
	readExpect(r, draft.expect, t.Submissions)
	tests := testReader{fileReader: f, task: &draft}
	t.Tests = tests.read(r, own)
	checkPlaces(r, draft.test, t.Submissions, t.Tests)
	f.tasks = append(f.tasks, t)
}

// oneOf is the defaults without `command` when the task gives `submissions`, and the other way round:
// a task has one of the two.
func (f *fileReader) oneOf(task *node) *node {
	other := map[string]string{"command": "submissions", "submissions": "command"}
	for key, replaced := range other {
		if task.table[key] != nil && task.table[replaced] == nil && f.defaults.table[replaced] != nil {
			without := *f.defaults
			without.table = make(map[string]*node, len(f.defaults.table))
			for k, v := range f.defaults.table {
				if k != replaced {
					without.table[k] = v
				}
			}
			return &without
		}
	}
	return f.defaults
}

func stringOf(n *node) (string, bool) {
	if n == nil {
		return "", false
	}
	s, ok := n.scalar.(string)
	return s, ok
}

func (f *fileReader) claimName(r reader, n *node, name string) {
	at := n.table["name"]
	if at == nil {
		r.fail(n, "name is missing")
		return
	}
	if name == "" {
		return
	}
	if earlier := f.taskNames[name]; earlier != nil {
		r.fail(at, "name %s: is taken by the task in %s", quoted(name), place(at, earlier))
		return
	}
	f.taskNames[name] = at
}

// place says where a node is, seen from another.
func place(from, n *node) string {
	line := n.doc.line(n.offset)
	if from.doc == n.doc {
		return fmt.Sprintf("line %d", line)
	}
	return fmt.Sprintf("%s:%d", n.doc.file, line)
}

// readChecker reads the name of a built-in checker.
func readChecker(r reader, n *node, into *taskReader) {
	if n.table != nil {
		r.fail(n, "checker as a table (source, protocol) is not supported yet")
		return
	}
	text, ok := r.text(n)
	if !ok {
		return
	}
	name, argument, hasArgument := strings.Cut(text, ":")
	plain := []string{"exact", "lines", "tokens", "none"}
	switch {
	case name == "floats":
		tolerance, err := strconv.ParseFloat(argument, 64)
		if err != nil || !(tolerance > 0 && tolerance <= 1) {
			r.wrong(n, `a tolerance above 0 and up to 1, such as "floats:1e-6"`)
			return
		}
		into.checker = CheckerSpec{Name: "floats", Tolerance: tolerance}
	case name == "testlib":
		r.fail(n, "checker %s is not supported yet", n)
	case slices.Contains(plain, name) && !hasArgument:
		into.checker = CheckerSpec{Name: name}
	default:
		r.failHint(n, didYouMean(name, append(plain, "floats:1e-6")),
			`checker %s: want "exact", "lines", "tokens", "floats:1e-6" or "none"`, n)
	}
}
