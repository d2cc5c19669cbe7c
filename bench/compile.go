package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"judge/judge"
)

// measureCompile judges a C++ program on 100 tests. It is compiled once.
func measureCompile(ctx context.Context, l *lab) error {
	const tests = 100
	const code = "#include <iostream>\nint main() { int n; std::cin >> n; std::cout << 2 * n << '\\n'; }\n"
	if err := os.WriteFile(l.path("twice.cpp"), []byte(code), 0o644); err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprint(&b, "[[task]]\nname = \"twice\"\nsubmissions = [\"twice.cpp\"]\n")
	for i := range tests {
		fmt.Fprintf(&b, "[[task.test]]\nname = \"%d\"\ninput = \"%d\"\nanswer = \"%d\"\n", i, i, 2*i)
	}
	tasks, err := l.load(b.String())
	if err != nil {
		return err
	}
	var total, outside []float64
	for range l.rounds() {
		begin := time.Now()
		if err := compileOutside(ctx, l, tasks[0].Submissions[0].Language); err != nil {
			return err
		}
		outside = append(outside, millis(time.Since(begin)))
		begin = time.Now()
		r := recorder{expect: tests}
		if err := r.judge(ctx, judge.Batch{}, tasks...); err != nil {
			return err
		}
		total = append(total, millis(time.Since(begin)))
	}
	l.remark("compile", "a batch without cache; the compiler alone is the same command outside of any sandbox")
	l.add("compile/total_ms", median(total))
	l.add("compile/compiler_alone_ms", median(outside))
	l.add("compile/test_us", (median(total)-median(outside))/tests*1000)
	return nil
}

// compileOutside runs the compiler as judge does, but without a sandbox.
func compileOutside(ctx context.Context, l *lab, language *judge.Language) error {
	var args []string
	for _, word := range language.Compile {
		switch {
		case word == "{source}" || word == "{sources}":
			args = append(args, l.path("twice.cpp"))
		default:
			args = append(args, strings.NewReplacer("{exe}", l.path("twice"), "{dir}", l.dir).Replace(word))
		}
	}
	return output(exec.CommandContext(ctx, args[0], args[1:]...))
}
