package judge

import (
	"bufio"
	"errors"
	"io"
)

// maxLineBytes bounds a line of a JSONL file, its newline not counted.
const maxLineBytes = 64 << 20

// errLongLine stands for a line over maxLineBytes, which was skipped.
var errLongLine = errors.New("is longer than 64 MiB")

// lineScanner reads the lines of a file one after the other, in a buffer as large as the longest.
type lineScanner struct {
	reader *bufio.Reader
	line   []byte
	number int   // of the line, from 1
	offset int64 // of its first byte
	next   int64 // offset of the following line
	whole  bool  // a newline ends it
}

func newLineScanner(r io.Reader) *lineScanner {
	return &lineScanner{reader: bufio.NewReaderSize(r, 256<<10)}
}

// scan reads the next line, without its newline; it is overwritten by the following one. The error is
// io.EOF at the end, errLongLine for a line that was skipped, or the reader's.
func (s *lineScanner) scan() ([]byte, error) {
	s.line, s.offset, s.whole = s.line[:0], s.next, false
	s.number++
	long := false
	for {
		part, err := s.reader.ReadSlice('\n')
		s.next += int64(len(part))
		if err == nil {
			s.whole = true
			part = part[:len(part)-1]
		}
		if long = long || len(s.line)+len(part) > maxLineBytes; !long {
			s.line = append(s.line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && err != io.EOF:
			return nil, plainCause(err)
		case s.next == s.offset:
			return nil, io.EOF
		case long:
			s.line = nil
			return nil, errLongLine
		}
		return s.line, nil
	}
}
