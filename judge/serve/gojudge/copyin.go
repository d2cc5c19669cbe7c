package gojudge

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"judge/isolate"
)

// pageSize is what a file takes at most beside its bytes.
const pageSize = 4096

// copiedMode lets a program do with a file what it likes.
const copiedMode = 0o777

// copyIn makes the scratch with the command's files. A file that cannot be had ends the command.
func (e *execution) copyIn(ctx context.Context) error {
	names := slices.Sorted(maps.Keys(e.cmd.CopyIn))
	size, inodes, err := e.sizeOf(ctx, names)
	if err != nil || e.failed() {
		return err
	}
	scratch, err := isolate.NewScratch(Disk+size, Inodes+inodes)
	if err != nil {
		return err
	}
	e.scratch = scratch
	return e.fill(ctx, names)
}

// fill puts the files into the scratch.
func (e *execution) fill(ctx context.Context, names []string) error {
	if err := e.scratch.Symlink(workDir, alias); err != nil {
		return err
	}
	for _, name := range names {
		if err := e.copyOneIn(ctx, name, e.cmd.CopyIn[name]); err != nil || e.failed() {
			return err
		}
	}
	return nil
}

// sizeOf returns how many bytes and inodes the files take, which are not the program's.
func (e *execution) sizeOf(ctx context.Context, names []string) (size, inodes int64, err error) {
	for _, name := range names {
		at, err := place(name)
		if err != nil {
			return 0, 0, err
		}
		inodes += 1 + int64(len(directories(at)))
		f := e.cmd.CopyIn[name]
		if f.Symlink != nil {
			continue
		}
		content, n, err := e.source(ctx, f)
		if err != nil {
			return 0, 0, e.missing(name, err)
		}
		content.Close()
		if !e.admit(name, n) {
			return 0, 0, nil
		}
		size += n + pageSize
		if size > MaxCopyIn+int64(len(names))*pageSize {
			e.fail(name, CopyInCopyContent, fmt.Errorf("files of copyIn have more than %d bytes together", MaxCopyIn))
			return 0, 0, nil
		}
	}
	return size, inodes, nil
}

// missing is a stored file that there is not, or an error of ours.
func (e *execution) missing(name string, err error) error {
	if !errors.Is(err, ErrUnknownFile) {
		return err
	}
	e.fail(name, CopyInOpenFile, err)
	return nil
}

func (e *execution) copyOneIn(ctx context.Context, name string, f *CmdFile) error {
	at, err := place(name)
	if err != nil {
		return err
	}
	for _, dir := range directories(at) {
		if err := e.scratch.MakeShared(dir); err != nil && !errors.Is(err, fs.ErrExist) {
			e.fail(name, CopyInCreateFile, err)
			return nil
		}
	}
	if f.Symlink != nil {
		if err := e.scratch.Symlink(*f.Symlink, at); err != nil {
			e.fail(name, CopyInCreateFile, err)
		}
		return nil
	}
	content, _, err := e.source(ctx, f)
	if err != nil {
		return e.missing(name, err)
	}
	defer content.Close()
	if err := e.scratch.Create(at, copiedMode, content); err != nil {
		e.fail(name, CopyInCreateFile, err)
	}
	return nil
}
