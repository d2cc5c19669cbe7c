package judge

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"maps"
	"path"
	"path/filepath"
	"slices"
)

// sourceReader gathers what a `source` table says.
type sourceReader struct {
	*fileReader
	source Source
	format lineFormat
}

var sourceKeys = keys[sourceReader]{
	"file": func(r reader, n *node, into *sourceReader) {
		at, ok := into.files.named(r, n, into.dir)
		if !ok {
			return
		}
		into.source.File, into.source.Name = at, n.scalar.(string)
		if !filepath.IsAbs(into.source.Name) {
			into.source.Name = filepath.Join(filepath.Dir(into.doc.file), into.source.Name)
		}
	},
	"id": func(r reader, n *node, into *sourceReader) {
		if into.format.id, _ = r.text(n); into.format.id != "" {
			into.format.id, _ = r.name(n)
		}
	},
	"code":     func(r reader, n *node, into *sourceReader) { into.format.code, _ = r.name(n) },
	"language": func(r reader, n *node, into *sourceReader) { into.format.language, _ = r.name(n) },
	"task":     func(r reader, n *node, into *sourceReader) { into.format.task, _ = r.name(n) },
	"problem":  func(r reader, n *node, into *sourceReader) { into.format.problem, _ = r.name(n) },
	"tests":    func(r reader, n *node, into *sourceReader) { into.format.tests, _ = r.name(n) },
	"extract": func(r reader, n *node, into *sourceReader) {
		switch text, _ := stringOf(n); text {
		case "none":
		case "fence":
			into.format.fence = true
		default:
			r.wrong(n, `"fence", for code in a fenced block of Markdown, or "none"`)
		}
	},
	"dedupe": func(r reader, n *node, into *sourceReader) {
		var ok bool
		if into.source.Dedupe, ok = n.scalar.(bool); !ok {
			r.wrong(n, "true or false")
		}
	},
	"pass_at": func(r reader, n *node, into *sourceReader) {
		if !n.array || len(n.items) == 0 {
			r.wrong(n, "an array of whole numbers, as in [1, 10]")
			return
		}
		for _, item := range n.items {
			k, ok := item.scalar.(int64)
			if !ok || k < 1 || k > 1_000_000 {
				r.wrong(item, "whole numbers from 1 to 1000000")
				return
			}
			into.source.PassAt = append(into.source.PassAt, int(k))
		}
		slices.Sort(into.source.PassAt)
		into.source.PassAt = slices.Compact(into.source.PassAt)
	},
}

// source reads a task's `source` and all lines of its file that are the task's; nil when something is
// wrong. The task is complete but for it; needsAnswer says whether a test has to have an answer.
func (f *fileReader) source(r reader, draft *taskReader, t *Task, needsAnswer bool) *Source {
	s := sourceReader{fileReader: f, source: Source{Dedupe: true}, format: lineFormat{id: "id", code: "code", language: "language"}}
	n := draft.source
	before := len(f.problems.list)
	readTable(r.within("source"), n, sourceKeys, &s)
	if n.table != nil && n.table["file"] == nil {
		r.fail(n, `source: file is missing: want a JSONL file, as in file = "answers.jsonl"`)
	}
	if s.format.tests != "" && draft.group != nil {
		r.fail(n.table["tests"], "source: tests of the lines do not go with groups, whose tests are the task's")
	}
	f.languages.has(r, draft.languageNode, draft.language)
	if s.source.File == "" || len(f.problems.list) > before {
		return nil
	}
	real, err := filepath.EvalSymlinks(f.dir)
	if err != nil {
		r.fail(n, "source: %v", err)
		return nil
	}
	s.format.name, s.format.languages, s.format.fixed = t.Name, f.languages, f.languages.byName[draft.language]
	s.format.ownTests = lineTests{
		dir: real, limits: t.Limits, answers: needsAnswer,
		known: &knownTests{byPattern: map[string][]TestCase{}},
	}
	s.format.required = len(t.Tests) == 0
	s.format.expect = readExpectations(r, draft.expect)
	return s.read(r, n)
}

