package packages

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"judge/judge"
)

// Package is a problem package that was read. It is used by one goroutine at a time.
type Package struct {
	problem
	tree     tree
	manifest string // problem.yaml or problem.xml
	unpacked string // temporary directory of an archive, or of a copy; empty: there is none
	filled   bool   // it is a copy, for the sake of constants
}

// Is tells whether a path is that of a package: an archive, or a directory with a problem.yaml or a
// problem.xml. A directory with a tasks.toml is none.
func Is(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	if !info.IsDir() {
		return isArchive(path)
	}
	_, err = os.Lstat(filepath.Join(path, "tasks.toml"))
	return errors.Is(err, fs.ErrNotExist) && manifestOf(path) != ""
}

// manifestOf is the file that makes a directory a package; empty: it is none.
func manifestOf(dir string) string {
	for _, name := range []string{"problem.yaml", "problem.xml"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return name
		}
	}
	return ""
}

// Open reads a package. What is wrong with it is a *judge.InputError: one, the first. The caller closes the
// package when nothing that came of it is used any more.
func Open(path string) (_ *Package, err error) {
	p := &Package{tree: tree{root: path, shown: path}}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	if isArchive(path) {
		if p.unpacked, err = os.MkdirTemp("", "judge-package-"); err != nil {
			return nil, fmt.Errorf("unpack %s: %w", path, err)
		}
		if p.tree.root, err = unpack(path, p.unpacked); err != nil {
			return nil, &judge.InputError{File: path, Message: err.Error()}
		}
	}
	if p.tree.root, err = withoutLinks(p.tree.root); err != nil {
		return nil, err
	}
	if p.manifest = manifestOf(p.tree.root); p.manifest == "" {
		return nil, p.tree.fail("", "has no problem.yaml and no problem.xml")
	}
	if err := p.tree.checkLinks(); err != nil {
		return nil, err
	}
	p.name = shortName(path, p.tree.root)
	read := readPolygon
	if p.manifest == "problem.yaml" {
		read = readKattis
		if err := p.putConstants(); err != nil {
			return nil, err
		}
	}
	if err := read(&p.problem, p.tree); err != nil {
		return nil, err
	}
	return p, p.check()
}

// withoutLinks is the absolute path that a path leads to.
func withoutLinks(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}

// shortName is what the directory or the archive is called.
func shortName(path, root string) string {
	if isArchive(path) {
		base := filepath.Base(path)
		return strings.TrimSuffix(base, filepath.Ext(base))
	}
	return filepath.Base(root)
}

// check finds what no package may be without.
func (p *Package) check() error {
	switch {
	case len(p.tests) == 0:
		return p.tree.fail(p.manifest, "the package has no tests")
	case len(p.submissions) == 0:
		return p.tree.fail(p.manifest, "the package has no submissions that can be judged%s", p.lastNote())
	}
	for _, s := range p.submissions {
		if strings.ContainsAny(s.name, `*?[\`) {
			return p.tree.fail(s.name, "want a name without * ? [ and \\")
		}
	}
	return nil
}

func (p *Package) lastNote() string {
	if len(p.notes) == 0 {
		return ""
	}
	return ": " + p.notes[len(p.notes)-1]
}

// Close removes what was unpacked or copied.
func (p *Package) Close() error {
	if p.unpacked == "" {
		return nil
	}
	return os.RemoveAll(p.unpacked)
}

// Notes are what the package says and its task file cannot, a sentence each.
func (p *Package) Notes() []string { return slices.Clone(p.notes) }

// Name is the file that the package begins with, as messages call it.
func (p *Package) Name() string { return p.tree.show(p.manifest) }

// Passing says what to do where the package's files are there only until it is closed; empty: they stay.
func (p *Package) Passing() string {
	switch {
	case p.filled:
		return "write the values of its constants into its programs"
	case p.unpacked != "":
		return "unpack it"
	}
	return ""
}

// TaskFile is the package as judge.LoadFiles takes it. Its time limit must be known: see Calibrate.
func (p *Package) TaskFile() judge.TaskFile {
	return judge.TaskFile{Name: p.Name(), Dir: p.tree.root, Text: p.document("")}
}

// Document is the text of a task file that is to be in a directory.
func (p *Package) Document(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return "", err
	}
	prefix, err := filepath.Rel(dir, p.tree.root)
	if err != nil {
		return "", fmt.Errorf("task file in %s: %w", dir, err)
	}
	return p.document(filepath.ToSlash(prefix)), nil
}

// Plain is what judge.LoadFiles found wrong with packages' task files, without lines of a text that nobody
// has seen. Other errors it returns as they are.
func Plain(err error, made []judge.TaskFile) error {
	var input *judge.InputErrors
	if !errors.As(err, &input) {
		return err
	}
	for _, e := range input.Errors {
		if slices.ContainsFunc(made, func(f judge.TaskFile) bool { return f.Text != "" && f.Name == e.File }) {
			e.Line, e.Source = 0, ""
		}
	}
	return err
}
