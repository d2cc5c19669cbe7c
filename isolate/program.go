package isolate

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// Program is what to execute in a sandbox, in the manner of os/exec.Cmd. The zero value of each
// field is useful, but for Path.
type Program struct {
	Path    string     // absolute, relative to Dir, or a bare name to look up in PATH of Env, all inside
	Args    []string   // argument list with the program's own name; empty: Path alone
	Env     []string   // KEY=value; nil: empty, nothing is inherited
	Dir     string     // working directory inside; empty: "/"
	Root    *Root      // file system; nil: the host's toolchain with 64 MiB to write
	Stdin   *os.File   // nil: /dev/null; the file stays the caller's
	Stdout  *os.File   // nil: /dev/null
	Stderr  *os.File   // nil: /dev/null
	Files   []*os.File // descriptors 3 and on
	Rlimits []Rlimit   // set just before exec; a hard limit above ours needs CAP_SYS_RESOURCE
	CPUs    []int      // that it may run on, and cannot leave; nil: those of the caller
}

// Rlimit is one resource limit (setrlimit(2)).
type Rlimit struct {
	Resource   int // unix.RLIMIT_…
	Soft, Hard uint64
}

// Exit is how a program that was started ended.
type Exit struct {
	Status  syscall.WaitStatus // of the program; SIGKILL when it was killed by cancelling
	Rusage  syscall.Rusage     // of the program and the children it waited for
	Started time.Time          // when the gate was opened
	Wall    time.Duration      // from there to the end of the program's first process
	// DiskFull: no byte or no inode was left to write when it ended. Not known of a program that
	// was killed by cancelling.
	DiskFull bool
	// Refused names the forbidden system calls that were tried, each once, in the order of the
	// first time, at most 16. Nil with Root.Listener.
	Refused []string
	Cause   error // why it was killed: context.Cause; nil if it ended by itself
}

// ErrKilled is the cause of an end by Process.Kill.
var ErrKilled = errors.New("killed")

// Gate is called with the pid of the program, as the caller sees it, which waits before execve.
// It may admit it to groups, for instance; an error ends the run.
type Gate func(pid int) error

// ExecError says that the program never started: execve(2) failed.
type ExecError struct {
	Path string
	// Interpreter is set when the file is there but what it needs to run, the interpreter of its
	// first line or its dynamic loader, is not.
	Interpreter bool
	Err         syscall.Errno
}

func (e *ExecError) Error() string {
	if e.Interpreter {
		return fmt.Sprintf("execute %s: its interpreter is missing: %v", e.Path, e.Err)
	}
	return fmt.Sprintf("execute %s: %v", e.Path, e.Err)
}

func (e *ExecError) Unwrap() error { return e.Err }

// StepError says that the sandbox could not be made: a system call of init, or of the program
// before execve, failed.
type StepError struct {
	Step string // "mount overlay on /"
	Call string // the call with its arguments
	Err  syscall.Errno
}

func (e *StepError) Error() string { return fmt.Sprintf("%s: %v (%s)", e.Step, e.Err, e.Call) }

func (e *StepError) Unwrap() error { return e.Err }
