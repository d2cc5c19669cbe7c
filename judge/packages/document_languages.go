package packages

import (
	"slices"

	"judge/judge"
	"judge/limits"
)

// languages gives the limits of compilers to all languages that the package's programs are written in.
func (w *writer) languages(p *problem, t tree) {
	var limit limits.Limits
	limit.CPU, limit.Memory = p.compileTime, p.compileMemory
	table := limitTable(limit)
	if slices.ContainsFunc(p.tools(), func(t tool) bool { return t.language == scriptLanguage }) {
		w.script(table)
	}
	if table == "" {
		return
	}
	for _, name := range p.languages(t) {
		w.line("\n[language.%s]\ncompile_limits = %s", name, table)
	}
}

// scriptLanguage is that of programs which have scripts to build and to run them. The scripts need not be
// executable, for their mode is easily lost on the way; inside they belong to somebody else, and so copies are run.
const scriptLanguage = "scripts"

func (w *writer) script(compileLimits string) {
	w.line("\n# Programs that are built by a script called build, if there is one, and run by one called run.")
	w.line("[language.%s]\nextensions = []", scriptLanguage)
	w.line("compile = %s", quoteList([]string{"sh", "-ec", `cd "$1"; if [ -e build ]; then cp build .build; chmod +x .build; ./.build; fi; cp run .run; chmod +x .run`, "sh", "{dir}"}))
	w.line("run = %s", quoteList([]string{"{dir}/.run"}))
	if compileLimits != "" {
		w.line("compile_limits = %s", compileLimits)
	}
}

// languages are those of the package's programs, sorted.
func (p *problem) languages(t tree) []string {
	var files, names []string
	for _, s := range p.submissions {
		files = append(files, s.name)
		if s.language != "" {
			names = append(names, s.language)
		}
	}
	for _, tool := range p.tools() {
		files = append(files, tool.source...)
	}
	for _, file := range files {
		below, _ := t.filesOf(file) // what is wrong shows when it is loaded
		for _, f := range below {
			if l := judge.LanguageOf(f); l != "" {
				names = append(names, l)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (p *problem) tools() []tool {
	tools := slices.Clone(p.validators)
	for _, t := range []*tool{p.checkerTool, p.interactor} {
		if t != nil {
			tools = append(tools, *t)
		}
	}
	return tools
}
