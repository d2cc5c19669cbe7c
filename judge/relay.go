package judge

import (
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// relay carries what one process writes to another that reads it, and keeps what is wanted of it. It
// holds no more than one piece in its hands: what a process does not read fills the pipes, and then
// whoever writes waits, as with a single pipe.
type relay struct {
	from, to PipeEnd
	source   *os.File       // what the writer writes
	target   *os.File       // what the reader reads
	theirs   []*os.File     // the processes' ends, the writer's first
	taken    func(p []byte) // gets each piece before it is passed on
	hold     func()         // returns when the end may be shown to the reader
	showing  func()         // is called just before the end is shown

	mu        sync.Mutex
	read      int64 // bytes taken from the writer
	delivered int64 // bytes given to the reader, or thrown away
	last      time.Time
	closed    bool // the writer has written all
	ended     bool // the reader was shown the end
	done      chan struct{}
}

// newRelay makes the two pipes of a relay.
func newRelay(from, to PipeEnd) (_ *relay, err error) {
	r := &relay{from: from, to: to, done: make(chan struct{})}
	source, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	reader, target, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, source.Close(), writer.Close())
	}
	r.source, r.target, r.theirs = source, target, []*os.File{writer, reader}
	return r, nil
}

// run carries until the writer's end is closed by everybody, and then shows the end to the reader.
func (r *relay) run() {
	defer close(r.done)
	buffer := streamBuffers.Get().(*[64 << 10]byte)
	defer streamBuffers.Put(buffer)
	for {
		n, err := r.take(buffer[:])
		if n > 0 {
			r.taken(buffer[:n])
			r.pass(buffer[:n])
		}
		if err != nil {
			break
		}
	}
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.hold()
	r.showing()
	r.mu.Lock()
	r.ended = true
	r.target.Close()
	r.mu.Unlock()
}

// take reads the next piece. It is counted in the same moment as it leaves the pipe, for still.
func (r *relay) take(buffer []byte) (n int, err error) {
	raw, err := r.source.SyscallConn()
	if err != nil {
		return 0, err
	}
	failed := raw.Read(func(fd uintptr) bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		for {
			n, err = syscall.Read(int(fd), buffer)
			if err != syscall.EINTR {
				break
			}
		}
		if n > 0 {
			r.read += int64(n)
			r.last = time.Now()
		}
		return err != syscall.EAGAIN
	})
	switch {
	case failed != nil:
		return 0, failed
	case err != nil:
		return 0, err
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

// pass gives a piece to the reader, if there is one: what it does not want any more is nobody's fault.
func (r *relay) pass(p []byte) {
	_, _ = r.target.Write(p)
	r.mu.Lock()
	r.delivered += int64(len(p))
	r.mu.Unlock()
}

// still tells that nothing is on its way: both pipes are empty, and so are our hands. It returns how
// much was taken, to be compared with what a later call returns.
func (r *relay) still() (total int64, empty bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.read != r.delivered {
		return r.read, false
	}
	ends := []*os.File{r.source, r.target}
	if r.ended {
		ends = ends[:1] // and the other is closed
	}
	for _, f := range ends {
		if n, err := inPipe(f); err != nil || n > 0 {
			return r.read, false
		}
	}
	return r.read, true
}

// atEnd tells whether the writer's end was closed by everybody.
func (r *relay) atEnd() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

// shown tells whether the reader was shown the end.
func (r *relay) shown() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended
}

// carried is how much was given to the reader, or thrown away.
func (r *relay) carried() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.delivered
}

// lastWrite is when something was last taken from the writer; zero: never.
func (r *relay) lastWrite() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

// finish waits until everything is carried; no process has an end of it any more.
func (r *relay) finish() {
	<-r.done
	r.source.Close()
}

// inPipe is how many bytes are in a pipe, of which f is either end.
func inPipe(f *os.File) (n int, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	if failed := raw.Control(func(fd uintptr) { n, err = unread(int(fd)) }); failed != nil {
		return 0, failed
	}
	return n, err
}