// read finds the task's lines and looks at each.
func (s *sourceReader) read(r reader, n *node) *Source {
	lines := s.scanned(&s.source, s.format.task)
	if lines == nil {
		return nil
	}
	key := s.format.name
	if s.format.task == "" {
		key = ""
	}
	found, ok := lines[key]
	switch {
	case ok:
	case s.format.task == "":
		r.fail(n, "source: %s has no lines", quoted(s.source.Name))
		return nil
	default:
		near := nearest(s.format.name, slices.Collect(maps.Keys(lines)))
		hint := ""
		if near != "" {
			hint = fmt.Sprintf("there are lines with %s", quoted(near))
		}
		r.failHint(n, hint, "source: no line of %s has %s in field %s",
			quoted(s.source.Name), quoted(s.format.name), quoted(s.format.task))
		return nil
	}
	s.source.lines, s.source.format = *found, s.format
	if !s.check(r.where) {
		return nil
	}
	failUnused(r, s.format.expect, nil)
	result := s.source
	return &result
}

// check reads each line as judging will.
func (s *sourceReader) check(where string) bool {
	lines, err := s.source.open()
	if err != nil {
		s.failLine(&s.source, 0, where, err)
		return false
	}
	defer lines.close()
	ok := true
	taken := map[uint64]int{} // hash of an id = its line
	for {
		place, more := lines.places.next()
		if !more {
			return ok
		}
		a, err := lines.read(place)
		if err == nil {
			expected(s.format.expect, path.Clean(a.Name)) // marks it as used
			id := hashOf(a.Name)
			if earlier := taken[id]; earlier != 0 {
				err = fmt.Errorf("field %s: %s is there already, in line %d", quoted(s.format.id), quoted(a.Name), earlier)
			}
			taken[id] = place.number
			s.source.example(a.Submission)
		}
		if err != nil {
			ok = false
			s.failLine(&s.source, place.number, where, err)
		}
	}
}

// example keeps the first submission in each language.
func (s *Source) example(one Submission) {
	if !slices.ContainsFunc(s.Examples, func(e Submission) bool { return e.Language == one.Language }) {
		s.Examples = append(s.Examples, one)
	}
}

// scanned finds the lines of each task of a file, once for all tasks that share it. Without a field
// that tells the task, they are everybody's. Lines that no task can read are mistakes; then it is nil.
func (l *loader) scanned(s *Source, field string) map[string]*lineIndex {
	key := [2]string{s.File, field}
	if known, ok := l.sources[key]; ok {
		return known
	}
	lines, ok := l.scan(s, field)
	if !ok {
		lines = nil
	}
	if l.sources == nil {
		l.sources = map[[2]string]map[string]*lineIndex{}
	}
	l.sources[key] = lines
	return lines
}

func (l *loader) scan(s *Source, field string) (map[string]*lineIndex, bool) {
	file, err := openRegular(s.File)
	if err != nil {
		l.failLine(s, 0, "", err)
		return nil, false
	}
	defer file.Close()
	lines, ok := map[string]*lineIndex{}, true
	for scanner := newLineScanner(file); ; {
		line, err := scanner.scan()
		if err == io.EOF {
			return lines, ok
		}
		if err != nil && !errors.Is(err, errLongLine) {
			l.failLine(s, scanner.number, "", err)
			return nil, false
		}
		if err == nil && len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		name := ""
		if err == nil {
			name, err = taskOf(line, field)
		}
		if err != nil {
			ok = false
			l.failLine(s, scanner.number, "", err)
			continue
		}
		if lines[name] == nil {
			lines[name] = &lineIndex{}
		}
		lines[name].add(linePlace{scanner.number, scanner.offset, int64(len(line))})
	}
}

// taskOf is the name of the task that a line is for.
func taskOf(line []byte, field string) (string, error) {
	fields, err := parseLine(line)
	if err != nil || field == "" {
		return "", err
	}
	return nameField(fields, field)
}

// failLine notes a mistake in a line of a source; 0 is the file as a whole. Such mistakes are shown
// after those of the task file.
func (l *loader) failLine(s *Source, number int, where string, err error) {
	if l.sourceOrder == nil {
		l.sourceOrder = map[string]int{}
	}
	if l.sourceOrder[s.File] == 0 {
		l.documents++
		l.sourceOrder[s.File] = l.documents
	}
	l.problems.add(problem{
		InputError: InputError{File: s.Name, Line: number, Where: where, Message: err.Error()},
		document:   l.sourceOrder[s.File], offset: number,
	})
}

var hashSeed = maphash.MakeSeed()

// hashOf tells names apart where a chance in 10^19 for each pair does not matter.
func hashOf(name string) uint64 { return maphash.String(hashSeed, name) }
