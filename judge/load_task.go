package judge

import (
	"fmt"
	"maps"
	"slices"

	"judge/limits"
)

// taskReader gathers what a [[task]] says. Keys that depend on one another (tests need the checker,
// expectations need the submissions) are kept as nodes and read in order afterwards.
type taskReader struct {
	name, language                                  string
	submissions, command, tests, test, expect, sand *node
	programs                                        *node // what the submissions' files do not tell
	limits                                          limits.Limits
	checker                                         CheckerSpec
	checkerNode, interactorNode, validators         *node // programs
	checkerOwn, passesNode, stopNode                *node
	languageNode                                    *node
	source                                          *node
	group                                           *node
	rerun                                           Rerun
	repeat                                          int
}

var taskKeys = keys[taskReader]{
	"name":        func(r reader, n *node, into *taskReader) { into.name, _ = r.name(n) },
	"submissions": func(_ reader, n *node, into *taskReader) { into.submissions = n },
	"programs":    func(_ reader, n *node, into *taskReader) { into.programs = n },
	"command":     func(_ reader, n *node, into *taskReader) { into.command = n },
	"tests":       func(_ reader, n *node, into *taskReader) { into.tests = n },
	"test":        func(_ reader, n *node, into *taskReader) { into.test = n },
	"expect":      func(_ reader, n *node, into *taskReader) { into.expect = n },
	"sandbox":     func(_ reader, n *node, into *taskReader) { into.sand = n },
	"limits":      func(r reader, n *node, into *taskReader) { readLimits(r, n, &into.limits) },
	"checker": func(r reader, n *node, into *taskReader) {
		into.checkerOwn = n
		readChecker(r, n, into)
	},
	"language": func(r reader, n *node, into *taskReader) {
		into.language, _ = r.name(n)
		into.languageNode = n
	},
	"interactor":       func(_ reader, n *node, into *taskReader) { into.interactorNode = n },
	"validators":       func(_ reader, n *node, into *taskReader) { into.validators = n },
	"passes":           func(_ reader, n *node, into *taskReader) { into.passesNode = n },
	"stop_at_mismatch": func(_ reader, n *node, into *taskReader) { into.stopNode = n },
	"group":            func(_ reader, n *node, into *taskReader) { into.group = n },
	"rerun":            readRerun,
	"rerun_band":       readRerunBand,
	"repeat":           readRepeat,
	"source":           func(_ reader, n *node, into *taskReader) { into.source = n },
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
	draft := taskReader{checker: CheckerSpec{Name: "tokens"}, rerun: Rerun{Band: 0.1}, repeat: 1}
	readTable(r, n, taskKeys, &draft)
	if f.bundle { // its submissions come from elsewhere
		draft.submissions, draft.programs, draft.command, draft.source, draft.expect = nil, nil, nil, nil, nil
	}
	f.claimName(r, own, draft.name)

	t := Task{
		Name: draft.name, File: f.doc.file, Dir: f.dir,
		Limits: completeLimits(draft.limits), Checker: draft.checker,
		Rerun: draft.rerun, Repeat: draft.repeat,
		Sandbox:   readSandbox(r, draft.sand, f.dir),
		languages: f.languages, language: draft.language,
	}
	f.tools(r, &draft, &t)
	t.Submissions = f.submissions(r, own, &draft)
	if draft.source == nil {
		readExpect(r, draft.expect, t.Submissions)
	}
	tests := testReader{fileReader: f, task: &draft}
	t.Tests = tests.read(r, own)
	checkPlaces(r, draft.test, t.Submissions, t.Tests)
	checkValidators(r, draft.validators, &t)
	t.Groups, t.Tests = readGroups(r, draft.group, t.Tests)
	if draft.group == nil {
		checkScores(r, draft.expect, t.Submissions)
	}
	if draft.source != nil {
		t.Source = f.source(r, &draft, &t, tests.needsAnswer())
	}
	f.tasks = append(f.tasks, t)
}

// oneOf is the defaults without the other ways to name submissions when the task has one of its own: a
// task has one of the three.
func (f *fileReader) oneOf(task *node) *node {
	ways := []string{"submissions", "command", "source"}
	if !slices.ContainsFunc(ways, func(key string) bool { return task.table[key] != nil }) {
		return f.defaults
	}
	without := *f.defaults
	without.table = maps.Clone(f.defaults.table)
	for _, key := range ways {
		if task.table[key] == nil {
			delete(without.table, key)
		}
	}
	return &without
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
