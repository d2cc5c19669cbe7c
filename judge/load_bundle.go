package judge

import (
	"fmt"
	"path/filepath"
)

// Bounds of a bundle, which somebody may have made to wear out who loads it.
const (
	maxBundleBytes     = 4 << 20 // of its task file
	maxBundleTests     = 10_000
	maxBundleLanguages = 100 // of its own
	maxBundlePhrases   = 32  // by which the runtime of one says that it is out of memory
	maxBundlePhrase    = 256 // bytes of one of these
	maxBundleEntry     = 100 // instructions of the regular expression for the entry points of one
)

// bundleFile is the task file of a bundle, also in messages.
const bundleFile = "tasks.toml"

// LoadBundle loads the task in a directory whose content comes from a stranger: regular files and directories,
// among them a tasks.toml with one task. Its submissions come from elsewhere too (see NewSubmission): what the
// file says of them, and of what is expected, is not looked at.
//
// Such a task may not take anything from the host (see FromHost). It is refused for what it asks for, before any
// other file is opened. The error is an *InputErrors, whose messages call the file tasks.toml.
func LoadBundle(dir string) (*Task, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	builtin, err := builtinLanguages()
	if err != nil {
		return nil, fmt.Errorf("bug: built-in languages: %w", err)
	}
	text, err := readDocument(filepath.Join(dir, bundleFile))
	if err == nil && len(text) > maxBundleBytes {
		err = fmt.Errorf("is %d bytes: a task that is sent has at most %d; long inputs belong into files of their own", len(text), maxBundleBytes)
	}
	if err != nil {
		return nil, bundleError("%w", err)
	}
	l := &loader{files: newFiles(), taskNames: map[string]*node{}, bundle: true}
	own := bundleEffort
	l.problems.effort = &own
	l.document(&document{file: bundleFile, order: 1, text: text}, dir, builtin, nil)
	if err := l.problems.err(); err != nil {
		return nil, err
	}
	if len(l.tasks) != 1 {
		return nil, bundleError("want one [[task]], these are %d", len(l.tasks))
	}
	t := &l.tasks[0]
	if len(t.Tests) > maxBundleTests {
		return nil, bundleError("task %s: has %d tests: want at most %d", quoted(t.Name), len(t.Tests), maxBundleTests)
	}
	if taken := t.FromHost(); len(taken) > 0 {
		return nil, bundleError("task %s: %s: is the host's", quoted(t.Name), taken[0])
	}
	return t, nil
}

func bundleError(format string, args ...any) *InputErrors {
	return &InputErrors{Errors: []*InputError{{File: bundleFile, Message: fmt.Errorf(format, args...).Error()}}}
}
