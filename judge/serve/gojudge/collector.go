package gojudge

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"
)

// budget is a number of bytes that many share.
type budget struct {
	mu   sync.Mutex
	left int64
}

// take takes up to n and returns how many there were.
func (b *budget) take(n int64) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	n = min(n, b.left)
	b.left -= n
	return n
}

// collector keeps the beginning of what a program writes.
type collector struct {
	name   string
	max    int64
	from   *os.File // nil: a proxy brings it
	theirs *os.File // the program's end, which descriptors close
	reply  *budget

	kept []byte
	over bool  // there was more than max, or than the reply has room for
	full bool  // it was the reply's room
	err  error // of reading
	done chan struct{}
}

func newCollector(name string, max int64, from, theirs *os.File, reply *budget) *collector {
	return &collector{name: name, max: max, from: from, theirs: theirs, reply: reply}
}

// start begins to read; over is called once when there is more than may be.
func (c *collector) start(over func()) {
	c.done = make(chan struct{})
	go func() {
		defer close(c.done)
		defer c.from.Close()
		c.err = c.read(over)
	}()
}

// read reads until no writer is left, also what is too much: a writer that waits for a reader would look idle.
func (c *collector) read(over func()) error {
	buffer := make([]byte, 32<<10)
	for {
		n, err := c.from.Read(buffer)
		if n > 0 && !c.take(buffer[:n]) {
			over()
		}
		if err != nil {
			if endOfOutput(err) {
				return nil
			}
			return fmt.Errorf("collect %s: %w", c.name, err)
		}
	}
}

// endOfOutput tells the end of a pipe, or of a terminal, from an error.
func endOfOutput(err error) bool {
	return err == io.EOF || errors.Is(err, syscall.EIO) || errors.Is(err, fs.ErrClosed)
}

// take keeps what there is room for, and returns false at the first byte for which there is none.
func (c *collector) take(p []byte) bool {
	if c.over {
		return true
	}
	want := min(int64(len(p)), c.max-int64(len(c.kept)))
	got := c.reply.take(want)
	c.kept = append(c.kept, p[:got]...)
	c.full = got < want
	c.over = got < int64(len(p))
	return !c.over
}

// proxied tells whether a proxy brings what is kept.
func (c *collector) proxied() bool { return c.from == nil }

// wait waits until no writer is left.
func (c *collector) wait() {
	if c.done != nil {
		<-c.done
	} else if c.from != nil {
		c.from.Close() // the program was never started
	}
}

// problem says why not all is kept; empty: it is.
func (c *collector) problem() string {
	switch {
	case c.full:
		return fmt.Sprintf("files of a reply have at most %d bytes together", MaxReply)
	case c.over:
		return fmt.Sprintf("more than %d bytes", c.max)
	}
	return ""
}
