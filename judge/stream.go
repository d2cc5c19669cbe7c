package judge

import (
	"io"
	"os"
	"sync"

	"judge/isolate"
)

// stream takes what a program writes to a pipe: it keeps the first bytes, counts the rest, and says
// once when there are more than the limit.
type stream struct {
	read, write *os.File
	keep        int
	limit       int64          // 0: none
	over        func()         // called once when the limit is exceeded
	also        func(p []byte) // gets all of it as well, when not nil
	head        []byte
	total       int64
	err         error
	reading     sync.Once
	done        chan struct{} // nil: no goroutine reads
}

var streamBuffers = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// open opens the pipe. The caller hands write to the program, and calls finish.
func (s *stream) open() (err error) {
	s.read, s.write, err = isolate.Pipe()
	return err
}

// start begins to read, beside the program, if nobody does. For one that has ended finish is enough. Any goroutine may
// call it, until finish.
func (s *stream) start() {
	s.reading.Do(func() {
		s.done = make(chan struct{})
		go func() {
			defer close(s.done)
			s.drain()
		}()
	})
}

// drain reads until no writer is left. It goes on past the limit, because a writer that blocks
// would look idle until it is killed.
func (s *stream) drain() {
	buffer := streamBuffers.Get().(*[64 << 10]byte)
	defer streamBuffers.Put(buffer)
	for {
		n, err := s.read.Read(buffer[:])
		if n > 0 {
			s.take(buffer[:n])
		}
		if err != nil {
			if err != io.EOF {
				s.err = err
			}
			return
		}
	}
}

func (s *stream) take(p []byte) {
	before := s.total
	s.total += int64(len(p))
	if room := s.keep - len(s.head); room > 0 {
		s.head = append(s.head, p[:min(room, len(p))]...)
	}
	if s.limit > 0 && s.total > s.limit {
		if before <= s.limit {
			s.over()
		}
		return
	}
	if s.also != nil {
		s.also(p)
	}
}

// release closes our writing end, when the program has its own: the end of file then comes with the end
// of the last writer, while there is other work to do.
func (s *stream) release() { s.write.Close() }

// finish waits for the rest; no program has the writing end any more.
func (s *stream) finish() error {
	s.release()
	s.reading.Do(s.drain)
	if s.done != nil {
		<-s.done
	}
	s.read.Close()
	return s.err
}
