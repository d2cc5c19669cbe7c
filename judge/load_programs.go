package judge

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// programWords is one entry of `programs`: what the files of some submissions do not tell.
type programWords struct {
	node     *node
	pattern  string
	language string
	entry    string
	include  *node
	used     bool
}

var programKeys = keys[programWords]{
	"language": func(r reader, n *node, into *programWords) { into.language, _ = r.name(n) },
	"entry":    func(r reader, n *node, into *programWords) { into.entry, _ = r.fileName(n) },
	"include":  func(_ reader, n *node, into *programWords) { into.include = n },
}

// readPrograms reads the entries, in the order of the file.
func (f *fileReader) readPrograms(r reader, n *node) []programWords {
	if n == nil {
		return nil
	}
	if n.table == nil {
		r.wrong(n, `a table, as in { "slow.py" = { language = "pypy" } }`)
		return nil
	}
	var entries []programWords
	for _, child := range n.children() {
		r := r.within("programs " + quoted(child.key))
		w := programWords{node: child, pattern: path.Clean(child.key)}
		readTable(r, child, programKeys, &w)
		if err := checkPattern(child.key); err != nil {
			r.fail(child, "%v", err)
			continue
		}
		if f.languages.has(r, child.table["language"], w.language) {
			entries = append(entries, w)
		}
	}
	return entries
}

// wordsFor is the entry with a submission's name, else the first pattern that matches; all that match count as
// used.
func wordsFor(entries []programWords, name string) *programWords {
	var exact, first *programWords
	for i := range entries {
		w := &entries[i]
		switch {
		case w.pattern == name:
			exact, w.used = w, true
		case matchPath(w.pattern, name):
			w.used = true
			if first == nil {
				first = w
			}
		}
	}
	if exact != nil {
		return exact
	}
	return first
}

// failUnusedWords notes the entries that match no submission.
func failUnusedWords(r reader, entries []programWords, submissions []Submission) {
	for _, w := range entries {
		if !w.used && !w.node.inherited {
			r.failHint(w.node, expectHint(w.pattern, submissions), "programs %s: matches no submission", quoted(w.node.key))
		}
	}
}

// program is the program of one submission. What is said of it goes before the task's language and what its
// files tell.
func (f *fileReader) program(r reader, m match, language string, words *programWords) (Code, error) {
	if words == nil {
		words = &programWords{}
	}
	if words.language != "" {
		language = words.language
	}
	files := []SourceFile{{Name: path.Base(m.name), Data: Data{File: m.at}}}
	if m.directory {
		var err error
		if files, err = sourceFiles(m.at); err != nil {
			return Code{}, err
		}
	}
	var included []SourceFile
	if words.include != nil {
		for _, own := range f.files.matches(r, words.include, f.dir) {
			included = append(included, SourceFile{Name: path.Base(own.name), Data: Data{File: own.at}})
		}
	}
	entry := words.entry
	if entry == "" {
		if i := slices.IndexFunc(included, func(s SourceFile) bool { return f.languages.isMain(s.Name) }); i >= 0 {
			entry = included[i].Name
		}
	}
	if entry == "" {
		at := 0
		if m.directory {
			var err error
			if at, err = f.languages.entryPoint(f.languages.nameForFiles(language, words, files), files); err != nil {
				return Code{}, err
			}
		}
		entry = files[at].Name
	}
	return f.languages.assembled(language, entry, files, included)
}

// nameForFiles is the language to look for in files. What is said of a submission alone needs no extension of
// its language: PyPy's programs are called *.py.
func (t *languageTable) nameForFiles(language string, words *programWords, files []SourceFile) string {
	l := t.byName[language]
	if words.language == "" || slices.ContainsFunc(files, func(f SourceFile) bool { return slices.Contains(l.Extensions, path.Ext(f.Name)) }) {
		return language
	}
	return ""
}

// assembled is the program of files, of which those that are included stand in for others of their name.
func (t *languageTable) assembled(language, entry string, files, included []SourceFile) (Code, error) {
	named := func(name string) func(SourceFile) bool { return func(f SourceFile) bool { return f.Name == name } }
	files = slices.DeleteFunc(files, func(f SourceFile) bool { return slices.ContainsFunc(included, named(f.Name)) })
	files = append(files, included...)
	at := slices.IndexFunc(files, named(entry))
	if at < 0 {
		return Code{}, fmt.Errorf("has no file %s for its entry point", quoted(entry))
	}
	return t.ordered(language, files, at)
}

// isMain tells a file that is an entry point by its name.
func (t *languageTable) isMain(name string) bool {
	return t.byExtension[path.Ext(name)] != nil && strings.EqualFold(mainName(name), "main")
}

// ordered is the program of files with the entry point first.
func (t *languageTable) ordered(language string, files []SourceFile, entry int) (Code, error) {
	l := t.find(language, files[entry].Name)
	if l == nil {
		return Code{}, errors.New(noLanguage(files[entry].Name) + " (known: " + strings.Join(t.names(), ", ") + ")")
	}
	files[0], files[entry] = files[entry], files[0]
	slices.SortFunc(files[1:], func(a, b SourceFile) int { return strings.Compare(a.Name, b.Name) })
	return NewCode(l, files...), nil
}
