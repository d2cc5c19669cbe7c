package judge

import (
	"time"

	"judge/limits"
)

// Task is a problem: limits and test cases, and the submissions to judge with them.
type Task struct {
	Name        string
	File        string // the task file that it was read from, as the user named it
	Dir         string // absolute directory of File; submissions' names are relative to it
	Submissions []Submission
	Tests       []TestCase
	Groups      []Group       // nil: pass or fail
	Limits      limits.Limits // complete: defaults are filled in
	Checker     CheckerSpec
	Interactor  *Interactor // nil: the checker judges the output
	Sandbox     SandboxSpec
}

// Submission is a program to judge: code, or a command.
type Submission struct {
	Name     string    // as in the records: its path relative to the task file's directory
	Code               // zero for a command
	Command  []string  // the task's command, nil otherwise; a bare word is looked up in the sandbox's PATH
	Path     string    // absolute path of the command's executable; empty: Command[0] is a bare word
	Expected []Verdict // never empty
}

// Code is a program in source files: of a submission, or of a setter's tool.
type Code struct {
	Files    []SourceFile // the entry point first
	Language *Language
}

// SourceFile is one file of a program.
type SourceFile struct {
	Name string // clean and slash-separated, below the work directory
	Data Data
}

// Names are the files' names, the entry point first.
func (c Code) Names() []string {
	names := make([]string, len(c.Files))
	for i, f := range c.Files {
		names[i] = f.Name
	}
	return names
}

// TestCase is an input and what is expected of a submission that gets it.
type TestCase struct {
	Name   string // unique among the tests of its task
	Input  Data
	Answer *Data // nil: there is none
	Args   []string
	Limits limits.Limits     // complete: the task's, overridden by the test's own
	Files  map[string]string // clean slash-separated destination below the work directory = absolute source path
}

// CheckerSpec names a checker: "exact", "lines", "tokens", "floats", "none", or the protocol of a
// program: "kattis" or "testlib".
type CheckerSpec struct {
	Name      string
	Tolerance float64 // floats: absolute or relative
	Tool      *Tool   // nil: built in
}

// SandboxSpec is the task's `sandbox` table.
type SandboxSpec struct {
	Layers  []string          // absolute directories, lowest first; empty: the host's toolchain
	Binds   []Bind            // in the file's order
	Env     map[string]string // added to the environment of compile and run
	Network string            // "none" or "loopback"
}

// Bind makes a file or directory of the host visible in the sandbox, read-only unless Writable.
type Bind struct {
	Source   string // absolute
	Target   string // absolute, inside
	Writable bool
}

// Language says how programs of one language are recognised, compiled and run.
type Language struct {
	Name          string
	Extensions    []string // with the dot
	Compile       []string // argument list with placeholders; empty: nothing to compile
	Run           []string // argument list with placeholders
	Env           map[string]string
	Version       []string      // argument list that prints the version
	Limits        limits.Limits // zero fields: the task's
	CompileLimits limits.Limits // complete
	TimeFactor    float64       // multiplies CPU and wall limits; a loaded language has 1 when it was not set
}

// Default compile limits (DESIGN section 5 and the issue): 10 s CPU, 30 s wall, 1 GiB, 64 MiB artifact.
var defaultCompileLimits = limits.Limits{
	CPU: 10 * time.Second, Wall: 30 * time.Second, Memory: 1 << 30, Output: 64 << 10,
	Processes: 64, Disk: 64 << 20, Inodes: 16384, OpenFiles: 256,
}
