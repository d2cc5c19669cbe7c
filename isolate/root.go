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
	// Binds are mounted last, in this order.
	Binds []Bind
}

// Layer is a read-only directory: a path of the host, or what a run wrote to a Scratch.
type Layer struct {
	Path    string // absolute; used when Scratch is nil
	Scratch *Scratch
}

// Bind makes a file or directory of the host visible in the sandbox.
type Bind struct {
	Source   string // absolute, on the host
	Target   string // absolute, in the sandbox; made when it is missing
	Writable bool
}

const (
	defaultSize   = 64 << 20
	defaultInodes = 16384
)
