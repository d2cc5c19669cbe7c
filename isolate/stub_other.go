//go:build !linux

package isolate

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// ErrUnsupported says that this system has no namespaces.
var ErrUnsupported = errors.New("isolate: only Linux is supported")

// Sandbox does not exist on this system.
type Sandbox struct{}

// Scratch does not exist on this system.
type Scratch struct{}

// Input does not exist on this system.
type Input struct{}

// Process does not exist on this system.
type Process struct{}

func (*Process) PID() int                                              { return 0 }
func (*Process) Kill()                                                 {}
func (*Process) Signal(syscall.Signal) error                           { return ErrUnsupported }
func (*Process) Wait() (Exit, error)                                   { return Exit{}, ErrUnsupported }
func (*Process) WaitProcesses(func() bool) (Exit, error)               { return Exit{}, ErrUnsupported }
func (*Process) Exec(context.Context, Program, Gate) (*Process, error) { return nil, ErrUnsupported }

// New returns ErrUnsupported.
func (Config) New(...*os.File) (*Sandbox, error) { return nil, ErrUnsupported }

func Enter() {}

func New(...*os.File) (*Sandbox, error)                                 { return nil, ErrUnsupported }
func (*Sandbox) Close() error                                           { return nil }
func (*Sandbox) Err() error                                             { return ErrUnsupported }
func (*Sandbox) Discard() error                                         { return ErrUnsupported }
func (*Sandbox) Prepared(*Root) bool                                    { return false }
func (*Sandbox) Serves(*Root) bool                                      { return false }
func (*Sandbox) Prepare(*Root, Gate, ...*os.File) error                 { return ErrUnsupported }
func (*Sandbox) Start(context.Context, Program, Gate) (*Process, error) { return nil, ErrUnsupported }
func (*Sandbox) Run(context.Context, Program, Gate) (Exit, error)       { return Exit{}, ErrUnsupported }
func (*Sandbox) Output(context.Context, Program, Gate) ([]byte, Exit, error) {
	return nil, Exit{}, ErrUnsupported
}
func (*Sandbox) CombinedOutput(context.Context, Program, Gate) ([]byte, Exit, error) {
	return nil, Exit{}, ErrUnsupported
}

func NewScratch(size, inodes int64) (*Scratch, error)   { return nil, ErrUnsupported }
func (*Scratch) Close() error                           { return nil }
func (*Scratch) Create(string, uint32, io.Reader) error { return ErrUnsupported }
func (*Scratch) ReadDir(string) ([]fs.DirEntry, error)  { return nil, ErrUnsupported }
func (*Scratch) Open(string) (*os.File, error)          { return nil, ErrUnsupported }
func (*Scratch) MakeShared(string) error                { return ErrUnsupported }
func (*Scratch) Symlink(string, string) error           { return ErrUnsupported }
func (*Scratch) Remove(string) error                    { return ErrUnsupported }

func NewInput(io.Reader) (*Input, error) { return nil, ErrUnsupported }
func (*Input) Size() int64               { return 0 }
func (*Input) Open() (*os.File, error)   { return nil, ErrUnsupported }
func (*Input) Close() error              { return nil }

// Pipe is os.Pipe.
func Pipe() (r, w *os.File, err error) { return os.Pipe() }

// HardLimit returns no limit.
func HardLimit(resource int) uint64 { return 1<<64 - 1 }

// Explain returns nothing.
func Explain(Program) []string { return nil }

// Mechanisms returns nothing.
func Mechanisms() map[string]string { return nil }

// Probe returns ErrUnsupported.
func Probe() error { return ErrUnsupported }
