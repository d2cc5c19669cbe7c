package judge

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// reader takes Go values out of nodes and notes what is wrong with them. A reader that returned
// "not ok" has noted why, so callers just go on to find the next mistake.
type reader struct {
	problems *problems
	where    string // what is being read, such as `task "sum"`
}

// within is a reader for a part of what is being read.
func (r reader) within(part string) reader {
	if r.where != "" {
		part = r.where + ": " + part
	}
	return reader{r.problems, part}
}

// fail notes a mistake at a node.
func (r reader) fail(n *node, format string, args ...any) {
	r.failHint(n, "", format, args...)
}

// failHint notes a mistake and a suggestion.
func (r reader) failHint(n *node, hint, format string, args ...any) {
	where := r.where
	if n.inherited {
		where = "defaults"
	}
	one := problem{document: n.doc.order, offset: n.offset}
	one.InputError = InputError{File: n.doc.file, Where: where, Message: fmt.Sprintf(format, args...), Hint: hint}
	if !r.problems.add(one) {
		return
	}
	kept := &r.problems.list[len(r.problems.list)-1]
	kept.Line = n.doc.line(n.offset)
	kept.Source = n.doc.source(kept.Line)
}

// wrong notes a value that is not as it should be: `time "2 secs": want ...`.
func (r reader) wrong(n *node, want string) {
	r.fail(n, "%s %s: want %s", printable(n.key), n, want)
}

// keys says what a table may contain, and reads it.
type keys[T any] map[string]func(r reader, n *node, into *T)

// readTable reads each key of a table, in the order of the file, and refuses those that it does not
// know.
func readTable[T any](r reader, n *node, known keys[T], into *T) {
	if n.table == nil {
		r.wrong(n, "a table, as in { key = value }")
		return
	}
	for _, child := range n.children() {
		if read := known[child.key]; read != nil {
			read(r, child, into)
			continue
		}
		unknownKey(r, child, slices.Collect(maps.Keys(known)))
	}
}

// unknownKey notes a key that does not exist here, and what may have been meant.
func unknownKey(r reader, n *node, known []string) {
	if r.problems.full() {
		r.fail(n, "unknown key %s", quoted(n.key))
		return
	}
	r.failHint(n, keyHint(n.key, known), "unknown key %s", quoted(n.key))
}

// keyHint suggests a known key, or says where a key that exists elsewhere belongs.
func keyHint(key string, known []string) string {
	if place := placeOfKey[key]; place != "" {
		return fmt.Sprintf("%s belongs %s", quoted(key), place)
	}
	if hint := didYouMean(key, known); hint != "" {
		return hint
	}
	if near := nearest(key, slices.Collect(maps.Keys(placeOfKey))); len(near) >= 3 && strings.HasPrefix(key, near[:3]) {
		return fmt.Sprintf("did you mean %s? it belongs %s", quoted(near), placeOfKey[near])
	}
	return ""
}

// placeOfKey helps with keys that stand in the wrong table.
var placeOfKey = map[string]string{
	"time": "in limits", "wall": "in limits", "memory": "in limits", "output": "in limits",
	"processes": "in limits", "stack": "in limits", "disk": "in limits", "inodes": "in limits",
	"open_files": "in limits",
	"protocol":   "in checker, interactor or validators", "pipes": "in interactor",
	"layers": "in sandbox", "binds": "in sandbox", "network": "in sandbox", "ports": "in sandbox",
	"input": "in [[task.test]]", "input_file": "in [[task.test]]",
	"answer": "in [[task.test]]", "answer_file": "in [[task.test]]", "args": "in [[task.test]]",
	"compile": "in [language.NAME]", "run": "in [language.NAME]", "extensions": "in [language.NAME]",
	"submissions": "in [[task]] or [defaults]", "tests": "in [[task]] or [defaults]",
	"include": "at the top of the file", "defaults": "at the top of the file", "schema": "at the top of the file",
}

// text reads any string.
func (r reader) text(n *node) (string, bool) {
	s, ok := n.scalar.(string)
	if !ok {
		hint := ""
		switch n.scalar.(type) {
		case int64, float64, bool:
			hint = fmt.Sprintf("write it in quotes: \"%v\"", n.scalar)
		}
		r.failHint(n, hint, "%s %s: want a string", printable(n.key), n)
	}
	return s, ok
}

// name reads a string that will be a name in tables and records.
func (r reader) name(n *node) (string, bool) {
	s, ok := r.text(n)
	if !ok {
		return "", false
	}
	if problem := nameProblem(s); problem != "" {
		r.fail(n, "%s %s: %s", printable(n.key), n, problem)
		return "", false
	}
	return s, true
}

// maxArgumentBytes is what Linux takes as one argument or environment variable (MAX_ARG_STRLEN of
// execve(2)).
const maxArgumentBytes = 128<<10 - 1

// argument reads a string that execve can take.
func (r reader) argument(n *node) (string, bool) {
	s, ok := r.text(n)
	switch {
	case !ok:
		return "", false
	case strings.ContainsRune(s, 0):
		r.wrong(n, "text without NUL characters")
		return "", false
	case len(s) > maxArgumentBytes:
		r.fail(n, "%s of %d bytes: the system takes at most %d", printable(n.key), len(s), maxArgumentBytes)
		return "", false
	}
	return s, true
}

// list reads an array, each element by the given function; those that are wrong are left out.
func (r reader) list(n *node, want string, read func(*node) (string, bool)) ([]string, bool) {
	if !n.array {
		hint := ""
		if s, ok := n.scalar.(string); ok {
			hint = fmt.Sprintf("write %s = [%s]", n.key, quoted(s))
		}
		r.failHint(n, hint, "%s %s: want an array of %s", printable(n.key), n, want)
		return nil, false
	}
	result, ok := make([]string, 0, len(n.items)), true
	for _, item := range n.items {
		s, good := read(item)
		if !good {
			ok = false
			continue
		}
		result = append(result, s)
	}
	return result, ok
}

// arguments reads an argument list.
func (r reader) arguments(n *node) ([]string, bool) { return r.list(n, "strings", r.argument) }

// environment reads a table of variables.
func (r reader) environment(n *node) (map[string]string, bool) {
	if n.table == nil {
		r.wrong(n, "a table, as in { NAME = \"value\" }")
		return nil, false
	}
	r = r.within(n.key)
	env, ok := make(map[string]string, len(n.table)), true
	for _, child := range n.children() {
		value, good := r.argument(child)
		if child.key == "" || strings.ContainsAny(child.key, "=\x00") {
			r.fail(child, "%s: want a name without = and NUL", quoted(child.key))
			good = false
		}
		if !good {
			ok = false
			continue
		}
		env[child.key] = value
	}
	return env, ok
}

// none notes an array that should not be empty.
func (r reader) none(n *node, want string) {
	r.fail(n, "%s: want %s, this is empty", printable(n.key), want)
}
