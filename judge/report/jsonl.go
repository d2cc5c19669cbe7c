package report

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"golang.org/x/sys/unix"

	"judge/judge"
)

// JSONL writes each record as a line of JSON, at once: after a crash of judge all lines but perhaps
// the last are whole. Of a crash of the machine, too, survives what was written more than a second
// before it, and everything after Close.
//
// A file is locked while it is open, so that two judges do not write the same.
type JSONL struct {
	file   *os.File
	locked bool // it is a regular file
	line   []byte
	err    error
	flush  *flusher // nil: nothing was written, or not to a regular file
}

// CreateJSONL returns a JSONL that writes to the file of that name, which it empties first, or to
// standard output if the name is "-". Close closes the file, but not standard output.
func CreateJSONL(name string) (*JSONL, error) {
	if name == "-" {
		return &JSONL{file: os.Stdout}, nil
	}
	j, err := openJSONL(name, os.O_WRONLY)
	if err != nil {
		return nil, err
	}
	if j.locked {
		if err := j.file.Truncate(0); err != nil {
			return nil, errors.Join(err, j.file.Close())
		}
	}
	return j, nil
}

// ResumeJSONL returns a JSONL that goes on after what a file has, which need not exist.
func ResumeJSONL(name string) (*JSONL, error) {
	j, err := openJSONL(name, os.O_RDWR)
	if err != nil {
		return nil, err
	}
	if !j.locked {
		return nil, errors.Join(fmt.Errorf("open %s: is not a regular file", name), j.file.Close())
	}
	return j, nil
}

// openJSONL opens a file and, if it is a regular one, locks it.
func openJSONL(name string, access int) (*JSONL, error) {
	file, err := os.OpenFile(name, access|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	j := &JSONL{file: file}
	info, err := file.Stat()
	if err == nil && info.Mode().IsRegular() {
		j.locked = true
		if err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
			err = errors.New("another judge is writing it")
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", name, err), file.Close())
	}
	return j, nil
}

// Earlier returns what a resumed file has, from the beginning.
func (j *JSONL) Earlier() io.Reader { return io.NewSectionReader(j.file, 0, math.MaxInt64) }

// Keep cuts a resumed file off after so many bytes.
func (j *JSONL) Keep(size int64) error {
	info, err := j.file.Stat()
	if err != nil || info.Size() <= size {
		return err
	}
	return j.file.Truncate(size)
}

// Write writes one line. An error names the file, and the cause is an errno such as ENOSPC; the
// beginning of the line that could not be written is then removed again, where the file allows it.
func (j *JSONL) Write(r *judge.Record) error {
	if j.err != nil {
		return j.err
	}
	if j.line, j.err = judge.AppendRecord(j.line[:0], r); j.err != nil {
		return j.err
	}
	n, err := j.file.Write(j.line)
	if err != nil {
		j.err = err
		j.takeBack(n)
		return j.err
	}
	if j.locked {
		if j.flush == nil {
			j.flush = newFlusher(j.file)
		}
		j.flush.soon()
	}
	return nil
}

// takeBack removes the last n bytes, if they are the end of a file. It leaves a pipe as it is, and
// a file that somebody else wrote to behind us, as with 2>&1.
func (j *JSONL) takeBack(n int) {
	if n == 0 {
		return
	}
	info, err := j.file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return
	}
	end, err := j.file.Seek(0, io.SeekCurrent)
	if err != nil || end != info.Size() {
		return
	}
	if j.file.Truncate(end-int64(n)) == nil {
		j.file.Seek(end-int64(n), io.SeekStart)
	}
}

// Close flushes and closes the file. An error can be the first sign of a full disk, as on NFS.
func (j *JSONL) Close() error {
	if j.file == nil || j.file == os.Stdout {
		return nil
	}
	var err error
	if j.flush != nil {
		err = j.flush.close()
	}
	file := j.file
	j.file, j.err = nil, os.ErrClosed
	return errors.Join(err, file.Close())
}
