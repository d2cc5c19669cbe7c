package judge

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
)

// Source gives a task submissions from the lines of a JSONL file. Load has read all of them and found
// them good; each is read again when it is judged, so that any number of lines needs little memory. A
// Source is not changed after Load, and is safe for concurrent use.
type Source struct {
	File   string // absolute
	Name   string // as messages show it
	Dedupe bool   // judge identical programs once
	PassAt []int  // the k of pass@k, ascending; nil: 1, 5 and 10 as far as there are so many samples

	Examples []Submission // of each language the first line, in the order of lines

	format lineFormat
	lines  lineIndex
	only   []linePattern // what is planned; nil: everything
}

// Len is the number of lines that are this task's.
func (s *Source) Len() int { return s.lines.count }

// open returns the source's lines, from the first. The caller closes it.
func (s *Source) open() (*sourceLines, error) {
	file, err := openRegular(s.File)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.Name, err)
	}
	return &sourceLines{source: s, file: file, places: s.lines.places()}, nil
}

// sourceLines goes through the lines of a source.
type sourceLines struct {
	source *Source
	file   *os.File
	places *linePlaces
	buffer []byte
}

func (l *sourceLines) close() error { return l.file.Close() }

// next returns the next line's submission, and the line's own tests if it has some; false after the
// last. A line that has changed since it was loaded is a submission named for its place, and an error.
func (l *sourceLines) next() (lineContent, bool, error) {
	place, ok := l.places.next()
	if !ok {
		return lineContent{}, false, nil
	}
	a, err := l.read(place)
	if err != nil {
		where := fmt.Sprintf("%s:%d", l.source.Name, place.number)
		return lineContent{Submission: Submission{Name: where, Expected: []Verdict{Accepted}}}, true,
			fmt.Errorf("%s: has changed since judge read it first: %w", where, err)
	}
	return a, true, nil
}

func (l *sourceLines) read(place linePlace) (lineContent, error) {
	if place.length > int64(cap(l.buffer)) {
		l.buffer = make([]byte, place.length)
	}
	line := l.buffer[:place.length]
	if _, err := l.file.ReadAt(line, place.offset); err != nil {
		return lineContent{}, plainCause(err)
	}
	fields, err := parseLine(line)
	if err != nil {
		return lineContent{}, err
	}
	if !l.source.format.has(fields) {
		return lineContent{}, errors.New("it is another task's")
	}
	return l.source.format.read(fields, place.number)
}

// linePlace is where a line is in its file.
type linePlace struct {
	number         int // from 1
	offset, length int64
}

// lineIndex remembers the places of lines, in some five bytes for each. The zero value has none.
type lineIndex struct {
	packed []byte // for each line three numbers, the first two as differences to the line before
	last   linePlace
	count  int
}

// add appends a line that comes after all others.
func (x *lineIndex) add(p linePlace) {
	x.packed = binary.AppendUvarint(x.packed, uint64(p.number-x.last.number))
	x.packed = binary.AppendUvarint(x.packed, uint64(p.offset-x.last.offset))
	x.packed = binary.AppendUvarint(x.packed, uint64(p.length))
	x.last = p
	x.count++
}

// places begins with the first line.
func (x *lineIndex) places() *linePlaces { return &linePlaces{rest: x.packed} }

// linePlaces goes through an index.
type linePlaces struct {
	rest []byte
	at   linePlace
}

func (p *linePlaces) next() (linePlace, bool) {
	if len(p.rest) == 0 {
		return linePlace{}, false
	}
	p.at.number += int(p.take())
	p.at.offset += int64(p.take())
	p.at.length = int64(p.take())
	return p.at, true
}

func (p *linePlaces) take() uint64 {
	n, size := binary.Uvarint(p.rest)
	p.rest = p.rest[size:]
	return n
}
