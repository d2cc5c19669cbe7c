package main

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"judge/judge"
)

// tasksTOML is the task file, with what may be said of it in comments.
func (s *surveyed) tasksTOML() string {
	var p planPrinter
	p.line("# Written by judge init: it has guessed, so read it. judge help tasks explains each key.")
	p.line("")
	p.line("[[task]]")
	p.line("name        = %s", tomlText(s.name()))
	p.line("submissions = %s", tomlList(s.patterns(s.solutions)))
	switch {
	case len(s.inputs) > 0:
		answers := "each with its answer beside it: .ans, .out or .a"
		if len(s.unanswered) == len(s.inputs) {
			answers = "inputs; no answers are beside them"
		}
		p.line("tests       = %-30s # %s", tomlList(s.patterns(s.inputs)), answers)
	case len(s.pairs) == 0:
		p.line("# tests     = [\"tests/*.in\"]                 # there were none: see the end")
	}
	p.line("limits      = { time = \"1s\", memory = \"256MiB\" } # time: three times what the slowest good solution needs")
	s.judging(&p)
	s.expectations(&p)
	s.written(&p)
	return p.String()
}

// name is that of the directory, in characters that need no quotes on a command line.
func (s *surveyed) name() string {
	absolute, err := filepath.Abs(s.dir)
	if err != nil {
		return "task"
	}
	name := strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r) {
			return r
		}
		return '-'
	}, filepath.Base(absolute)), "-.")
	if name == "" {
		return "task"
	}
	return name
}

// patterns name files by directory and ending where such a pattern names no other file, else one by one.
func (s *surveyed) patterns(names []string) []string {
	var result []string
	for _, name := range names {
		dir := escapeGlob(path.Dir(name))
		pattern := path.Join(dir, "*"+path.Ext(name))
		switch {
		case dir != "." && s.onlyThese(dir+"/*", names):
			pattern = dir + "/*"
		case !s.onlyThese(pattern, names) || s.single(pattern):
			pattern = escapeGlob(name)
		}
		if !slices.Contains(result, pattern) {
			result = append(result, pattern)
		}
	}
	return result
}

// onlyThese says whether a pattern without letters before its * matches none but these files.
func (s *surveyed) onlyThese(pattern string, names []string) bool {
	return !slices.ContainsFunc(s.files, func(f string) bool {
		match, _ := path.Match(pattern, f)
		return match && !slices.Contains(names, f)
	})
}

func (s *surveyed) single(pattern string) bool {
	n := 0
	for _, f := range s.files {
		if match, _ := path.Match(pattern, f); match {
			n++
		}
	}
	return n == 1
}

