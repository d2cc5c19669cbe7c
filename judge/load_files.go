package judge

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// files looks at the files that a task file names. It remembers the answers, because tasks often
// share them ([defaults]), and loading is meant to be fast for many thousand tasks.
type files struct {
	globs   map[[2]string]globResult
	regular map[string]error
	exists  map[string]bool
}

type globResult struct {
	names []string
	err   error
}

func newFiles() *files {
	return &files{globs: map[[2]string]globResult{}, regular: map[string]error{}, exists: map[string]bool{}}
}

// resolve is the path of a name that is relative to a directory.
func resolve(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, filepath.FromSlash(name))
}

// glob is expandGlob, once per directory and pattern.
func (f *files) glob(p *problems, dir, pattern string) ([]string, error) {
	key := [2]string{dir, pattern}
	if known, ok := f.globs[key]; ok {
		return known.names, known.err
	}
	names, err := expandGlob(dir, pattern, p.spend)
	f.globs[key] = globResult{names, err}
	return names, err
}

// checkRegular says why a path cannot be read as a regular file. It opens it: only that is sure.
func (f *files) checkRegular(at string) error {
	if err, ok := f.regular[at]; ok {
		return err
	}
	file, err := openRegular(at)
	if err == nil {
		file.Close()
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = errNoFile
	}
	f.regular[at] = err
	return err
}

var errNoFile = errors.New("no such file")

// present says whether something has this name.
func (f *files) present(at string) bool {
	known, ok := f.exists[at]
	if !ok {
		_, err := os.Lstat(at)
		known = err == nil
		f.exists[at] = known
	}
	return known
}

// named resolves one file that a node names without a pattern.
func (f *files) named(r reader, n *node, dir string) (string, bool) {
	name, ok := r.fileName(n)
	if !ok {
		return "", false
	}
	at := resolve(dir, name)
	if err := f.checkRegular(at); err != nil {
		r.failHint(n, r.nearFile(dir, name, err), "%s %s: %v", n.key, n, err)
		return "", false
	}
	return at, true
}

// nearFile suggests a neighbour of a file that does not exist.
func (r reader) nearFile(dir, name string, err error) string {
	if err != errNoFile || !r.problems.suggests(0) {
		return ""
	}
	parent := path.Dir(name)
	entries, err := os.ReadDir(resolve(dir, parent))
	if err != nil {
		return fmt.Sprintf("there is no directory %s", quoted(parent))
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if !r.problems.suggests(len(names)) {
		return ""
	}
	if near := nearest(path.Base(name), names); near != "" {
		return "did you mean " + quoted(path.Join(parent, near)) + "?"
	}
	return ""
}

// fileName reads a string that names a file.
func (r reader) fileName(n *node) (string, bool) {
	name, ok := r.name(n)
	if ok && strings.ContainsRune(name, 0) {
		r.wrong(n, "a file name without NUL")
		return "", false
	}
	return name, ok
}

// match is a file that an array of patterns names.
type match struct {
	name      string // as the pattern gives it, clean
	at        string // absolute
	directory bool
	from      *node
}

// matches expands an array of patterns. A file that two patterns match is there once, where the first
// one has it; the same pattern twice is a mistake. Every match is a readable regular file.
func (f *files) matches(r reader, n *node, dir string) []match {
	return f.matching(r, n, dir, func(_ *node, at string) error { return f.checkRegular(at) })
}

// programs is matches, but that a pattern with a slash at its end is for directories.
func (f *files) programs(r reader, n *node, dir string) []match {
	return f.matching(r, n, dir, func(item *node, at string) error {
		if forDirectories(item) {
			return checkDirectory(at)
		}
		return f.checkRegular(at)
	})
}

// forDirectories says whether a pattern, or a name, is one of directories.
func forDirectories(item *node) bool { return strings.HasSuffix(item.scalar.(string), "/") }

// directoryHint says how a directory can be a submission.
func directoryHint(item *node, at string) string {
	if item.key != "submissions" || forDirectories(item) || checkDirectory(at) != nil {
		return ""
	}
	return "a slash at the end, for a directory that is one submission of several files"
}

func checkDirectory(at string) error {
	switch info, err := os.Stat(at); {
	case errors.Is(err, fs.ErrNotExist):
		return errNoFile
	case err != nil:
		return plainCause(err)
	case !info.IsDir():
		return errors.New("is not a directory")
	}
	return nil
}

func (f *files) matching(r reader, n *node, dir string, check func(item *node, at string) error) []match {
	if _, ok := r.list(n, "file names and patterns", r.fileName); !ok {
		return nil
	}
	if len(n.items) == 0 {
		r.none(n, "at least one file name")
	}
	var result []match
	patterns, seen := map[string]*node{}, map[string]bool{}
	for _, item := range n.items {
		pattern := path.Clean(item.scalar.(string))
		if earlier := patterns[pattern]; earlier != nil {
			r.fail(item, "%s %s: is there already, in line %d", n.key, item, earlier.doc.line(earlier.offset))
			continue
		}
		patterns[pattern] = item
		names := []string{pattern}
		if isPattern(pattern) {
			var ok bool
			if names, ok = f.expand(r, item, dir, pattern); !ok {
				continue
			}
		} else if err := check(item, resolve(dir, pattern)); err != nil {
			r.failHint(item, cmp.Or(r.nearFile(dir, pattern, err), directoryHint(item, resolve(dir, pattern))), "%s %s: %v", item.key, item, err)
			continue
		}
		for _, name := range names {
			if seen[name] {
				continue
			}
			seen[name] = true
			at := resolve(dir, name)
			if problem := nameProblem(name); problem != "" {
				r.fail(item, "%s %s: file name %s %s", n.key, item, quoted(name), problem)
			} else if err := check(item, at); err != nil {
				r.failHint(item, directoryHint(item, at), "%s %s: %v", n.key, quoted(name), err)
			} else {
				result = append(result, match{name: name, at: at, directory: forDirectories(item), from: item})
			}
		}
	}
	return result
}

// expand is what one pattern stands for.
func (f *files) expand(r reader, item *node, dir, pattern string) ([]string, bool) {
	if err := checkPattern(pattern); err != nil {
		r.fail(item, "%s %s: %v", item.key, item, err)
		return nil, false
	}
	names, err := f.glob(r.problems, dir, pattern)
	if forDirectories(item) {
		isNone := func(name string) bool { return checkDirectory(resolve(dir, name)) != nil }
		names = slices.DeleteFunc(slices.Clone(names), isNone)
	}
	switch {
	case err != nil:
		r.fail(item, "%s %s: %v", item.key, item, err)
		return nil, false
	case len(names) == 0:
		r.failHint(item, f.noMatchHint(dir, pattern), "%s %s: matches no file", item.key, item)
		return nil, false
	}
	return names, true
}

// noMatchHint says what is there instead.
func (f *files) noMatchHint(dir, pattern string) string {
	if f.present(resolve(dir, pattern)) {
		return `write \ before each of * ? [ to mean the file of this very name`
	}
	fixed := path.Dir(pattern)
	for isPattern(fixed) {
		fixed = path.Dir(fixed)
	}
	if !f.present(resolve(dir, fixed)) {
		return fmt.Sprintf("there is no directory %s", quoted(fixed))
	}
	return ""
}

// checkExecutable says why a file cannot be run as a command.
func checkExecutable(at string) error {
	info, err := os.Stat(at)
	if err != nil {
		return plainCause(err)
	}
	if info.Mode().Perm()&0o111 == 0 {
		return errors.New("is not executable: chmod +x it")
	}
	return nil
}
