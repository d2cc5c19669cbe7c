package gojudge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"syscall"
)

// collect takes what is asked for of a command that has ended, and concludes. The error is one of ours.
func (e *execution) collect(ctx context.Context) error {
	for _, c := range slices.Concat(e.collectors, e.proxied) {
		c.wait()
		if c.err != nil {
			return c.err
		}
		if why := c.problem(); why != "" && !c.proxied() { // a proxy goes on without us
			e.fault(c.name, CollectSizeExceeded, "%s", why)
		}
		if err := e.put(ctx, c.name, c.kept); err != nil {
			return err
		}
	}
	for _, name := range slices.Concat(e.cmd.CopyOut, e.cmd.CopyOutCached) {
		if err := e.copyOut(ctx, name); err != nil {
			return err
		}
	}
	r := &e.result
	r.Status, r.ExitStatus, r.Error = e.ending.status(e.limits, r.FileError)
	r.Time, r.RunTime = uint64(e.ending.cpu), uint64(e.ending.wall)
	r.Memory, r.ProcPeak = uint64(e.ending.memory), uint64(e.ending.processes)
	return nil
}

// cached tells whether a file is to be stored instead of returned.
func (e *execution) cached(name string) bool {
	return slices.ContainsFunc(e.cmd.CopyOutCached, func(wanted string) bool {
		wanted, _ = optional(wanted)
		return wanted == name
	})
}

// put returns or stores what is in memory.
func (e *execution) put(ctx context.Context, name string, content []byte) error {
	if e.cached(name) {
		return e.store(ctx, name, bytes.NewReader(content))
	}
	if e.result.Files == nil {
		e.result.Files = map[string]string{}
	}
	e.result.Files[name] = string(content)
	return nil
}

// store stores a file. That there is no room for it is the command's fault.
func (e *execution) store(ctx context.Context, name string, content io.Reader) error {
	if e.runner.Files == nil {
		e.fault(name, CopyOutCreateFile, "there is no store")
		return nil
	}
	file, err := e.runner.Files.Put(ctx, e.command.Owner, name, content)
	if errors.Is(err, ErrNoRoom) {
		e.fault(name, CopyOutCreateFile, "%v", err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("store %s: %w", name, err)
	}
	if e.result.FileIDs == nil {
		e.result.FileIDs = map[string]string{}
	}
	e.result.FileIDs[name] = file.ID
	return nil
}

// withdraw removes what was stored of a command whose result nobody gets.
func (e *execution) withdraw(ctx context.Context) {
	for _, id := range e.result.FileIDs {
		_ = e.runner.Files.Delete(context.WithoutCancel(ctx), e.command.Owner, id) // or it expires
	}
}

// copyOut takes one file that the program has made, if it is a regular one.
func (e *execution) copyOut(ctx context.Context, wanted string) error {
	name, mayBeMissing := optional(wanted)
	if e.has(name) {
		return nil
	}
	at, err := place(name)
	if err != nil {
		return err
	}
	f, err := e.scratch.Open(at)
	switch {
	case err != nil && mayBeMissing && isNotThere(err):
		return nil
	case err != nil:
		e.fault(name, openFault(err), "%v", err)
		return nil
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return e.copyFile(ctx, name, f, info.Size())
}

// has tells whether a name is dealt with.
func (e *execution) has(name string) bool {
	_, returned := e.result.Files[name]
	_, stored := e.result.FileIDs[name]
	return returned || stored
}

// copyFile takes a file of a size, or the beginning of one that is too large when that is wanted.
func (e *execution) copyFile(ctx context.Context, name string, f *os.File, size int64) error {
	most := int64(either(e.cmd.CopyOutMax, DefaultCopyOut))
	if size > most {
		e.fault(name, CopyOutSizeExceeded, "%d bytes: want at most %d", size, most)
		if !e.cmd.CopyOutTruncate {
			return nil
		}
		size = most
	}
	content := io.LimitReader(f, size)
	if e.cached(name) {
		return e.store(ctx, name, content)
	}
	if e.reply.take(size) < size {
		e.fault(name, CopyOutSizeExceeded, "files of a reply have at most %d bytes together", MaxReply)
		return nil
	}
	data, err := io.ReadAll(content)
	if err != nil {
		e.fault(name, CopyOutCopyContent, "%v", err)
		return nil
	}
	return e.put(ctx, name, data)
}

// openFault says what is wrong with a file that could not be opened: a program may have made a link, a
// directory or a socket of it.
func openFault(err error) FileErrorType {
	var errno syscall.Errno
	if errors.As(err, &errno) && errno != syscall.ELOOP && errno != syscall.ENXIO {
		return CopyOutOpen
	}
	return CopyOutNotRegularFile
}

// isNotThere tells a name that there is not from one that cannot be had.
func isNotThere(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
