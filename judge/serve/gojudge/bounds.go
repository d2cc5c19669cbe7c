package gojudge

import "time"

// What a request may ask for at most. More is refused, with the field's name.
const (
	MaxBody        = 64 << 20 // bytes of a request
	MaxCommands    = 16       // of a request
	MaxPipes       = 64       // of a request
	MaxDescriptors = 64       // of a command: 0 to 63
	MaxCopies      = 1024     // files in copyIn, and in copyOut and copyOutCached together, of a command
	MaxName        = 1024     // bytes of a file's name, and of a link's target
	MaxArguments   = 1 << 20  // bytes of args and env of a command together

	MaxCPU       = 10 * time.Minute
	MaxClock     = 30 * time.Minute
	MaxMemory    = 64 << 30 // bytes
	MaxProcesses = 4096

	MaxFile   = 256 << 20 // bytes of a stored file
	MaxCopyIn = 512 << 20 // bytes of all files of a command's copyIn together
	MaxInput  = 1 << 30   // bytes of all files of a request together, copied in and read as descriptors
)

// What a command has that gives no limit of its own.
const (
	DefaultCPU       = 10 * time.Second
	DefaultMemory    = 256 << 20 // bytes
	DefaultProcesses = 64
	DefaultCopyOut   = 64 << 20 // bytes of a file in copyOut
)

// What every command has.
const (
	Disk      = 128 << 20 // bytes that a command may write to /w, /tmp and /dev/shm, beside what copyIn puts there
	Inodes    = 16384     // files and directories that it may make there
	OpenFiles = 256

	// MaxReply bounds what all commands of a request return in files together, in bytes: what goes over it
	// ends as if over its own max. Stored files count only towards the store's own bounds.
	MaxReply = 64 << 20
)
