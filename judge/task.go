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
	Limits      limits.Limits // complete: defaults are filled in
	Checker     CheckerSpec
	Sandbox     SandboxSpec
}

// Submission is a program to judge.
type Submission struct {
	Name     string    // as in the records: its path relative to the task file's directory
	Path     string    // absolute path of the source file or of a command's executable; empty: Command[0] is a bare word
	Language *Language // nil for a command
	Command  []string  // the task's command, nil otherwise; a bare word is looked up in the sandbox's PATH
	Expected []Verdict // never empty
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

// Data is the content of an input or an answer: a file, or text from the task file when File is empty.
type Data struct {
	File string // absolute path
	Text string
}

// CheckerSpec names a checker: "exact", "lines", "tokens", "floats" or "none".
type CheckerSpec struct {
	Name      string
	Tolerance float64 // floats: absolute or relative
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
