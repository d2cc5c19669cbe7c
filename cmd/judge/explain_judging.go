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
		p.field(4, "compile", p.command(compile))
	}
	p.field(4, "run", commandText(t.Command()))
	p.field(4, "  within", limitsText(t.Language.LimitsFor(t.Limits)))
}

// source shows where submissions come from that no name is given for.
func (p *planPrinter) source(t judge.Task) {
	p.line("  source %s, %s", relative(t, t.Source.File), counted(t.Source.Len(), "line"))
	if t.Source.Dedupe {
		p.field(4, "dedupe", "identical programs are judged once")
	}
	if len(t.Source.PassAt) > 0 {
		p.field(4, "pass_at", fmt.Sprint(t.Source.PassAt))
	}
	p.field(4, "shown", "the first line in each language")
	for _, s := range t.Source.Examples {
		p.submission(t, s)
	}
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
