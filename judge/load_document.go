package judge

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// maxFileBytes bounds a task file. Larger inputs belong into files of their own.
const maxFileBytes = 64 << 20

// document is one task file in memory.
type document struct {
	file  string // as the user named it
	order int    // among the files of this Load
	text  string
	lines []int // offsets of the line starts
}

// readDocument reads a task file. It never waits (a pipe without writer) and never reads much more
// than maxFileBytes.
func readDocument(path string) (string, error) {
	f, err := openRegular(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > maxFileBytes {
		return "", fmt.Errorf("is %d MiB: a task file has at most %d MiB; long inputs belong into files of their own",
			info.Size()>>20, maxFileBytes>>20)
	}
	// Files of proc(5) say that their size is 0.
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return "", plainCause(err)
	}
	if len(data) > maxFileBytes {
		return "", fmt.Errorf("is larger than %d MiB", maxFileBytes>>20)
	}
	return string(data), nil
}

// openRegular opens a regular file for reading. Anything else is refused before it is opened,
// because opening a device can have effects, and again after it, because the name can have changed.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, plainCause(err)
	}
	if err := wantRegular(info.Mode()); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, plainCause(err)
	}
	if info, err = f.Stat(); err == nil {
		err = wantRegular(info.Mode())
	}
	if err != nil {
		f.Close()
		return nil, plainCause(err)
	}
	return f, nil
}

func wantRegular(mode os.FileMode) error {
	kind := ""
	switch {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		kind = "a directory"
	case mode&os.ModeNamedPipe != 0:
		kind = "a named pipe"
	case mode&os.ModeSocket != 0:
		kind = "a socket"
	case mode&os.ModeDevice != 0:
		kind = "a device"
	default:
		kind = "not a file"
	}
	return fmt.Errorf("is %s: want a regular file", kind)
}

// plainCause drops the operation and path from an error of package os: our messages name the file as
// the user did.
func plainCause(err error) error {
	var pathError *os.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

// parseDocument turns the text into nodes. The error is an *InputError of this document, without
// context.
func parseDocument(d *document) (*node, *InputError) {
	if at, message := d.badByte(); message != "" {
		return nil, d.errorAt(at, message)
	}
	root, stop, bound := scanOutline(d.text)
	if bound != "" {
		return nil, d.errorAt(stop, "has "+bound)
	}
	values, err := parseTOML(d.upTo(stop))
	if err != nil {
		return nil, d.syntaxError(err)
	}
	if stop < len(d.text) {
		return nil, d.errorAt(stop, "is not valid TOML here")
	}
	return newNode(d, "", values, root, 0), nil
}

// upTo gives the parser everything that was scanned, and a little more so that its message about
// what is wrong there is the best one.
func (d *document) upTo(stop int) string {
	end := min(stop+256, len(d.text))
	for end < len(d.text) && !utf8.RuneStart(d.text[end]) {
		end++
	}
	return d.text[:end]
}

// parseTOML wraps the parser, which panics when it finds a mistake of its own.
func parseTOML(text string) (values map[string]any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("is not valid TOML: %v", r)
		}
	}()
	_, err = toml.Decode(text, &values)
	return values, err
}

// badByte finds what no text file should contain. TOML allows a byte order mark in its newest
// version only.
func (d *document) badByte() (offset int, message string) {
	for _, mark := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		if strings.HasPrefix(d.text, mark) {
			return 0, "starts with a byte order mark: save it as UTF-8 without one"
		}
	}
	for i := 0; i < len(d.text); {
		c := d.text[i]
		switch {
		case c == 0:
			return i, "contains a NUL byte: want UTF-8 text"
		case c < utf8.RuneSelf:
			i++
		default:
			r, size := utf8.DecodeRuneInString(d.text[i:])
			if r == utf8.RuneError && size == 1 {
				return i, fmt.Sprintf("contains the byte 0x%02x, which is not UTF-8", c)
			}
			i += size
		}
	}
	return 0, ""
}

// errorAt is a mistake at an offset of the text.
func (d *document) errorAt(offset int, message string) *InputError {
	line := d.line(offset)
	return &InputError{File: d.file, Line: line, Message: message, Source: d.source(line)}
}

// line is the number, from 1, of the line that contains an offset.
func (d *document) line(offset int) int {
	d.findLines()
	return sort.SearchInts(d.lines, offset+1)
}

func (d *document) lineCount() int {
	d.findLines()
	return len(d.lines)
}

// source is the text of a line, safe to print.
func (d *document) source(line int) string {
	d.findLines()
	text := d.text[d.lines[line-1]:]
	if end := strings.IndexByte(text, '\n'); end >= 0 {
		text = text[:end]
	}
	return printable(strings.TrimRight(text, " \t\r"))
}

// findLines is done for the first message only; most files have none.
func (d *document) findLines() {
	if d.lines != nil {
		return
	}
	d.lines = []int{0}
	for i := 0; i < len(d.text); i++ {
		if d.text[i] == '\n' && i+1 < len(d.text) {
			d.lines = append(d.lines, i+1)
		}
	}
}
