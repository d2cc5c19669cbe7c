package judge

import (
	"iter"
	"maps"
	"slices"
)

// Files yields the files that judging the task reads, but for the task file and what its sandbox shows of the
// host: what each is, such as `submission "a.py"`, and its absolute path.
func (t *Task) Files() iter.Seq2[string, string] {
	return func(yield func(what, file string) bool) {
		data := func(what string, d Data) bool { return d.File == "" || yield(what, d.File) }
		files := func(what string, files []SourceFile) bool {
			return !slices.ContainsFunc(files, func(f SourceFile) bool { return !data(what, f.Data) })
		}
		for i := range t.Tests {
			if !t.Tests[i].files(data) {
				return
			}
		}
		for _, tool := range t.tools() {
			if !files(tool.String(), tool.Files) || !files(tool.String(), tool.Include) {
				return
			}
		}
		for _, s := range t.Submissions {
			what := "submission " + quoted(s.Name)
			if !data(what, Data{File: s.Path}) || !files(what, s.Code.Files) {
				return
			}
		}
		if t.Source != nil {
			yield("source", t.Source.File)
		}
	}
}

// files gives what a test consists of to visit, until that returns false.
func (t *TestCase) files(visit func(what string, d Data) bool) bool {
	what := "test " + quoted(t.Name)
	if !visit(what, t.Input) || t.Answer != nil && !visit(what, *t.Answer) {
		return false
	}
	for _, to := range slices.Sorted(maps.Keys(t.Files)) {
		if !visit(what, Data{File: t.Files[to]}) {
			return false
		}
	}
	return true
}

// tools are the setter's programs.
func (t *Task) tools() []*Tool {
	tools := slices.Clone(t.Validators)
	if tool := t.judgingTool(); tool != nil {
		tools = append(tools, tool)
	}
	return tools
}
