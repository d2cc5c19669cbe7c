package main

import (
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"judge/judge"
)

// stepDetail is how much is shown of the steps by which a sandbox is made.
type stepDetail int

const (
	noSteps   stepDetail = iota
	stepNames            // those that a setter may ask about
	stepCalls            // all, each with its system call
)

// stepsOf shows what init and the program do in one run of a task; others differ in arguments and limits alone.
func (p *planPrinter) stepsOf(t judge.Task) {
	submissions := t.Submissions
	if t.Source != nil {
		submissions = t.Source.Examples
	}
	if p.steps == noSteps || len(submissions) == 0 || len(t.Tests) == 0 {
		return
	}
	steps := judge.Steps(&t, &submissions[0], &t.Tests[0])
	if p.steps == stepCalls {
		p.line("\n  steps of a run, here of %s on %s", submissions[0].Name, t.Tests[0].Name)
		for _, step := range steps {
			p.line("    %s", judge.Visible(step))
		}
		return
	}
	p.line("\n  steps of a run, here of %s on %s; --steps lists all, with their system calls", submissions[0].Name, t.Tests[0].Name)
	for _, line := range stepSummary(steps) {
		p.line("    %s", judge.Visible(line))
	}
}

// bookkeeping begins the names of steps that say nothing by themselves.
var bookkeeping = []string{"make /", "open ", "close ", "give ", "allow ", "move ", "find ", "send ", "await ", "keep ", "enter ", "unblock ", "set rlimit "}

// stepSummary names steps, in a paragraph for each process and phase.
func stepSummary(steps []string) []string {
	const width = 110
	var lines, names []string
	flush := func() {
		if len(names) > 0 {
			lines = append(lines, strings.Split(text.WrapSoft(strings.Join(names, ", "), width), "\n")...)
		}
		names = nil
	}
	for _, step := range steps {
		name, call, isStep := strings.Cut(strings.TrimSpace(step), ": ")
		switch {
		case !isStep && call == "" && strings.HasSuffix(name, ":"):
			flush()
			lines = append(lines, name)
		case slices.ContainsFunc(bookkeeping, func(b string) bool { return strings.HasPrefix(name, b) }) && name != "enter the Landlock domain":
		case !slices.Contains(names, name):
			names = append(names, name)
		}
	}
	flush()
	for i, line := range lines {
		if line = strings.TrimRight(line, " "); !strings.HasSuffix(line, ":") {
			line = "  " + line
		}
		lines[i] = line
	}
	return lines
}
