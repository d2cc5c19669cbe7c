package judge

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Load reads task files and returns their tasks in the order of the files; a directory stands for the
// tasks.toml in it. The tasks of included files follow those of the file that includes them.
//
// Nothing is run, and every file that a task names was found and could be opened. The error is an
// *InputErrors with all mistakes of all files; then there are no tasks.
//
// [defaults] holds for the tasks of its own file. A [language.NAME] holds for the included files
// too, below what they say themselves: the including file describes the contest, and each included
// file still means something when it is loaded alone.
func Load(paths ...string) ([]Task, error) {
	files := make([]TaskFile, len(paths))
	for i, path := range paths {
		files[i].Name = path
	}
	return LoadFiles(files...)
}

// TaskFile is a task file to load: a file or a directory, or text that somebody has made.
type TaskFile struct {
	Name string // with Text, what messages and records call it
	Dir  string // absolute: what names in Text are relative to
	Text string // empty: the file is read
}

// LoadFiles is Load for files that need not exist as such.
func LoadFiles(taskFiles ...TaskFile) ([]Task, error) {
	builtin, err := builtinLanguages()
	if err != nil {
		return nil, fmt.Errorf("bug: built-in languages: %w", err)
	}
	l := &loader{files: newFiles(), loaded: map[string]string{}, taskNames: map[string]*node{}}
	for _, f := range taskFiles {
		if f.Text == "" {
			l.file(f.Name, builtin, nil, nil)
			continue
		}
		l.documents++
		l.document(&document{file: f.Name, order: l.documents, text: f.Text}, f.Dir, builtin, nil)
	}
	if err := l.problems.err(); err != nil {
		return nil, err
	}
	return l.tasks, nil
}

// loader is the state of one Load.
type loader struct {
	problems  problems
	files     *files
	documents int
	loaded    map[string]string // real path of each file read = its name
	taskNames map[string]*node
	tasks     []Task
	bundle    bool // the files come from a stranger: see LoadBundle

	sources     map[[2]string]map[string]*lineIndex // by file and field: the lines of each task
	sourceOrder map[string]int                      // files of sources, among the documents
}

// including is one file of the chain of includes that leads to another.
type including struct {
	name, real string
}

// file loads one task file. from is the element of `include` that names it, nil for a file of the
// command line; chain is what includes it.
func (l *loader) file(name string, languages *languageTable, from *node, chain []including) {
	fail := func(format string, args ...any) {
		message := fmt.Sprintf(format, args...)
		if from != nil {
			reader{problems: &l.problems}.fail(from, "include %s: %s", quoted(name), message)
			return
		}
		l.documents++
		l.problems.add(problem{InputError: InputError{File: name, Message: message}, document: l.documents})
	}
	if problem := nameProblem(name); problem != "" {
		fail("file name %s", problem)
		return
	}
	path := name
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "tasks.toml")
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		fail("%v", err)
		return
	}
	real := absolute
	if resolved, err := filepath.EvalSymlinks(absolute); err == nil {
		real = resolved
	}
	if i := slices.IndexFunc(chain, func(c including) bool { return c.real == real }); i >= 0 {
		var circle strings.Builder
		for _, c := range chain[i:] {
			circle.WriteString(c.name + " -> ")
		}
		fail("is a circle: %s", circle.String()+chain[i].name)
		return
	}
	if earlier, ok := l.loaded[real]; ok {
		fail("is loaded already, as %s", quoted(earlier))
		return
	}
	if l := languages.find("", path); l != nil && from == nil {
		fail("is a program in %s: want a task file that names it, such as judge init writes", l.Name)
		return
	}
	l.loaded[real] = path
	text, err := readDocument(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = errNoFile
		}
		if path != name {
			err = fmt.Errorf("tasks.toml in it: %w", err)
			if from == nil {
				err = fmt.Errorf("%w; judge init writes one", err)
			}
		}
		fail("%v", err)
		return
	}
	l.documents++
	d := &document{file: path, order: l.documents, text: text}
	l.document(d, filepath.Dir(absolute), languages, append(slices.Clone(chain), including{path, real}))
}

// document loads what a task file says. dir is what its names are relative to.
func (l *loader) document(d *document, dir string, languages *languageTable, chain []including) {
	root, fault := parseDocument(d)
	if fault != nil {
		l.problems.add(problem{InputError: *fault, document: d.order})
		return
	}
	if l.bundle && !(fence{reader{problems: &l.problems}}).accepts(root) { // nothing else is done
		return
	}
	f := &fileReader{loader: l, dir: dir, doc: d}
	f.read(root, languages, chain)
}

// fileReader reads the top level of one task file.
type fileReader struct {
	*loader
	doc *document
	dir string // absolute

	languages *languageTable
	defaults  *node
	taskNodes []*node
	included  []match
}

func (f *fileReader) read(root *node, languages *languageTable, chain []including) {
	r := reader{problems: &f.problems}
	f.languages = languages.with(r, root.table["language"])
	if f.bundle {
		f.languages = f.languages.unprepared(hasEnvironment(root))
	}
	readTable(r, root, fileKeys, f)
	if root.table["task"] == nil && root.table["include"] == nil {
		r.failHint(root, `a task begins with [[task]]`, "there is no task in this file")
	}
	for i, n := range f.taskNodes {
		f.task(n, i+1)
	}
	for _, m := range f.included {
		// A relative name stays relative, as the user named the including file.
		name := m.at
		if !filepath.IsAbs(m.name) {
			name = filepath.Join(filepath.Dir(f.doc.file), m.name)
		}
		f.loader.file(name, f.languages, m.from, chain)
	}
}

var fileKeys = keys[fileReader]{
	"schema": func(r reader, n *node, _ *fileReader) {
		if n.scalar != int64(1) {
			r.wrong(n, "1, the only one that this version of judge knows")
		}
	},
	"include":  func(r reader, n *node, into *fileReader) { into.include(r, n) },
	"language": func(reader, *node, *fileReader) {}, // read first: tasks refer to it
	"defaults": func(r reader, n *node, into *fileReader) {
		if n.table == nil {
			r.wrong(n, "a table: [defaults]")
			return
		}
		if name := n.table["name"]; name != nil {
			r.fail(name, "defaults cannot give a name: it would be that of all tasks")
			delete(n.table, "name")
		}
		n.inherit()
		into.defaults = n
	},
	"task": func(r reader, n *node, into *fileReader) {
		if !n.array {
			r.failHint(n, "write [[task]]", "task: want an array of tables")
			return
		}
		into.taskNodes = n.items
		if len(n.items) == 0 {
			r.fail(n, "task: the list is empty")
		}
	},
}

// include finds the files to follow: names and patterns; a directory stands for its tasks.toml.
func (f *fileReader) include(r reader, n *node) {
	if _, ok := r.list(n, "file names and patterns", r.fileName); !ok {
		return
	}
	for _, item := range n.items {
		pattern := item.scalar.(string)
		names := []string{pattern}
		if isPattern(pattern) {
			var ok bool
			if names, ok = f.files.expand(r, item, f.dir, pattern); !ok {
				continue
			}
		}
		for _, name := range names {
			f.included = append(f.included, match{name: name, at: resolve(f.dir, name), from: item})
		}
	}
}
