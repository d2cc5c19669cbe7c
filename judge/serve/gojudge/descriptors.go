package gojudge

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"judge/isolate"
)

// descriptors are our copies of what a program is started with.
type descriptors struct {
	files []*os.File // by number; nil: /dev/null. At least three
	owned []io.Closer
}

// set makes a file a program's descriptor.
func (d *descriptors) set(fd int, f *os.File) {
	d.room(fd + 1)
	d.files[fd] = f
}

func (d *descriptors) room(n int) {
	for len(d.files) < n {
		d.files = append(d.files, nil)
	}
}

// own closes something when the program has its own copy of it.
func (d *descriptors) own(c io.Closer) { d.owned = append(d.owned, c) }

// close gives our copies back. It may be called again.
func (d *descriptors) close() {
	for _, c := range d.owned {
		c.Close()
	}
	d.owned = nil
}

// contentOf reads a string.
func contentOf(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }

// openDescriptors opens what the command's files say; pipes were connected before.
func (e *execution) openDescriptors(ctx context.Context) error {
	d := &e.descriptors
	d.room(max(3, len(e.cmd.Files)))
	if e.cmd.TTY {
		return e.openTerminal(ctx)
	}
	for fd, f := range e.cmd.Files {
		switch {
		case f == nil:
		case f.collects():
			if err := e.openCollector(fd, f); err != nil {
				return err
			}
		default:
			if err := e.openInput(ctx, fd, f); err != nil || e.failed() {
				return err
			}
		}
	}
	return nil
}

// openInput gives the program a file that it can read and nobody can write.
func (e *execution) openInput(ctx context.Context, fd int, f *CmdFile) error {
	name := fmt.Sprintf("files[%d]", fd)
	content, size, err := e.source(ctx, f)
	if err != nil {
		return e.missing(name, err)
	}
	defer content.Close()
	if !e.admit(name, size) {
		return nil
	}
	input, err := isolate.NewInput(content)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	e.descriptors.own(input)
	file, err := input.Open()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	e.descriptors.own(file)
	e.descriptors.set(fd, file)
	return nil
}

// openCollector gives the program a pipe that we read. Descriptors with the same name share one.
func (e *execution) openCollector(fd int, f *CmdFile) error {
	for _, c := range e.collectors {
		if c.name == *f.Name {
			e.descriptors.set(fd, c.theirs)
			return nil
		}
	}
	from, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	e.descriptors.own(theirs)
	e.descriptors.set(fd, theirs)
	e.collectors = append(e.collectors, newCollector(*f.Name, *f.Max, from, theirs, e.reply))
	return nil
}
