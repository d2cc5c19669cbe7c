package report

import (
	"io"
	"os"

	"judge/judge"
)

// JSONL writes each record as a line of JSON, at once: after a crash of judge all lines but perhaps
// the last are whole. What survives a crash of the machine is up to its file system.
type JSONL struct {
	file *os.File
	line []byte
	err  error
}

// CreateJSONL returns a JSONL that writes to the file of that name, which it empties first, or to
// standard output if the name is "-". Close closes the file, but not standard output.
func CreateJSONL(name string) (*JSONL, error) {
	if name == "-" {
		return &JSONL{file: os.Stdout}, nil
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	return &JSONL{file: file}, nil
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
	}
	return j.err
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

// Close closes the file. An error can be the first sign of a full disk, as on NFS.
func (j *JSONL) Close() error {
	if j.file == nil || j.file == os.Stdout {
		return nil
	}
	file := j.file
	j.file, j.err = nil, os.ErrClosed
	return file.Close()
}
