package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"judge/judge"
	"judge/limits"
)

// refusal says what to do on a host that judge runs nothing on, and after that why.
func refusal(host *judge.HostError) error {
	var missing *limits.MissingError
	if !errors.As(host, &missing) {
		return fmt.Errorf("%w\njudge doctor shows what this host can do", host)
	}
	var fixes []string
	for _, p := range missing.Problems {
		if !slices.Contains(fixes, p.Fix) {
			fixes = append(fixes, p.Fix)
		}
	}
	causes := slices.DeleteFunc(strings.Split(missing.Error(), "\n"), func(line string) bool { return slices.Contains(fixes, line) })
	var p planPrinter
	p.line("this host cannot hold every limit, so nothing was run")
	for _, fix := range fixes {
		p.line("to hold them: %s", fix)
	}
	p.line("to judge without: --degraded, and records say what is missing")
	p.line("to know more: judge doctor, judge help operating")
	p.line("why: %s", strings.Join(causes, "\n     "))
	return errors.New(strings.TrimSpace(p.String()))
}
