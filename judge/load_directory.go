package judge

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// maxSources bounds the files of a program, in case it names the wrong directory.
const maxSources = 1000

// directory is the program that a directory holds, in the language of that name or, when it is empty,
// of its entry point's extension.
func (t *languageTable) directory(language, at string) (Code, error) {
	files, err := sourceFiles(at)
	if err != nil {
		return Code{}, err
	}
	entry, err := t.entryPoint(language, files)
	if err != nil {
		return Code{}, err
	}
	return t.ordered(language, files, entry)
}

// EntryPoint is the file that a directory's program in the built-in languages begins with, relative to it. An
// error says why that is not clear.
func EntryPoint(at string) (string, error) {
	table, err := builtinLanguages()
	if err != nil {
		return "", err
	}
	code, err := table.directory("", at)
	if err != nil {
		return "", err
	}
	return code.Files[0].Name, nil
}

// sourceFiles are the files at and below a directory, in lexicographic order, without those whose names
// begin with a dot. Links are refused: they could lead anywhere.
func sourceFiles(at string) ([]SourceFile, error) {
	var files []SourceFile
	err := filepath.WalkDir(at, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return plainCause(err)
		}
		if file == at {
			return nil
		}
		below, err := filepath.Rel(at, file)
		name := filepath.ToSlash(below)
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
		case entry.IsDir():
		case !entry.Type().IsRegular():
			return fmt.Errorf("%s is a %s: want regular files and directories", quoted(name), typeOf(entry.Type()))
		case len(files) == maxSources:
			return fmt.Errorf("has more than %d files", maxSources)
		default:
			files = append(files, SourceFile{Name: name, Data: Data{File: file}})
		}
		return nil
	})
	if err == nil && len(files) == 0 {
		err = errors.New("is an empty directory")
	}
	return files, err
}

// typeOf names a file that is none to compile.
func typeOf(mode os.FileMode) string {
	if mode&os.ModeSymlink != 0 {
		return "symbolic link"
	}
	return "special file"
}

// entryPoint finds the file that a program begins with: main.*, the only file in a language, or the only
// one that has what its language says is found in an entry point.
func (t *languageTable) entryPoint(language string, files []SourceFile) (int, error) {
	var known, mains, entries []int
	for i, f := range files {
		l := t.byExtension[path.Ext(f.Name)]
		if language != "" {
			l = t.byName[language]
			if !slices.Contains(l.Extensions, path.Ext(f.Name)) {
				l = nil
			}
		}
		if l == nil {
			continue
		}
		known = append(known, i)
		if strings.EqualFold(mainName(f.Name), "main") {
			mains = append(mains, i)
		}
		if l.Entry != nil && l.Entry.MatchString(f.look()) {
			entries = append(entries, i)
		}
	}
	for _, found := range [][]int{mains, known, entries} {
		if len(found) == 1 {
			return found[0], nil
		}
	}
	name := func(i int) string { return quoted(files[i].Name) }
	const want = "want one file called main.*, or only one with a main function"
	switch {
	case len(known) == 0 && language != "":
		return 0, fmt.Errorf("has no file with an extension of language %s", quoted(language))
	case len(known) == 0:
		return 0, errors.New("has no file with the extension of a language")
	case len(mains) > 1:
		return 0, fmt.Errorf("has %s and %s: %s", name(mains[0]), name(mains[1]), want)
	case len(entries) > 1:
		return 0, fmt.Errorf("has a main function in %s and in %s: %s", name(entries[0]), name(entries[1]), want)
	}
	return 0, fmt.Errorf("has no entry point: %s", want)
}
