package main

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"judge/judge"
)

// surveyed are the files of a directory. Names are relative to it, slash-separated, and in lexicographic order.
type surveyed struct {
	dir   string
	files []string

	solutions                       []string
	inputs                          []string // that a pattern can name, each perhaps with its answer beside it
	unanswered                      []string // of these
	pairs                           []pair   // of tests whose answers are not beside them
	unknown                         []string // among tests, it seems, but not known to be any
	checkers, interactors, validate []string // at most one of the first two is used
}

// pair is an input and its answer.
type pair struct{ input, answer string }

// toolNames say by the beginning of a program's name that it is not a solution.
var toolNames = []struct {
	beginnings []string
	role       func(*surveyed) *[]string // nil: it is of no use to us
}{
	{[]string{"check", "checker", "compare", "output_validator"}, func(s *surveyed) *[]string { return &s.checkers }},
	{[]string{"interact", "interactor"}, func(s *surveyed) *[]string { return &s.interactors }},
	{[]string{"validate", "validator", "input_validator"}, func(s *surveyed) *[]string { return &s.validate }},
	{[]string{"gen", "generate", "generator", "testlib", "run", "build", "stress"}, nil},
}

// sort sorts the files.
func (s *surveyed) sort() {
	present := map[string]bool{}
	for _, f := range s.files {
		present[f] = true
	}
	for _, f := range s.files {
		switch {
		case judge.LanguageOf(f) != "":
			s.program(f)
		case answerOf(f, present) != "":
			s.pairs = append(s.pairs, pair{f, answerOf(f, present)})
		case path.Ext(f) == ".in", hasAnswer(f, present) && !isAnswer(f):
			s.inputs = append(s.inputs, f)
			if !hasAnswer(f, present) {
				s.unanswered = append(s.unanswered, f)
			}
		case testDirectory.MatchString(path.Dir(f)) && !isAnswer(f):
			s.unknown = append(s.unknown, f)
		}
	}
}

// testDirectory matches directories that have tests.
var testDirectory = regexp.MustCompile(`(?i)(^|/)(tests?|testdata|testcases|cases|data|inputs?|in|secret|samples?)[0-9]*(/|$)`)

// program tells a solution from the setter's tools.
func (s *surveyed) program(name string) {
	stem := strings.TrimSuffix(path.Base(name), path.Ext(name))
	for _, tool := range toolNames {
		if slices.Contains(tool.beginnings, words(stem)[0]) || slices.Contains(tool.beginnings, stem) {
			if tool.role != nil {
				list := tool.role(s)
				*list = append(*list, name)
			}
			return
		}
	}
	s.solutions = append(s.solutions, name)
}

func isAnswer(name string) bool { return slices.Contains(answerExtensions, path.Ext(name)) }

// hasAnswer says whether the answer of an input is beside it, as task files want it.
func hasAnswer(name string, present map[string]bool) bool {
	stem := strings.TrimSuffix(name, path.Ext(name))
	return slices.ContainsFunc(answerExtensions, func(e string) bool { return stem+e != name && present[stem+e] })
}

// inputName finds the word by which an input is told from its answer, where the ending does not.
var inputName = regexp.MustCompile(`^(.*?)(input|in)([^a-z/]*(?:\.txt)?)$`)

// answerOf is the file that is the answer of input7.txt or in.7: output7.txt, answer7.txt, out.7, ans.7.
func answerOf(name string, present map[string]bool) string {
	dir, base := path.Split(name)
	m := inputName.FindStringSubmatch(base)
	if m == nil || m[3] == "" && path.Ext(base) == ".in" {
		return ""
	}
	others := map[string][]string{"input": {"output", "answer"}, "in": {"out", "ans"}}[m[2]]
	for _, d := range []string{dir, strings.Replace(dir, "input", "output", 1)} {
		for _, other := range others {
			if answer := d + m[1] + other + m[3]; answer != name && present[answer] {
				return answer
			}
		}
	}
	return ""
}

func (s *surveyed) tests() int { return len(s.inputs) + len(s.pairs) }

// verdictWords are what people call programs that are made to fail, and the directories of these.
var verdictWords = map[string]judge.Verdict{
	"wa": judge.WrongAnswer, "wrong": judge.WrongAnswer,
	"tle": judge.TimeLimit, "tl": judge.TimeLimit, "time": judge.TimeLimit, "slow": judge.TimeLimit,
	"mle": judge.MemoryLimit, "ml": judge.MemoryLimit, "memory": judge.MemoryLimit,
	"ole": judge.OutputLimit, "output": judge.OutputLimit,
	"re": judge.RuntimeError, "rte": judge.RuntimeError, "rt": judge.RuntimeError, "runtime": judge.RuntimeError, "crash": judge.RuntimeError,
	"ce": judge.CompileError, "broken": judge.CompileError,
}

var wordBreak = regexp.MustCompile(`[-_.]+`)

// words are those of a name, in lower case; at least one.
func words(name string) []string { return wordBreak.Split(strings.ToLower(name), -1) }

// verdictOf guesses what a solution is made for: by the directory that it is in, else by the first or the last
// word of its name. by is the name that said so; empty: nothing did.
func verdictOf(name string) (v judge.Verdict, by string) {
	dir := path.Dir(name)
	if w := words(path.Base(dir)); dir != "." && (len(w) > 1 || len(w[0]) <= 3) {
		if strings.Join(w, " ") == "run time error" {
			return judge.RuntimeError, dir
		}
		if v, ok := verdictWords[w[0]]; ok {
			return v, dir
		}
	}
	stem := strings.TrimSuffix(path.Base(name), path.Ext(name))
	w := words(stem)
	if v, ok := verdictWords[w[0]]; ok {
		return v, path.Base(name)
	}
	if v, ok := verdictWords[w[len(w)-1]]; ok {
		return v, path.Base(name)
	}
	return judge.Accepted, ""
}

// usesTestlib says whether a program of the setter's speaks testlib's protocol.
func (s *surveyed) usesTestlib(name string) bool {
	text, err := os.ReadFile(filepath.Join(s.dir, filepath.FromSlash(name)))
	return err == nil && bytes.Contains(text, []byte("testlib.h"))
}
