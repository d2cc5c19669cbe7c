package judge

import "judge/limits"

// Protocols by which a setter's program says what it found.
const (
	Kattis  = "kattis"  // exit codes 42 and 43, a feedback directory
	Testlib = "testlib" // exit codes of testlib.h
)

// Tool is a program of the setter's: a checker, an interactor or a validator. It is compiled once and
// runs in a sandbox of its own.
type Tool struct {
	Code
	Name     string        // as the task file names it
	Protocol string        // Kattis or Testlib
	Args     []string      // added to what the protocol gives
	Limits   limits.Limits // complete
}

// Interactor talks with the submission while both run, and judges it.
type Interactor struct {
	Tool
	Processes []string // names of the submission's processes; nil: one
	Pipes     []Pipe   // nil: standard input and output of both, crossed over
}

// Pipe leads from a descriptor that one process writes to one that another reads.
type Pipe struct{ From, To PipeEnd }

// PipeEnd is a descriptor of a process: of one of Interactor.Processes, or of "interactor".
type PipeEnd struct {
	Process    string
	Descriptor int
}
