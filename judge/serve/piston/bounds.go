package piston

import "time"

// What a request may ask for at most.
const (
	MaxBody    = 64 << 20 // bytes of a request
	MaxFiles   = 200
	MaxArgs    = 1000
	MaxTimeout = time.Minute // of compiling, and of running; of their CPU times as well
	MaxMemory  = 1 << 30     // bytes, of compiling, and of running
)

// minMemory is the least that a task file takes.
const minMemory = 1 << 20

// What a request has that gives no limit of its own. Compiling then has what the language has.
const (
	DefaultTimeout = 3 * time.Second // of running, and of its CPU time
	DefaultMemory  = 512 << 20       // bytes
)

// MaxOutput is how many bytes a program may write to standard output, and to standard error.
const MaxOutput = 64 << 10