var globEscapes = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`)

func escapeGlob(name string) string { return globEscapes.Replace(name) }

// judging says who judges the output.
func (s *surveyed) judging(p *planPrinter) {
	switch {
	case len(s.interactors) > 0:
		p.line("interactor  = %s", s.tool(s.interactors[0]))
		if len(s.checkers) > 0 {
			p.line("# checker   = %s # instead, if the task is not interactive", s.tool(s.checkers[0]))
		}
	case len(s.checkers) > 0:
		p.line("checker     = %s", s.tool(s.checkers[0]))
	case s.tests() > 0 && len(s.unanswered) == len(s.inputs) && len(s.pairs) == 0:
		p.line("checker     = \"none\"                         # no test has an answer, so any output is accepted")
	default:
		p.line("checker     = \"tokens\"                       # or exact, lines, floats:1e-6, none, or a program")
	}
	if len(s.validate) > 0 {
		tools := make([]string, len(s.validate))
		for i, name := range s.validate {
			tools[i] = s.tool(name)
		}
		p.line("validators  = [%s] # judge run --validate runs them", strings.Join(tools, ", "))
	}
}

func (s *surveyed) tool(name string) string {
	protocol := judge.Kattis
	if s.usesTestlib(name) {
		protocol = judge.Testlib
	}
	return fmt.Sprintf("{ source = %s, protocol = %s }", tomlText(name), tomlText(protocol))
}

// expectations says what the names of solutions promise.
func (s *surveyed) expectations(p *planPrinter) {
	var lines []string
	for _, name := range s.solutions {
		v, by := verdictOf(name)
		if v == judge.Accepted {
			continue
		}
		pattern := escapeGlob(name)
		if by == path.Dir(name) {
			pattern = escapeGlob(by) + "/*"
		} else if first := wordBreak.Split(path.Base(name), 2); len(first) == 2 && verdictWords[strings.ToLower(first[0])] == v {
			separator := path.Base(name)[len(first[0]) : len(first[0])+1]
			if together := path.Join(path.Dir(name), first[0]+separator+"*"); separator != "." && s.agree(together, v) {
				pattern = together
			}
		}
		if line := fmt.Sprintf("%s = %s", tomlText(pattern), tomlText(string(v))); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	p.line("")
	p.line("[task.expect]                                # all others are to be accepted")
	for _, line := range lines {
		p.line("%s", line)
	}
	if len(lines) == 0 {
		p.line("# \"solutions/wa_*\" = \"wrong-answer\"         # a task without wrong solutions tests nothing")
	}
}

// agree says whether all solutions that a pattern matches are made for the same verdict.
func (s *surveyed) agree(pattern string, v judge.Verdict) bool {
	return !slices.ContainsFunc(s.solutions, func(name string) bool {
		match, _ := path.Match(pattern, name)
		own, _ := verdictOf(name)
		return match && own != v
	})
}

// written are the tests that no pattern can name, and one to begin with where there is none.
func (s *surveyed) written(p *planPrinter) {
	for _, test := range s.pairs {
		p.line("")
		p.line("[[task.test]]")
		p.line("name        = %s", tomlText(strings.TrimSuffix(path.Base(test.input), path.Ext(test.input))))
		p.line("input_file  = %s", tomlText(test.input))
		p.line("answer_file = %s", tomlText(test.answer))
	}
	if s.tests() > 0 {
		return
	}
	comment := ""
	if len(s.unknown) > 0 { // an example would be judged in their place
		comment = "# "
	}
	p.line("")
	p.line("%-45s# an example: write your own, or name files by tests", comment+"[[task.test]]")
	p.line("%sname   = \"1\"", comment)
	p.line("%sinput  = \"1 2\\n\"", comment)
	p.line("%sanswer = \"3\\n\"", comment)
}

// notes are what the user should know beside the file.
func (s *surveyed) notes() []string {
	var notes []string
	if n := len(s.unanswered); n > 0 && n < len(s.inputs) {
		notes = append(notes, s.unanswered[0]+" has no answer beside it, and so cannot be a test")
	}
	switch {
	case s.tests() > 0:
	case len(s.unknown) > 0:
		notes = append(notes, fmt.Sprintf("%s looks like a test, but its answer was not found: tests = [\"tests/*.txt\"], say, wants it beside the input, ending with .ans, .out or .a", s.unknown[0]))
	default:
		notes = append(notes, "there were no tests: the file has an example")
	}
	if len(s.interactors) > 0 && len(s.checkers) > 0 {
		notes = append(notes, fmt.Sprintf("%s is not used, because %s judges: a task has one of the two", s.checkers[0], s.interactors[0]))
	}
	if len(s.checkers) > 1 {
		notes = append(notes, "several programs could be the checker: "+strings.Join(s.checkers, ", "))
	}
	return notes
}

func tomlList(items []string) string {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = tomlText(item)
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// tomlText is a TOML string: one without escapes where that is possible, for the patterns have some.
func tomlText(s string) string {
	if strings.ContainsAny(s, `\"`) && !strings.ContainsAny(s, "'\n") {
		return "'" + s + "'"
	}
	return fmt.Sprintf("%q", s)
}
