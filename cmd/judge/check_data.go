package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"judge/judge"
	"judge/limits"
)

// content is what the linter knows of an input or an answer.
type content struct {
	size      int64
	sum       [sha256.Size]byte
	carriage  int // lines that end with \r\n
	lines     int // line ends
	words     int
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
			if !isBlank(x) && (last == 0 || isBlank(last)) {
				c.words++
			}
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

func isBlank(b byte) bool { return b == ' ' || '\t' <= b && b <= '\r' }

// tests looks at each input and answer, and at each of them beside the others.
func (l *linter) tests() {
	type key struct { // of what tests differ in
		input  [sha256.Size]byte
		limits limits.Limits
		group  int
	}
	inputs := map[key]*judge.TestCase{}
	answers := map[key][sha256.Size]byte{}
	answered := slices.ContainsFunc(l.task.Tests, func(t judge.TestCase) bool { return t.Answer != nil })
	groups := groupsOf(l.task)
	for i := range l.task.Tests {
		test := &l.task.Tests[i]
		where := "test " + test.Name
		input, ok := l.content(where, "input", &test.Input, l.reads())
		if !ok {
			continue
		}
		var answer content
		switch {
		case test.Answer != nil:
			if answer, ok = l.content(where, "answer", test.Answer, l.compares()); !ok {
				continue
			}
			l.pair(where, test, input, answer)
		case answered:
			l.find("no-answer", where, "has no answer, as other tests have")
		}
		if len(test.Args) > 0 || len(test.CheckerArgs) > 0 || len(test.Files) > 0 {
			continue
		}
		k := key{input.sum, test.Limits, groups[i]}
		if earlier := inputs[k]; earlier != nil {
			if answers[k] == answer.sum {
				l.find("same-test", where, "is the same as test %s", earlier.Name)
			} else if l.compares() {
				l.find("same-input", where, "has the input of test %s, but another answer", earlier.Name)
			}
			continue
		}
		inputs[k], answers[k] = test, answer.sum
	}
}

// groupsOf is the group of each test, from 1; 0: it has none. What is in two groups may be there twice.
func groupsOf(t *judge.Task) []int {
	groups := make([]int, len(t.Tests))
	for i, g := range t.Groups {
		for _, test := range g.Tests {
			groups[test] = i + 1
		}
	}
	return groups
}

// reads says whether the task's programs are meant to read something.
func (l *linter) reads() bool {
	return slices.ContainsFunc(l.task.Tests, func(t judge.TestCase) bool { return t.Input.Text != "" || t.Input.File != "" && !isEmpty(t.Input.File) })
}

func isEmpty(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Size() == 0
}

// compares says whether answers are what outputs should be; for a program of the setter's they are anything.
func (l *linter) compares() bool {
	return l.task.Checker.Tool == nil && l.task.Interactor == nil && l.task.Checker.Name != "none"
}

// pair looks at an input and its answer together.
func (l *linter) pair(where string, test *judge.TestCase, input, answer content) {
	if input.sum == answer.sum && input.words > 1 && l.compares() { // of one word it is often so
		l.find("answer-is-input", where, "the answer is the input")
	}
	if answer.size > test.Limits.Output && test.Limits.Output > 0 && l.compares() {
		l.find("answer-too-large", where, "the answer is larger than the limit on output: nobody can print it")
	}
	if input.carriage == 0 && answer.carriage > 0 && l.task.Checker.Name == "exact" {
		l.find("line-ends", where, "the checker is exact and only the answer has line ends of Windows: programs print others")
	}
}

// content looks at one file, or the text of the task file itself; needed: it is not meant to be empty.
func (l *linter) content(where, role string, d *judge.Data, needed bool) (content, bool) {
	if d.File != "" {
		role += " " + relative(*l.task, d.File)
		where += ", " + role
	} else {
		where += ", " + role
	}
	c, err := contentOf(d)
	if err != nil {
		l.find("unreadable", where, "cannot be read: %v", err)
		return c, false
	}
	for _, f := range []struct {
		wrong      bool
		name, what string
	}{
		{c.size == 0 && d.File != "" && needed, "empty", "is empty"},
		{c.size > 0 && c.blank, "blank", "has nothing but white space"},
		{c.mark, "byte-order-mark", "begins with a byte order mark (U+FEFF), which programs read as text"},
		{c.carriage > 0 && c.carriage == c.lines, "line-ends", `has line ends of Windows (\r\n)`},
		{c.carriage > 0 && c.carriage < c.lines, "line-ends", `has line ends of Windows (\r\n) and others`},
		{d.File != "" && c.size > 0 && !c.ended, "no-last-line-end", "has no line end at its end"},
		{c.nul, "nul", "has a NUL byte"},
		{!c.utf8 && !c.nul, "not-utf8", "is not valid UTF-8"},
	} {
		if f.wrong {
			l.find(f.name, where, "%s", f.what)
		}
	}
	return c, true
}
