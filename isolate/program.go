package isolate

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

// Program is what to execute in a sandbox, in the manner of os/exec.Cmd. The zero value of each
// field is useful, but for Path.
type Program struct {
	Path  string   // absolute, relative to Dir, or a bare name to look up in PATH of Env, all inside
	Args  []string // argument list with the program's own name; empty: Path alone
	Env   []string // KEY=value; nil: empty, nothing is inherited
	Dir   string   // working directory inside; empty: "/"
	Root  *Root    // file system; nil: the host's toolchain with 64 MiB to write
	Stdin *os.File // nil: /dev/null; the file stays the caller's. An Input has what a Reader has
	// Terminal makes Stdin the program's controlling terminal, for job control (tty_ioctl(4)). It must be a
	// pty that was made for this program: on a terminal that has other uses it could type for others.
	Terminal bool
	// Stdout and Stderr are what the program writes to; nil: /dev/null. An *os.File is handed to it and
	// stays the caller's. To another Writer, such as a Buffer, we copy through a pipe, one for both
	// if both are the same; an error of Write kills the program and is Exit.Cause.
	Stdout, Stderr io.Writer
	Files          []*os.File    // descriptors 3 and on; nil: /dev/null
	Timeout        time.Duration // wall time from the gate; then it is killed for ErrTimeout. Zero: no bound
	Rlimits        []Rlimit      // set just before exec; a hard limit above ours needs CAP_SYS_RESOURCE
	Landlock       Landlock      // what it may access at most; zero: what every sandbox does
	CPUs           []int         // that it may run on, and cannot leave; nil: those of the caller
	// Attended: from Start on the caller does nothing but Prepare and Wait, which answer the program's forbidden
	// system calls then; a call that comes while they are in a gate or a hook waits for that. Else a goroutine answers,
	// which costs more than many a run. Exec heeds neither this nor Late.
	Attended bool
	// Late is called once, by Prepare or Wait, if an attended program still runs two milliseconds after Start. Nil: nothing.
	Late func()
}

// Rlimit is one resource limit (setrlimit(2)). RLIMIT_CORE is ours: no program dumps core. RLIMIT_SIGPENDING is 256 and
// RLIMIT_MSGQUEUE 0 for who is told no other: the kernel counts these for the caller's user, too.
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
	// Cause is why we have killed it: context.Cause, ErrTimeout, ErrKilled, a *ForbiddenError, or what
	// a Writer said, also when the program was faster. Nil: it ended by itself.
	Cause error
}

// Causes of an end that are the caller's wish.
var (
	ErrKilled  = errors.New("killed")  // by Process.Kill
	ErrTimeout = errors.New("timeout") // Program.Timeout has passed
)

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
