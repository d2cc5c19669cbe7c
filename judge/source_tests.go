package judge

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"judge/limits"
)

// lineTests reads the tests that a line of a source has of its own: a list of objects, or patterns of
// files below the task file's directory. It is safe for concurrent use.
type lineTests struct {
	dir     string // absolute, symbolic links resolved
	limits  limits.Limits
	answers bool // the checker compares with one
	known   *knownTests
}

// knownTests remembers what patterns gave: lines of one problem have the same.
type knownTests struct {
	mu        sync.Mutex
	byPattern map[string][]TestCase
}

// maxKnownTests bounds how many patterns are remembered.
const maxKnownTests = 1000

func (t *lineTests) read(value json.RawMessage) ([]TestCase, error) {
	var one string
	if json.Unmarshal(value, &one) == nil {
		return t.matching([]string{one})
	}
	var list []json.RawMessage
	if json.Unmarshal(value, &list) != nil {
		return nil, fmt.Errorf("want a list of tests, or file names and patterns, this is %s", jsonKind(value))
	}
	if len(list) == 0 {
		return nil, errors.New("want at least one test, this is empty")
	}
	var patterns []string
	if json.Unmarshal(value, &patterns) == nil {
		return t.matching(patterns)
	}
	return t.inline(list)
}

// inline reads objects with an input and an answer.
func (t *lineTests) inline(list []json.RawMessage) ([]TestCase, error) {
	tests := make([]TestCase, len(list))
	names := map[string]bool{}
	for i, value := range list {
		test, err := t.object(value, strconv.Itoa(i+1))
		if err == nil && names[test.Name] {
			err = fmt.Errorf("name %s: an earlier one has it", quoted(test.Name))
		}
		if err != nil {
			return nil, fmt.Errorf("test %d: %w", i+1, err)
		}
		names[test.Name] = true
		tests[i] = test
	}
	return tests, nil
}

// object reads one test. Fields that are not ours may be there: data sets have more.
func (t *lineTests) object(value json.RawMessage, name string) (TestCase, error) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(value, &fields) != nil || fields == nil {
		return TestCase{}, fmt.Errorf("want an object with input and answer, this is %s", jsonKind(value))
	}
	test := TestCase{Name: name, Limits: t.limits}
	var err error
	if _, ok := fieldOf(fields, "name"); ok {
		if test.Name, err = nameField(fields, "name"); err != nil {
			return TestCase{}, err
		}
	}
	if test.Input.Text, err = textField(fields, "input"); err != nil {
		return TestCase{}, err
	}
	for _, field := range []string{"answer", "output"} {
		if _, ok := fieldOf(fields, field); !ok {
			continue
		}
		if test.Answer != nil {
			return TestCase{}, errors.New("answer and output: want one of the two")
		}
		test.Answer = &Data{}
		if test.Answer.Text, err = textField(fields, field); err != nil {
			return TestCase{}, err
		}
	}
	if test.Answer == nil && t.answers {
		return TestCase{}, errors.New("field answer is missing (or output)")
	}
	return test, nil
}

// matching makes tests of the files that patterns name, as a task's `tests` do.
func (t *lineTests) matching(patterns []string) ([]TestCase, error) {
	key := strings.Join(patterns, "\x00")
	t.known.mu.Lock()
	defer t.known.mu.Unlock()
	if tests, ok := t.known.byPattern[key]; ok {
		return tests, nil
	}
	tests, err := t.find(patterns)
	if err != nil {
		return nil, err
	}
	if len(t.known.byPattern) >= maxKnownTests {
		clear(t.known.byPattern)
	}
	t.known.byPattern[key] = tests
	return tests, nil
}

func (t *lineTests) find(patterns []string) ([]TestCase, error) {
	var found []match
	seen := map[string]bool{}
	for _, pattern := range patterns {
		names, err := t.expand(pattern)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", quoted(pattern), err)
		}
		for _, name := range names {
			if !seen[name] {
				seen[name] = true
				found = append(found, match{name: name, at: resolve(t.dir, name)})
			}
		}
	}
	inputs := dropAnswers(found)
	tests := make([]TestCase, len(inputs))
	for i, name := range testNames(inputs) {
		answer, err := t.answerBeside(inputs[i])
		if err == nil {
			err = t.checkBeneath(inputs[i].at)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", quoted(inputs[i].name), err)
		}
		tests[i] = TestCase{Name: name, Input: Data{File: inputs[i].at}, Answer: answer, Limits: t.limits}
	}
	return tests, nil
}

// expand is what one pattern, or one name, stands for.
func (t *lineTests) expand(pattern string) ([]string, error) {
	if problem := nameProblem(pattern); problem != "" || strings.ContainsRune(pattern, 0) {
		return nil, errors.New("want a file name or a pattern")
	}
	if !filepath.IsLocal(pattern) {
		return nil, errOutside
	}
	if err := checkPattern(pattern); err != nil {
		return nil, err
	}
	names, err := expandGlob(t.dir, path.Clean(pattern), anyEffort)
	if err == nil && len(names) == 0 {
		err = errors.New("matches no file")
	}
	return names, err
}

var errOutside = errors.New("is not below the task file's directory")

// answerBeside finds the answer of an input; nil when there is none and none is needed.
func (t *lineTests) answerBeside(input match) (*Data, error) {
	stem := strings.TrimSuffix(input.at, path.Ext(input.at))
	var answer *Data
	for _, extension := range answerExtensions {
		at := stem + extension
		if _, err := filepath.EvalSymlinks(at); at == input.at || err != nil {
			continue
		}
		if answer != nil {
			return nil, errors.New("has two answers beside it")
		}
		if err := t.checkBeneath(at); err != nil {
			return nil, fmt.Errorf("its answer: %w", err)
		}
		answer = &Data{File: at}
	}
	if answer == nil && t.answers {
		return nil, errors.New("has no answer beside it (.ans, .out or .a)")
	}
	return answer, nil
}

// checkBeneath refuses a file that is somewhere else, by symbolic links, and one that cannot be read.
func (t *lineTests) checkBeneath(at string) error {
	real, err := filepath.EvalSymlinks(at)
	if err != nil {
		return plainCause(err)
	}
	if name, err := filepath.Rel(t.dir, real); err != nil || !filepath.IsLocal(name) {
		return errOutside
	}
	file, err := openRegular(real)
	if err != nil {
		return err
	}
	return file.Close()
}
