package judge

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// NewSubmission makes a submission of a loaded task out of source files, which may come from a stranger. It is
// what Load makes of the same files in a directory: of several, the entry point is main.* or the only one that
// can be. Without a language, that is the task's, or else the one of the entry point's extension. Without a name
// it is called after its entry point. Any verdict is expected.
//
// Files have clean names below the work directory. An error says what is wrong with the files or the language;
// it is the submitter's.
func (t *Task) NewSubmission(name, language string, files ...SourceFile) (Submission, error) {
	if t.languages == nil {
		return Submission{}, errors.New("bug: the task was not loaded")
	}
	if language == "" {
		language = t.language
	}
	if language != "" && t.languages.byName[language] == nil {
		return Submission{}, fmt.Errorf("language %s: want one of %s", quoted(language), strings.Join(t.languages.names(), ", "))
	}
	if err := checkSources(files); err != nil {
		return Submission{}, err
	}
	code, err := t.languages.program(language, files)
	if err != nil {
		return Submission{}, err
	}
	s := Submission{Name: name, Code: code}
	if name == "" {
		s.Name = code.Files[0].Name
	}
	if problem := nameProblem(s.Name); problem != "" {
		return Submission{}, fmt.Errorf("name of the submission: %s", problem)
	}
	return s, t.checkPlaces(&s)
}

// program puts the files of a program into their order.
func (t *languageTable) program(language string, files []SourceFile) (Code, error) {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b SourceFile) int { return strings.Compare(a.Name, b.Name) })
	if len(files) > 1 {
		entry, err := t.entryPoint(language, files)
		if err != nil {
			return Code{}, fmt.Errorf("sources: %w", err)
		}
		files[0], files[entry] = files[entry], files[0]
		slices.SortFunc(files[1:], func(a, b SourceFile) int { return strings.Compare(a.Name, b.Name) })
	}
	l := t.find(language, files[0].Name)
	if l == nil {
		return Code{}, fmt.Errorf("source %s: %s (known: %s)", quoted(files[0].Name), noLanguage(files[0].Name), strings.Join(t.names(), ", "))
	}
	return NewCode(l, files...), nil
}

// maxSourceName bounds the name of a source file, in bytes: it is maxFileName and a little less, for compilers append to it.
const maxSourceName = maxFileName - 16

// checkSources refuses names that are not those of files below a directory, or cannot be together in one.
func checkSources(files []SourceFile) error {
	switch {
	case len(files) == 0:
		return errors.New("sources: want at least one file")
	case len(files) > maxSources:
		return fmt.Errorf("sources: has more than %d files", maxSources)
	}
	taken := map[string]bool{}
	for _, f := range files {
		switch problem := nameProblem(f.Name); {
		case problem != "":
			return fmt.Errorf("source %s: file name %s", quoted(f.Name), problem)
		case !fs.ValidPath(f.Name) || f.Name == ".":
			return fmt.Errorf("source %s: want a clean path below the work directory", quoted(f.Name))
		case strings.HasPrefix(f.Name, ".") || strings.Contains(f.Name, "/."):
			return fmt.Errorf("source %s: names that begin with a dot are not taken", quoted(f.Name))
		case slices.ContainsFunc(strings.Split(f.Name, "/"), func(part string) bool { return len(part) > maxSourceName }):
			return fmt.Errorf("source %s: file name is too long", quoted(f.Name))
		case taken[f.Name]:
			return fmt.Errorf("source %s: is there twice", quoted(f.Name))
		}
		taken[f.Name] = true
	}
	for _, f := range files {
		for above := path.Dir(f.Name); above != "."; above = path.Dir(above) {
			if taken[above] {
				return fmt.Errorf("source %s: %s is a file", quoted(f.Name), quoted(above))
			}
		}
	}
	return nil
}

// checkPlaces refuses a submission whose files would be covered by those of a test.
func (t *Task) checkPlaces(s *Submission) error {
	var places map[string]string
	for i := range t.Tests {
		for to := range t.Tests[i].Files {
			if places == nil {
				places = placesOf([]Submission{*s})
			}
			if top, _, _ := strings.Cut(to, "/"); places[top] != "" {
				return fmt.Errorf("source: give it another name: %s is a file of test %s", quoted(top), quoted(t.Tests[i].Name))
			}
		}
	}
	return nil
}

// OnlyTests is the task with only the tests of these names; without names, with all. An error names one that
// there is not.
func (t *Task) OnlyTests(names ...string) (*Task, error) {
	if len(names) == 0 {
		return t, nil
	}
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[name] = true
	}
	var indexes []int
	for i := range t.Tests {
		if wanted[t.Tests[i].Name] {
			indexes = append(indexes, i)
			delete(wanted, t.Tests[i].Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		return nil, fmt.Errorf("test %s: there is none of this name", quoted(name))
	}
	return withTests(t, indexes), nil
}

// Needs lists the built-in languages that a worker must have to judge a submission of the task, or, when s is
// nil, any: those of the submission, of the checker and of the interactor; sorted, each once. A language that
// the task itself brings is not among them, for nobody advertises it.
func (t *Task) Needs(s *Submission) []string {
	var found []string
	add := func(l *Language) {
		if table, err := builtinLanguages(); l != nil && err == nil && table.byName[l.Name] != nil {
			found = append(found, l.Name)
		}
	}
	if s != nil {
		add(s.Language)
	}
	if tool := t.judgingTool(); tool != nil {
		add(tool.Language)
	}
	slices.Sort(found)
	return slices.Compact(found)
}
