package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"judge/judge"
	"judge/limits"
)

// content is what the linter knows of an input or an answer.
type content struct {
	size      int64
	sum       [sha256.Size]byte
	carriage  int  // lines that end with \r\n
	lines     int  // line ends
	ended     bool // the last character is a line end
	blank     bool // there is nothing but white space
	mark      bool // begins with a byte order mark
	nul, utf8 bool // has a NUL; is valid UTF-8
}

// contentOf reads all of an input or an answer, of any size.
func contentOf(d *judge.Data) (content, error) {
	if d.File == "" {
		return readContent(strings.NewReader(d.Text))
	}
	f, err := os.Open(d.File)
	if err != nil {
		return content{}, err
	}
	defer f.Close()
	return readContent(f)
}

func readContent(r io.Reader) (content, error) {
	c := content{blank: true, utf8: true}
	sum := sha256.New()
	buffer := make([]byte, 64<<10)
	last := byte(0)
	var partial []byte // of a character
	for {
		n, err := r.Read(buffer)
		b := buffer[:n]
		sum.Write(b)
		if c.size == 0 && bytes.HasPrefix(b, []byte("\xef\xbb\xbf")) {
			c.mark = true
		}
		for _, x := range b {
			if x == '\n' {
				c.lines++
				if last == '\r' {
					c.carriage++
				}
			}
			last = x
		}
		c.size += int64(n)
		c.nul = c.nul || bytes.IndexByte(b, 0) >= 0
		c.blank = c.blank && len(bytes.TrimSpace(b)) == 0
		if c.utf8 {
			partial = append(partial, b...)
			for len(partial) > 0 && (utf8.FullRune(partial) || errors.Is(err, io.EOF)) {
				r, size := utf8.DecodeRune(partial)
				if r == utf8.RuneError && size == 1 {
					c.utf8 = false
					break
				}
				partial = partial[size:]
			}
		}
		if errors.Is(err, io.EOF) {
			c.ended = last == '\n'
			copy(c.sum[:], sum.Sum(nil))
			return c, nil
		}
		if err != nil {
			return c, err
		}
	}
}

// tests looks at each input and answer, and at each of them beside the others.
func (l *linter) tests() {
	type key struct { // of what tests differ in
		input  [sha256.Size]byte
		limits limits.Limits
	}
	inputs := map[key]*judge.TestCase{}
	answers := map[key][sha256.Size]byte{}
	answered := 0
	for i := range l.task.Tests {
		if l.task.Tests[i].Answer != nil {
			answered++
		}
	}
	for i := range l.task.Tests {
		test := &l.task.Tests[i]
		where := "test " + test.Name
		input, ok := l.content(where, "input", &test.Input)
		if !ok {
			continue
		}
		var answer content
		switch {
		case test.Answer != nil:
			if answer, ok = l.content(where, "answer", test.Answer); !ok {
				continue
			}
			l.pair(where, test, input, answer)
		case answered > 0:
			l.find(where, "has no answer, as other tests have")
		}
		if len(test.Args) > 0 || len(test.Files) > 0 {
			continue
		}
		k := key{input.sum, test.Limits}
		if earlier := inputs[k]; earlier != nil {
			if answers[k] == answer.sum {
				l.find(where, "is the same as test %s", earlier.Name)
			} else {
				l.find(where, "has the input of test %s, but another answer", earlier.Name)
			}
			continue
		}
		inputs[k], answers[k] = test, answer.sum
	}
}

// pair looks at an input and its answer together.
func (l *linter) pair(where string, test *judge.TestCase, input, answer content) {
	if input.sum == answer.sum && !input.blank {
		l.find(where, "the answer is the input")
	}
	if answer.size > test.Limits.Output && test.Limits.Output > 0 {
		l.find(where, "the answer is larger than the limit on output: nobody can print it")
	}
	if input.carriage == 0 && answer.carriage > 0 && l.task.Checker.Name == "exact" {
		l.find(where, "the checker is exact and only the answer has line ends of Windows: programs print others")
	}
}

// content looks at one file, or the text of the task file itself.
func (l *linter) content(where, role string, d *judge.Data) (content, bool) {
	if d.File != "" {
		role += " " + relative(*l.task, d.File)
		where += ", " + role
	} else {
		where += ", " + role
	}
	c, err := contentOf(d)
	if err != nil {
		l.find(where, "cannot be read: %v", err)
		return c, false
	}
	for _, f := range []struct {
		wrong bool
		what  string
	}{
		{c.size == 0 && d.File != "", "is empty"},
		{c.size > 0 && c.blank, "has nothing but white space"},
		{c.mark, "begins with a byte order mark (U+FEFF), which programs read as text"},
		{c.carriage > 0 && c.carriage == c.lines, `has line ends of Windows (\r\n)`},
		{c.carriage > 0 && c.carriage < c.lines, `has line ends of Windows (\r\n) and others`},
		{d.File != "" && c.size > 0 && !c.ended, "has no line end at its end"},
		{c.nul, "has a NUL byte"},
		{!c.utf8 && !c.nul, "is not valid UTF-8"},
	} {
		if f.wrong {
			l.findPlain(where, f.what)
		}
	}
	return c, true
}
