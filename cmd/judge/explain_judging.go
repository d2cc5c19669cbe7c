package main

import (
	"fmt"
	"strconv"
	"strings"

	"judge/judge"
)

// judging shows what decides about a task's runs beside a built-in checker, and how often they are made.
func (p *planPrinter) judging(t judge.Task) {
	if t.Rerun.Times > 0 {
		p.field(2, "rerun", fmt.Sprintf("at most %s, when CPU time is within %v %% of the limit or the machine was disturbed",
			counted(t.Rerun.Times, "time"), t.Rerun.Band*100))
	}
	if t.Repeat > 1 {
		p.field(2, "repeat", "each test "+counted(t.Repeat, "time"))
	}
	if t.Passes > 1 {
		p.field(2, "passes", "at most "+strconv.Itoa(t.Passes))
	}
	if t.StopAtMismatch {
		p.field(2, "stop", "as soon as the output is certainly wrong")
	}
	if t.Checker.Tool != nil && t.Interactor == nil {
		p.tool(t.Checker.Tool)
	}
	if i := t.Interactor; i != nil {
		p.tool(&i.Tool)
		p.field(4, "processes", strings.Join(i.Processes, " "))
		for _, pipe := range i.Pipes {
			p.field(4, "pipe", fmt.Sprintf("%s -> %s", pipeEnd(pipe.From), pipeEnd(pipe.To)))
		}
	}
	for _, v := range t.Validators {
		p.tool(v)
	}
}

func pipeEnd(e judge.PipeEnd) string { return e.Process + ":" + strconv.Itoa(e.Descriptor) }

// tool shows a setter's program.
func (p *planPrinter) tool(t *judge.Tool) {
	p.line("  %s, protocol %s", judge.Visible(t.String()), t.Protocol)
	p.field(4, "language", t.Language.Name)
	for _, f := range t.Include {
		p.field(4, "include", judge.Visible(f.Name))
	}
	if compile := t.CompileCommand(); len(compile) > 0 {
		p.field(4, "compile", commandText(compile))
	}
	own := t.Language.LimitsFor(t.Limits)
	p.field(4, "run", commandText(append(t.RunCommand(own), toolArguments(t)...)))
	p.field(4, "limits", limitsText(own))
}

// toolArguments are those that the protocol and the task file give.
func toolArguments(t *judge.Tool) []string {
	var given []string
	switch {
	case t.Role == "validator":
		if t.Protocol == judge.Testlib {
			return t.Args
		}
	case t.Protocol == judge.Kattis:
		given = []string{"input", "answer", "feedback/"}
	case t.Role == "interactor":
		given = []string{"input", "output", "answer"}
	default:
		given = []string{"input", "output", "answer"}
	}
	return append(given, t.Args...)
}

// groups shows what gives points together.
func (p *planPrinter) groups(t judge.Task) {
	if len(t.Groups) == 0 {
		return
	}
	p.line("\n  %s", counted(len(t.Groups), "group"))
	for _, g := range t.Groups {
		points := "points as the checker gives them"
		if g.Score != nil {
			points = fmt.Sprintf("%v points", *g.Score)
		}
		p.line("  %s, %s, %s", g.Name, points, aggregateText[g.Aggregate])
		names := make([]string, len(g.Tests))
		for i, test := range g.Tests {
			names[i] = t.Tests[test].Name
		}
		p.field(4, "tests", commandText(names))
		p.field(4, "depends", commandText(g.Depends))
	}
}

var aggregateText = map[string]string{
	judge.AggregateMin: "as much as its worst test is worth",
	judge.AggregateSum: "the mean of what its tests are worth",
}
