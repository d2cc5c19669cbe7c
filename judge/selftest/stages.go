package selftest

import (
	"fmt"
	"slices"
	"time"

	"judge/fixtures/hostile"
	"judge/judge"
	"judge/limits"
)

// interactor waits for lines, and answers each; a submission that it talks with can do nothing right.
const interactor = `#!/bin/bash
for turn in 1 2 3 4 5; do
	read -r line || exit 43
	echo "$turn"
done
exit 43
`

// interactive puts an interactor in front of an attack's submission.
func interactive(task judge.Task, shell *judge.Language) judge.Task {
	task.Interactor = &judge.Interactor{Tool: judge.Tool{
		Code:     judge.NewCode(shell, judge.SourceFile{Name: "interact.sh", Data: judge.Data{Text: interactor}}),
		Role:     "interactor",
		Name:     "interact.sh",
		Protocol: judge.Kattis,
		Limits: limits.Limits{
			CPU: 5 * time.Second, Wall: 10 * time.Second, Memory: 256 << 20, Stack: 64 << 20, Output: 16 << 20,
			Processes: 16, Disk: 64 << 20, Inodes: 16384, OpenFiles: 64,
		},
	}}
	return task
}

// sourceNames are names of source files that somebody careless takes for options or commands. Those that
// are not names below a directory are refused by whoever reads a task file.
var sourceNames = []string{
	"-o", "-o.c", "-fplugin=./x.so", "@args.c", "-wrapper,sh,-c,touch pwned.c", "--help.c", "a b.c", "new\nline.c",
	".c", "CON.c", "x.c;touch pwned;.c", "$(touch pwned).c", "`touch pwned`.c", "-", "--", "-Wp,-MD,pwned.c",
}

// harmless prints SAFE, unless somebody has made what the names ask for.
const harmless = `#include <stdio.h>
#include <unistd.h>
int main(void) {
	if (access("pwned", F_OK) == 0 || access("pwned.c", F_OK) == 0)
		puts("ESCAPED");
	puts("SAFE");
}
`

// named submits a harmless program under each of the names, and one that has them all beside it.
func named(p hostile.Program, dir string, c *judge.Language) judge.Task {
	language := *c
	language.CompileLimits = compileLimits
	task := judge.Task{
		Name: p.File, Dir: dir, Limits: runLimits, Checker: judge.CheckerSpec{Name: "tokens"},
		Tests: []judge.TestCase{{Name: "1", Answer: &judge.Data{Text: p.Answer + "\n"}, Limits: runLimits}},
	}
	file := func(name, text string) judge.SourceFile {
		return judge.SourceFile{Name: name, Data: judge.Data{Text: text}}
	}
	all := []judge.SourceFile{file("main.c", harmless)}
	for i, name := range sourceNames {
		task.Submissions = append(task.Submissions, judge.Submission{
			Name: fmt.Sprint(i + 1), Code: judge.NewCode(&language, file(name, harmless)), Expected: verdictsOf(p),
		})
		all = append(all, file(name, ""))
	}
	task.Submissions = append(task.Submissions, judge.Submission{
		Name: "all", Code: judge.NewCode(&language, slices.Clone(all)...), Expected: verdictsOf(p),
	})
	return task
}
