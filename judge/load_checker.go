package judge

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// mostPasses bounds how often a submission runs on one test.
const mostPasses = 1000

// readChecker reads the name of a built-in checker; one that is a program is read when languages are known.
func readChecker(r reader, n *node, into *taskReader) {
	if n.table != nil {
		into.checkerNode = n
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
	case name == "default":
		comparison, err := ParseComparison(strings.Fields(argument))
		if err != nil {
			r.fail(n, "checker default: %v", err)
			return
		}
		into.checker = CheckerSpec{Name: "default", Comparison: comparison}
	case slices.Contains(plain, name) && !hasArgument:
		into.checker = CheckerSpec{Name: name}
	default:
		r.failHint(n, checkerHint(text, append(plain, "floats:1e-6", "default")),
			`checker %s: want "exact", "lines", "tokens", "floats:1e-6", "default" or "none", or a program`, n)
	}
}

// checkerHint suggests a name, or how to write a checker that is a program.
func checkerHint(text string, names []string) string {
	switch {
	case text == Testlib || text == Kattis:
		return `write checker = { source = "check.cpp", protocol = "` + text + `" }`
	case path.Ext(text) != "" && !strings.Contains(text, ":"):
		return `a program: checker = { source = ` + quoted(text) + ` }`
	}
	name, _, _ := strings.Cut(text, ":")
	return didYouMean(name, names)
}

// tools reads the setter's programs of a task into it.
func (f *fileReader) tools(r reader, draft *taskReader, t *Task) {
	if draft.checkerNode != nil {
		if tool := f.tool(r, draft.checkerNode, "checker"); tool != nil {
			t.Checker = CheckerSpec{Name: tool.Protocol, Tool: tool}
		}
	}
	if n := draft.interactorNode; n != nil {
		t.Interactor = f.interactor(r, n)
		if own := draft.checkerOwn; own != nil && !own.inherited {
			r.fail(own, "checker and interactor: want one of the two, for the interactor judges")
		}
	}
	if n := draft.validators; n != nil {
		if !n.array {
			r.failHint(n, `write validators = [{ source = "validate.py" }]`, "validators: want an array of tables")
		}
		for _, item := range n.items {
			if tool, said := f.toolWith(r.within("validator"), item, "validator", validatorKeys); tool != nil {
				tool.Tests = validatorTests(r.within("validator"), said.tests)
				t.Validators = append(t.Validators, tool)
			}
		}
	}
	f.passes(r, draft, t)
}

// validatorTests reads the patterns of a validator's tests; none: all.
func validatorTests(r reader, n *node) []string {
	if n == nil {
		return nil
	}
	patterns, ok := r.list(n, "test names and patterns", r.name)
	if ok && len(patterns) == 0 {
		r.none(n, "at least one test")
	}
	for i, pattern := range patterns {
		if err := checkPattern(pattern); err != nil {
			r.fail(n.items[i], "tests %s: %v", quoted(pattern), err)
		}
	}
	return patterns
}

// checkValidators notes patterns of a validator's that are no test's.
func checkValidators(r reader, n *node, t *Task) {
	for _, tool := range t.Validators {
		for _, pattern := range tool.Tests {
			if !r.problems.spend(matchEffort(pattern) * len(t.Tests)) {
				return
			}
			only := Tool{Tests: []string{pattern}}
			if len(t.Tests) > 0 && !slices.ContainsFunc(t.Tests, func(test TestCase) bool { return only.looksAt(test.Name) }) {
				r.within("validator").fail(n, "tests %s: matches no test", quoted(pattern))
			}
		}
	}
}

// passes reads what depends on who judges.
func (f *fileReader) passes(r reader, draft *taskReader, t *Task) {
	byProgram := draft.checkerNode != nil || draft.interactorNode != nil
	if n := draft.passesNode; n != nil {
		count, ok := r.count(n, 1, mostPasses)
		multi := t.Interactor != nil && t.Interactor.Protocol == Kattis || t.Checker.Tool != nil && t.Checker.Tool.Protocol == Kattis
		switch {
		case !ok:
		case count > 1 && !multi && !(byProgram && t.Checker.Tool == nil && t.Interactor == nil): // that was said
			r.fail(n, `passes: want a checker or an interactor with protocol = "kattis", which gives the input of the next pass`)
		default:
			t.Passes = count
		}
	}
	if n := draft.stopNode; n != nil {
		stop, ok := n.scalar.(bool)
		switch {
		case !ok:
			r.wrong(n, "true or false")
		case stop && byProgram && !n.inherited:
			r.fail(n, "stop_at_mismatch: want a built-in checker: a program sees the output when it is complete")
		default:
			t.StopAtMismatch = stop && !byProgram
		}
	}
}
