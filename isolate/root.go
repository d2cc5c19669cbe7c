package isolate

// Root is the file system of a sandbox: read-only layers below a fresh writable one, in which
// /work, /tmp and /dev/shm belong to the program and nothing else does. A Root is not
// changed once it was used; runs with the same *Root on the same sandbox are set up ahead.
type Root struct {
	// Layers are the read-only layers, lowest first; the highest wins.
	Layers []Layer
	// NoBase leaves out the lowest layer of all: a skeleton with the host's toolchain directories.
	// The layers are then a whole root file system.
	NoBase bool
	// Size and Inodes bound what the run may write, in bytes and in files and directories. Zero:
	// 64 MiB and 16384.
	Size, Inodes int64
	// Upper keeps what the run writes; Size and Inodes are then its own. Nil: thrown away.
	Upper *Scratch
	// Create is made anew for each run, in this order. It does not go with Upper.
	Create []Entry
	// Binds are mounted last, in this order.
	Binds []Bind
	// Tmpfs are mounted before the Binds. The program may write to them.
	Tmpfs []Tmpfs
	// Forbidden says what comes of a system call that the filter forbids.
	Forbidden Forbidden
	// Locks lets the program lock files, and be told of their use (fcntl(2)), where some are those of other sandboxes,
	// too: the device nodes for an ordinary user, and what is bound read-only. It is a way to meet others. It is for tools.
	Locks bool
	// Listener is the path of a UNIX socket that takes over the supervision of forbidden calls: it
	// is sent the listener's descriptor with the state of the process as JSON, as OCI runtimes do it
	// (runtime-spec, Linux seccomp). Empty: we supervise, and Exit.Refused names the calls.
	Listener string
	// Hooks are called while the sandbox is made.
	Hooks Hooks
}

// Forbidden is what comes of a forbidden system call.
type Forbidden int

const (
	// Refuse lets the call fail with EPERM; Exit.Refused names it.
	Refuse Forbidden = iota
	// End kills the run; Exit.Cause is a *ForbiddenError.
	End
)

// ForbiddenError says that a run was ended for a system call that it may not make.
type ForbiddenError struct{ Call string }

func (e *ForbiddenError) Error() string { return "forbidden system call " + e.Call }

// Hooks are the caller's own steps, on the host's side, while a sandbox waits for them. They get
// the pid, as the caller sees it, of the process that waits. An error ends the run; it is wrapped
// with the hook's name. Nil: none.
type Hooks struct {
	BeforePivot func(pid int) error // init, with all mounts made and the host's root still there
	BeforeExec  func(pid int) error // the program, complete but for the gate
}

// Layer is a read-only directory: a path of the host, or what a run wrote to a Scratch.
type Layer struct {
	Path    string // absolute; used when Scratch is nil
	Scratch *Scratch
}

// Bind makes a file or directory of the host visible in the sandbox, never with setuid or device
// files in force. {Source: "/sys", Target: "/sys"} shows the host's sysfs, for programs that ask for it.
type Bind struct {
	Source      string // absolute, on the host
	Target      string // absolute, in the sandbox; made when it is missing
	Writable    bool
	NoExec      bool // nothing in it can be executed
	NoSymFollow bool // symbolic links in it are not followed
}

// Tmpfs is an empty file system of the run's own, beside the writable layer.
type Tmpfs struct {
	Target       string // absolute, in the sandbox; made when it is missing
	Size, Inodes int64  // bounds, as in Root; zero: 64 MiB and 16384
}

const (
	defaultSize   = 64 << 20
	defaultInodes = 16384
)
