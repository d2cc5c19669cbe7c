package packages

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"judge/judge"
	"judge/limits"
)

// document writes the task file. prefix leads from its directory to the package; empty: it is there.
func (p *Package) document(prefix string) string {
	w := &writer{prefix: prefix}
	w.head(p)
	w.languages(&p.problem, p.tree)
	w.task(&p.problem)
	w.programs(p.submissions)
	w.expect(p.submissions)
	for _, g := range p.groups {
		w.group(g, p.tests)
	}
	return w.String()
}

// writer writes TOML.
type writer struct {
	strings.Builder
	prefix string
}

func (w *writer) line(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

// file is a name as the task file has it.
func (w *writer) file(name string) string { return quote(path.Join(w.prefix, name)) }

func (w *writer) fileList(names []string) string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = w.file(name)
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// comment writes text that may have any characters.
func (w *writer) comment(text string) { w.line("%s", strings.TrimSpace("# "+judge.Visible(text))) }

func (w *writer) head(p *Package) {
	w.comment(strings.Join(slices.DeleteFunc([]string{p.title, "Made by judge convert from " + p.manifest + "."}, isEmpty), ". "))
	if len(p.notes) > 0 {
		w.comment("")
		w.comment("What could not be expressed here:")
		for _, note := range p.notes {
			w.comment("  - " + note)
		}
	}
}

func isEmpty(s string) bool { return s == "" }

func (w *writer) task(p *problem) {
	w.line("\n[[task]]\nname = %s", quote(p.name))
	if p.measured != "" {
		w.comment(p.measured)
	}
	w.line("limits = %s", limitTable(limits.Limits{CPU: p.time, Memory: p.memory, Output: p.output}))
	switch {
	case p.interactor != nil:
		w.line("interactor = %s", w.tool(*p.interactor))
	case p.checkerTool != nil:
		w.line("checker = %s", w.tool(*p.checkerTool))
	default:
		w.line("checker = %s", quote(p.checker))
	}
	if p.passes > 1 {
		w.line("passes = %d", p.passes)
	}
	if len(p.validators) > 0 {
		w.line("validators = [")
		for _, v := range p.validators {
			w.line("    %s,", w.tool(v))
		}
		w.line("]")
	}
	w.line("submissions = [")
	for _, s := range p.submissions {
		name := path.Join(w.prefix, s.name)
		if s.directory {
			name += "/"
		}
		w.line("    %s,", quote(name))
	}
	w.line("]\ntest = [")
	for _, t := range p.tests {
		w.line("    %s,", w.test(t))
	}
	w.line("]")
}

func (w *writer) tool(t tool) string {
	source := w.file(t.source[0])
	if len(t.source) > 1 {
		source = w.fileList(t.source)
	}
	fields := []string{"source = " + source, "protocol = " + quote(t.protocol)}
	if t.language != "" {
		fields = append(fields, "language = "+quote(t.language))
	}
	if len(t.args) > 0 {
		fields = append(fields, "args = "+quoteList(t.args))
	}
	if len(t.tests) > 0 {
		fields = append(fields, "tests = "+quoteList(t.tests))
	}
	if len(t.include) > 0 {
		fields = append(fields, "include = "+w.fileList(t.include))
	}
	if table := limitTable(limits.Limits{CPU: t.time, Memory: t.memory, Output: t.output}); table != "" {
		fields = append(fields, "limits = "+table)
	}
	return "{ " + strings.Join(fields, ", ") + " }"
}

func (w *writer) test(t test) string {
	fields := []string{"name = " + quote(t.name), "input_file = " + w.file(t.input)}
	if t.answer != "" {
		fields = append(fields, "answer_file = "+w.file(t.answer))
	}
	if len(t.args) > 0 {
		fields = append(fields, "args = "+quoteList(t.args))
	}
	if len(t.checkerArgs) > 0 {
		fields = append(fields, "checker_args = "+quoteList(t.checkerArgs))
	}
	if len(t.files) > 0 {
		var list []string
		for _, f := range t.files {
			list = append(list, quote(f.to)+" = "+w.file(f.from))
		}
		fields = append(fields, "files = { "+strings.Join(list, ", ")+" }")
	}
	return "{ " + strings.Join(fields, ", ") + " }"
}

// programs writes what the files of submissions do not tell.
func (w *writer) programs(submissions []submission) {
	head := "\n[task.programs]"
	for _, s := range submissions {
		var fields []string
		if s.language != "" {
			fields = append(fields, "language = "+quote(s.language))
		}
		if s.entry != "" {
			fields = append(fields, "entry = "+quote(s.entry))
		}
		if len(s.include) > 0 {
			fields = append(fields, "include = "+w.fileList(s.include))
		}
		if len(fields) == 0 {
			continue
		}
		if head != "" {
			w.line("%s", head)
			head = ""
		}
		w.line("%s = { %s }", w.file(s.name), strings.Join(fields, ", "))
	}
}

// expect writes what is expected of each submission, unless it is only to be accepted.
func (w *writer) expect(submissions []submission) {
	head := "\n[task.expect]"
	for _, s := range submissions {
		verdicts := make([]string, len(s.expected))
		for i, v := range s.expected {
			verdicts[i] = string(v)
		}
		word := quoteList(verdicts)
		if len(verdicts) == 1 {
			word = quote(verdicts[0])
		}
		switch {
		case s.least == nil && slices.Equal(s.expected, []judge.Verdict{judge.Accepted}):
			continue
		case s.least != nil && len(verdicts) == 0:
			word = "{ score = " + points(*s.least, *s.most) + " }"
		case s.least != nil:
			word = "{ verdict = " + word + ", score = " + points(*s.least, *s.most) + " }"
		}
		if head != "" {
			w.line("%s", head)
			head = ""
		}
		w.line("%s = %s", w.file(s.name), word)
	}
}

func points(least, most float64) string {
	if least == most {
		return number(least)
	}
	return "[" + number(least) + ", " + number(most) + "]"
}

func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func (w *writer) group(g group, tests []test) {
	w.line("\n[[task.group]]\nname = %s", quote(g.name))
	w.line("tests = %s", quoteList(patterns(g.tests, tests)))
	if g.score != nil {
		w.line("score = %s", number(*g.score))
	}
	w.line("aggregate = %s", quote(g.aggregate))
	if len(g.depends) > 0 {
		w.line("depends = %s", quoteList(g.depends))
	}
}

// patterns names some of the tests: by one pattern if that means them and no others.
func patterns(some []string, tests []test) []string {
	if len(some) < 2 {
		return some
	}
	dir := path.Dir(some[0])
	var same []string
	for _, t := range tests {
		if path.Dir(t.name) == dir {
			same = append(same, t.name)
		}
	}
	own := slices.Sorted(slices.Values(some))
	if slices.Sort(same); dir != "." && slices.Equal(same, own) && !strings.ContainsAny(dir, `*?[\`) {
		return []string{dir + "/*"}
	}
	return some
}
