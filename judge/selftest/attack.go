package selftest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"judge/fixtures/hostile"
	"judge/judge"
	"judge/limits"
)

// What a hostile program gets that does not ask for something else.
var (
	runLimits = limits.Limits{
		CPU: time.Second, Wall: 3 * time.Second, Memory: 256 << 20, Stack: 256 << 20, Output: 16 << 20,
		Processes: 64, Disk: 64 << 20, Inodes: 16384, OpenFiles: 1024,
	}
	compileLimits = limits.Limits{
		CPU: 10 * time.Second, Wall: 10 * time.Second, Memory: 1 << 30, Output: 64 << 10,
		Processes: 64, Disk: 64 << 20, Inodes: 16384, OpenFiles: 256,
	}
)

// attack makes a task of a hostile program, whose file it writes into dir.
func attack(p hostile.Program, l *judge.Language, dir string, c *canaries) (judge.Task, error) {
	file := filepath.Join(dir, p.File)
	if err := os.WriteFile(file, c.into(p.Source), 0o644); err != nil {
		return judge.Task{}, err
	}
	language := *l
	language.Compile = withArguments(l.Compile, p.Build)
	language.CompileLimits = compileLimits
	allowed, err := limitsOf(p)
	if err != nil {
		return judge.Task{}, fmt.Errorf("bug: %s: %w", p.File, err)
	}
	checker, err := checkerOf(p)
	if err != nil {
		return judge.Task{}, fmt.Errorf("bug: %s: %w", p.File, err)
	}
	task := judge.Task{
		Name: p.File, Dir: dir, Limits: allowed, Checker: checker, Sandbox: judge.SandboxSpec{Network: p.Network},
		Submissions: []judge.Submission{{
			Name:     p.File,
			Code:     judge.NewCode(&language, judge.SourceFile{Name: filepath.Base(file), Data: judge.Data{File: file}}),
			Expected: verdictsOf(p),
		}},
	}
	for run := range p.Runs {
		for i, line := range p.Stdin {
			if line != "" {
				line += "\n"
			}
			task.Tests = append(task.Tests, judge.TestCase{
				Name: strconv.Itoa(run*len(p.Stdin) + i + 1), Input: judge.Data{Text: line},
				Answer: &judge.Data{Text: p.Answer + "\n"}, Limits: allowed,
			})
		}
	}
	return task, nil
}

// control is a harmless program, in no need of a compiler.
func control() judge.Task {
	return judge.Task{
		Name: "control", Limits: runLimits, Checker: judge.CheckerSpec{Name: "tokens"},
		Submissions: []judge.Submission{{
			Name: "control", Command: []string{"sh", "-c", "echo SAFE"}, Expected: []judge.Verdict{judge.Accepted},
		}},
		Tests: []judge.TestCase{{Name: "1", Answer: &judge.Data{Text: "SAFE\n"}, Limits: runLimits}},
	}
}

// withArguments adds arguments for compiler and linker, and the libraries that programs may use.
func withArguments(compile, build []string) []string {
	if len(compile) == 0 || (compile[0] != "gcc" && compile[0] != "g++") {
		return compile
	}
	return append(append(slices.Clone(compile), build...), "-lpthread", "-lrt")
}

func verdictsOf(p hostile.Program) []judge.Verdict {
	var verdicts []judge.Verdict
	for _, v := range p.Expect {
		verdicts = append(verdicts, judge.Verdict(v))
	}
	return verdicts
}

// limitsOf are the usual limits with what the program asks for.
func limitsOf(p hostile.Program) (limits.Limits, error) {
	l := runLimits
	for _, limit := range p.Limits {
		var err error
		switch limit.Name {
		case "cpu":
			l.CPU, err = limits.ParseDuration(limit.Value)
		case "wall":
			l.Wall, err = limits.ParseDuration(limit.Value)
		case "mem":
			l.Memory, err = limits.ParseSize(limit.Value)
			l.Stack = l.Memory
		case "output":
			l.Output, err = limits.ParseSize(limit.Value)
		case "disk":
			l.Disk, err = limits.ParseSize(limit.Value)
		case "processes":
			l.Processes, err = strconv.Atoi(limit.Value)
		case "cores>": // a wish that changes no limit
		default:
			err = errors.New("unknown limit " + limit.Name)
		}
		if err != nil {
			return l, err
		}
	}
	return l, nil
}

func checkerOf(p hostile.Program) (judge.CheckerSpec, error) {
	name, parameter, _ := strings.Cut(p.Checker, ":")
	switch name {
	case "":
		return judge.CheckerSpec{Name: "tokens"}, nil
	case "floats":
		tolerance, err := strconv.ParseFloat(parameter, 64)
		return judge.CheckerSpec{Name: name, Tolerance: tolerance}, err
	}
	return judge.CheckerSpec{Name: name}, nil
}

// languages finds the languages of programs; it asks for each once.
type languages struct {
	dir   string // for task files
	known map[string]*judge.Language
}

// of returns the language of a program's extension; nil with a word for what is missing.
func (l *languages) of(extension string) (language *judge.Language, needs string, err error) {
	language, asked := l.known[extension]
	if !asked {
		if language, err = l.load(extension); err != nil {
			return nil, "", err
		}
		l.known[extension] = language
	}
	if language == nil {
		return nil, "a language for " + extension, nil
	}
	if missing := language.Missing(); missing != "" {
		return nil, missing, nil
	}
	return language, "", nil
}

// load has a task file read that needs the language. That this fails with an error of the input means
// that there is no such language: nothing else can be wrong with the file.
func (l *languages) load(extension string) (*judge.Language, error) {
	probe := "probe" + extension
	file := filepath.Join(l.dir, "probe.toml")
	text := fmt.Sprintf("[[task]]\nname = \"probe\"\nsubmissions = [%q]\ntest = [{ input = \"\", answer = \"\" }]\n", probe)
	if err := errors.Join(os.WriteFile(filepath.Join(l.dir, probe), nil, 0o644), os.WriteFile(file, []byte(text), 0o644)); err != nil {
		return nil, err
	}
	tasks, err := judge.Load(file)
	var mistakes *judge.InputErrors
	switch {
	case errors.As(err, &mistakes):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return tasks[0].Submissions[0].Language, nil
}
