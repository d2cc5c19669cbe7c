package judge

import (
	"slices"

	"judge/limits"
)

// Protocols by which a setter's program says what it found.
const (
	Kattis  = "kattis"  // exit codes 42 and 43, a feedback directory
	Testlib = "testlib" // exit codes of testlib.h
)

// Tool is a program of the setter's: a checker, an interactor or a validator. It is compiled once and
// runs in a sandbox of its own.
type Tool struct {
	Code
	Role     string        // "checker", "interactor" or "validator", for messages
	Name     string        // as the task file names it
	Include  []SourceFile  // what is beside its source when it is compiled, such as testlib.h
	Protocol string        // Kattis or Testlib
	Args     []string      // added to what the protocol gives
	Limits   limits.Limits // complete
	Tests    []string      // of a validator: patterns of the tests whose inputs it looks at; none: all
}

// looksAt tells whether a validator looks at the input of a test.
func (t *Tool) looksAt(test string) bool {
	return len(t.Tests) == 0 || slices.ContainsFunc(t.Tests, func(pattern string) bool { return pattern == test || isPattern(pattern) && matchPath(pattern, test) })
}

// String returns what messages call the tool: "checker check.cpp".
func (t *Tool) String() string { return t.Role + " " + t.Name }

// Command is the argument list that runs the tool, with those that its protocol gives and its own; a test's
// follow. A validator's protocol gives none.
func (t *Tool) Command() []string {
	run := t.RunCommand(t.Language.LimitsFor(t.Limits))
	if t.Role == "validator" {
		return slices.Concat(run, t.Args)
	}
	return slices.Concat(run, t.arguments(), t.Args)
}

// Interactor talks with the submission while both run, and judges it.
type Interactor struct {
	Tool
	Processes []string // names of the submission's processes; nil: one
	Pipes     []Pipe   // nil: standard input and output of both, crossed over
}

// judgingTool is the program that judges a task's runs; nil: none, a built-in checker does.
func (t *Task) judgingTool() *Tool {
	if t.Interactor != nil {
		return &t.Interactor.Tool
	}
	return t.Checker.Tool
}

// Pipe leads from a descriptor that one process writes to one that another reads.
type Pipe struct{ From, To PipeEnd }

// crossed are the pipes of an interactor that says nothing of them.
func crossed() []Pipe {
	interactor := func(fd int) PipeEnd { return PipeEnd{InteractorName, fd} }
	submission := func(fd int) PipeEnd { return PipeEnd{SubmissionName, fd} }
	return []Pipe{{interactor(1), submission(0)}, {submission(1), interactor(0)}}
}

// PipeEnd is a descriptor of a process: of one of Interactor.Processes, or of "interactor".
type PipeEnd struct {
	Process    string
	Descriptor int
}
