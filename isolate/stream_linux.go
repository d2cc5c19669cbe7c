package isolate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"time"

	"golang.org/x/sys/unix"
)

// streams are the descriptors of one program, and the pipes of those that lead to a Writer.
type streams struct {
	files  []*os.File // the program's, in their order
	theirs []*os.File // ends of pipes and /dev/null among them, to be closed when the program has them
	pipes  []*pipe
}

// pipe leads from a program to a Writer of the caller's.
type pipe struct {
	from *os.File
	to   io.Writer
	done chan struct{} // nil until somebody copies
	err  error         // of to; read after done
}

// openStreams makes the pipes that a program needs, and opens /dev/null for what leads nowhere: two programs with the
// same open file could meet by its flags and locks (fcntl(2)). The caller closes them, or copies.
func openStreams(p Program) (s *streams, err error) {
	made := &streams{files: make([]*os.File, 0, 3+len(p.Files))}
	defer func() {
		if err != nil {
			made.close()
		}
	}()
	s = made
	stdout, err := s.to(p.Stdout)
	if err != nil {
		return nil, fmt.Errorf("standard output: %w", err)
	}
	stderr := stdout
	if !sameWriter(p.Stdout, p.Stderr) {
		if stderr, err = s.to(p.Stderr); err != nil {
			return nil, fmt.Errorf("standard error: %w", err)
		}
	}
	s.files = append(append(s.files, p.Stdin, stdout, stderr), p.Files...)
	var null *os.File
	for i, f := range s.files {
		if f != nil {
			continue
		}
		if null == nil {
			if null, err = openNull(); err != nil {
				return nil, err
			}
			s.theirs = append(s.theirs, null)
		}
		s.files[i] = null
	}
	return s, nil
}

func openNull() (*os.File, error) {
	fd, err := unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: os.DevNull, Err: err}
	}
	return os.NewFile(uintptr(fd), os.DevNull), nil
}

// to returns what a program writes to, nil for nothing.
func (s *streams) to(w io.Writer) (*os.File, error) {
	if w == nil {
		return nil, nil
	}
	if f, ok := w.(*os.File); ok {
		return f, nil
	}
	from, theirs, err := polledPipe()
	if err != nil {
		return nil, err
	}
	s.theirs = append(s.theirs, theirs)
	s.pipes = append(s.pipes, &pipe{from: from, to: w})
	return theirs, nil
}

// Pipe returns a pipe for a program's output: os.Pipe, but that the runtime polls neither end. A read takes a thread while
// it waits.
func Pipe() (r, w *os.File, err error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return nil, nil, os.NewSyscallError("pipe2", err)
	}
	return os.NewFile(uintptr(fds[0]), "|0"), os.NewFile(uintptr(fds[1]), "|1"), nil
}

// polledPipe is Pipe with a reading end that the runtime polls.
func polledPipe() (r, w *os.File, err error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return nil, nil, os.NewSyscallError("pipe2", err)
	}
	w = os.NewFile(uintptr(fds[1]), "|1")
	if _, err := unix.FcntlInt(uintptr(fds[0]), unix.F_SETFL, unix.O_NONBLOCK); err != nil {
		unix.Close(fds[0])
		w.Close()
		return nil, nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fds[0]), "|0"), w, nil
}

// sameWriter tells whether two Writers can share a pipe. Not all types can be compared.
func sameWriter(a, b io.Writer) bool {
	return a != nil && b != nil && reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}

// close is for a program that was not started.
func (s *streams) close() {
	s.closeTheirs()
	for _, p := range s.pipes {
		p.from.Close()
	}
}

func (s *streams) closeTheirs() {
	for _, f := range s.theirs {
		f.Close()
	}
	s.theirs = nil
}

// copy begins to copy what a program writes, which has its descriptors. The first error of a Writer
// is told at once.
func (s *streams) copy(failed func(error)) {
	s.closeTheirs() // or there would be no end of file
	for _, p := range s.pipes {
		p.done = make(chan struct{})
		go func() {
			defer close(p.done)
			defer p.from.Close() // whoever writes on gets SIGPIPE
			if p.err = p.copy(); p.err != nil {
				failed(p.err)
			}
		}()
	}
}

// finish waits until everything is copied that was written when the program ended. What it has left
// behind may hold a pipe for ever. It returns the first error of a Writer.
func (s *streams) finish() (err error) {
	for _, p := range s.pipes {
		p.from.SetReadDeadline(time.Now()) // fails when the pipe is closed already
	}
	for _, p := range s.pipes {
		<-p.done
		if err == nil {
			err = p.err
		}
	}
	return err
}

// copy copies to the end of file, or until finish and then what is in the pipe.
func (p *pipe) copy() error {
	buffer := make([]byte, 32<<10)
	for {
		n, err := p.from.Read(buffer)
		if n > 0 {
			if _, err := p.to.Write(buffer[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			_, err = io.Copy(p.to, bytes.NewReader(p.rest()))
			return err
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// rest returns what is in the pipe. Its deadline has passed, so Read would not.
func (p *pipe) rest() (rest []byte) {
	raw, err := p.from.SyscallConn()
	if err != nil {
		return nil
	}
	raw.Control(func(fd uintptr) {
		size, err := unix.IoctlGetInt(int(fd), unix.TIOCINQ) // FIONREAD
		if err != nil {
			return
		}
		rest = make([]byte, size)
		n, _ := unix.Read(int(fd), rest)
		rest = rest[:max(n, 0)]
	})
	return rest
}
