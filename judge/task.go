package judge

import (
	"regexp"
	"time"

	"judge/limits"
)

// Task is a problem: limits and test cases, and the submissions to judge with them.
type Task struct {
	Name        string
	File        string // the task file that it was read from, as the user named it
	Dir         string // absolute directory of File; submissions' names are relative to it
	Submissions []Submission
	Source      *Source // of submissions, instead of Submissions; nil: there is none
	Tests       []TestCase
	Groups      []Group       // nil: pass or fail; else each test is in one
	Limits      limits.Limits // complete: defaults are filled in
	Rerun       Rerun         // when a run is not believed
	Repeat      int           // runs of each test; 0: one
	Checker     CheckerSpec
	Interactor  *Interactor // nil: the checker judges the output
	Validators  []*Tool     // of the inputs, run when they are asked for
	Passes      int         // how often a checker's program may have the submission run on a test; 0: once

	StopAtMismatch bool // end a run as soon as its output is certainly wrong: wrong-answer then stands for time-limit and others
	Sandbox        SandboxSpec

	languages *languageTable // that its programs can be in; nil: the task was not loaded
	language  string         // of its submissions; empty: by extension
}

// TestCase is an input and what is expected of a submission that gets it.
type TestCase struct {
	Name   string // unique among the tests of its task
	Input  Data
	Answer *Data // nil: there is none
	Args   []string

	CheckerArgs []string // of the task's checker or interactor on this test, after its own

	Limits limits.Limits     // complete: the task's, overridden by the test's own
	Files  map[string]string // clean slash-separated destination below the work directory = absolute source path
}

// CheckerSpec names a checker: "exact", "lines", "tokens", "floats", "default", "none", or the protocol of a
// program: "kattis" or "testlib".
type CheckerSpec struct {
	Name      string
	Tolerance float64 // floats: absolute or relative
	Tool      *Tool   // nil: built in

	Comparison Comparison // default: what it is told
}

// SandboxSpec is the task's `sandbox` table.
type SandboxSpec struct {
	Layers  []string          // absolute directories, lowest first; empty: the host's toolchain
	Binds   []Bind            // in the file's order
	Env     map[string]string // added to the environment of compile and run
	Network string            // "none", "loopback" or "user"
	Ports   []uint16          // TCP ports to connect to, with "user"
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

	// ExtraProcesses and ExtraMemory (bytes) are what the runtime needs for itself, on top of the limits.
	ExtraProcesses int
	ExtraMemory    int64

	FileNames   *regexp.Regexp // of files that the compiler takes; nil: of any name
	Entry       *regexp.Regexp // found in the entry point of a program of several files; nil: nothing tells
	MainClass   bool           // {main} is the class that has the main method
	OutOfMemory []string       // what the runtime says on standard error before it fails for want of memory
	Prepare     []string       // argument list that prints a tar archive for all compile runs; empty: none
}

// defaultCompileLimits are those of a compiler where a language says nothing; all that it writes fits in Disk.
var defaultCompileLimits = limits.Limits{
	CPU: 10 * time.Second, Wall: 30 * time.Second, Memory: 1 << 30, Output: 64 << 10,
	Processes: 64, Disk: 64 << 20, Inodes: 16384, OpenFiles: 256,
}
