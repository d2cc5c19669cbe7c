package judge

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"
)

// lineContent is what a line of a source gives: a program, and tests if it has its own.
type lineContent struct {
	Submission
	tests []TestCase // nil: the task's
}

// lineFormat says where in a line is what, and how it is to be taken.
type lineFormat struct {
	id, code, language, task, problem, tests string // fields; empty: there is none

	name      string    // the task's
	fixed     *Language // nil: the line names it
	languages *languageTable
	fence     bool // the code is in Markdown
	ownTests  lineTests
	required  bool // each line has tests of its own
	expect    []expectation
}

// parseLine reads a line's fields.
func parseLine(line []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(line) {
		return nil, errors.New("is not valid UTF-8")
	}
	var fields map[string]json.RawMessage
	err := json.Unmarshal(line, &fields)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("is not JSON: %s, at byte %d", syntax, syntax.Offset)
	case err != nil || fields == nil:
		return nil, errors.New("want a JSON object")
	}
	return fields, nil
}

// fieldOf looks up a field; `a.b` is field b of the object that is field a, unless a field has that very name.
func fieldOf(fields map[string]json.RawMessage, name string) (json.RawMessage, bool) {
	if value, ok := fields[name]; ok {
		return value, string(value) != "null"
	}
	for i, c := range name {
		if c != '.' {
			continue
		}
		var below map[string]json.RawMessage
		if json.Unmarshal(fields[name[:i]], &below) == nil {
			if value, ok := fieldOf(below, name[i+1:]); ok {
				return value, true
			}
		}
	}
	return nil, false
}

// textField reads a field that is a string.
func textField(fields map[string]json.RawMessage, name string) (string, error) {
	value, ok := fieldOf(fields, name)
	if !ok {
		return "", fmt.Errorf("field %s is missing", quoted(name))
	}
	var text string
	if err := json.Unmarshal(value, &text); err != nil {
		return "", fmt.Errorf("field %s: want a string, this is %s", quoted(name), jsonKind(value))
	}
	return text, nil
}

// nameField reads a field that names something: a string or a whole number.
func nameField(fields map[string]json.RawMessage, name string) (string, error) {
	value, ok := fieldOf(fields, name)
	if ok {
		if _, err := strconv.ParseInt(string(value), 10, 64); err == nil {
			return string(value), nil
		}
	}
	text, err := textField(fields, name)
	if err != nil {
		return "", err
	}
	if problem := nameProblem(text); problem != "" {
		return "", fmt.Errorf("field %s: %s: %s", quoted(name), quoted(text), problem)
	}
	return text, nil
}

// jsonKind names the type of a value for messages.
func jsonKind(value json.RawMessage) string {
	switch value[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "true or false"
	}
	return "a number"
}

// has says whether a line belongs to the format's task.
func (f *lineFormat) has(fields map[string]json.RawMessage) bool {
	if f.task == "" {
		return true
	}
	name, err := nameField(fields, f.task)
	return err == nil && name == f.name
}

// read makes a submission of a line's fields. An error says what is wrong with the line.
func (f *lineFormat) read(fields map[string]json.RawMessage, number int) (a lineContent, err error) {
	a.Name = strconv.Itoa(number)
	if f.id != "" {
		if a.Name, err = nameField(fields, f.id); err != nil {
			return lineContent{}, err
		}
	}
	a.Problem = f.name
	if f.problem != "" {
		if a.Problem, err = nameField(fields, f.problem); err != nil {
			return lineContent{}, err
		}
	}
	code, err := textField(fields, f.code)
	if err != nil {
		return lineContent{}, err
	}
	if f.fence {
		code = fenced(code)
	}
	language, err := f.languageOf(fields)
	if err != nil {
		return lineContent{}, err
	}
	a.Code = NewCode(language, SourceFile{Name: fileNameFor(language), Data: Data{Text: code}})
	a.Expected = []Verdict{Accepted}
	if e := f.expectationOf(path.Clean(a.Name)); e != nil {
		a.Expected, a.ExpectedScore = e.verdicts, e.score
	}
	a.tests, err = f.testsOf(fields)
	return a, err
}

// languageOf finds a line's language, by name or by extension with or without the dot.
func (f *lineFormat) languageOf(fields map[string]json.RawMessage) (*Language, error) {
	if f.fixed != nil {
		return f.fixed, nil
	}
	name, err := textField(fields, f.language)
	if err != nil {
		return nil, err
	}
	for _, table := range []struct {
		languages map[string]*Language
		key       string
	}{
		{f.languages.byName, name},
		{f.languages.byName, strings.ToLower(name)},
		{f.languages.byExtension, "." + strings.TrimPrefix(strings.ToLower(name), ".")},
	} {
		if l := table.languages[table.key]; l != nil {
			return l, nil
		}
	}
	hint := ""
	if near := didYouMean(name, f.languages.names()); near != "" {
		hint = "; " + near
	}
	return nil, fmt.Errorf("field %s: there is no language %s%s", quoted(f.language), quoted(name), hint)
}

// expectationOf is the one for a submission, by its very name or the most specific pattern; nil: none.
func (f *lineFormat) expectationOf(name string) *expectation {
	for i := range f.expect {
		if f.expect[i].pattern == name {
			return &f.expect[i]
		}
	}
	for i := range f.expect {
		if matchPath(f.expect[i].pattern, name) {
			return &f.expect[i]
		}
	}
	return nil
}

// fileNameFor is what a program without a file name is called.
func fileNameFor(l *Language) string {
	if len(l.Extensions) == 0 {
		return "main"
	}
	return "main" + l.Extensions[0]
}

// testsOf reads a line's own tests; nil when it has none.
func (f *lineFormat) testsOf(fields map[string]json.RawMessage) ([]TestCase, error) {
	if f.tests == "" {
		return nil, nil
	}
	value, ok := fieldOf(fields, f.tests)
	switch {
	case ok:
	case f.required:
		return nil, fmt.Errorf("field %s is missing, and the task has no tests of its own", quoted(f.tests))
	default:
		return nil, nil
	}
	tests, err := f.ownTests.read(value)
	if err != nil {
		return nil, fmt.Errorf("field %s: %w", quoted(f.tests), err)
	}
	return tests, nil
}
