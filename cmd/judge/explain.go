package main

import (
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"judge/judge"
	"judge/limits"
)

func newExplain() *cobra.Command {
	var only []string
	var steps bool
	cmd := &cobra.Command{
		Use:   "explain [flags] FILE|DIR...",
		Short: "Show what judge run would do; runs nothing",
		Long: `Explain shows the plan of judge run: the tasks with their limits, mounts, checkers,
interactors, groups, sources and tests, and the commands that compile and run each program,
with placeholders filled in. For one run of each task it names the steps by which the
sandbox is made; --steps lists each with its system call.`,
		Example: `  judge explain tasks.toml
  judge explain --only sum/solutions/slow.cpp tasks.toml
  judge explain --steps --only sum/solutions/slow.cpp/1 tasks.toml`,
		Args: wantTaskFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			p := planPrinter{steps: stepNames}
			if steps {
				p.steps = stepCalls
			} else if cmd.Flags().Changed("steps") {
				p.steps = noSteps
			}
			in, err := openInputs(args)
			if err != nil {
				return err
			}
			defer in.Close()
			tasks, err := in.load()
			if err != nil {
				return err
			}
			if tasks, err = judge.Plan(tasks, only); err != nil {
				return &failure{statusUsage, err}
			}
			if _, err := io.WriteString(cmd.OutOrStdout(), p.plan(tasks)); err != nil {
				return &failure{statusHost, err}
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&only, "only", nil, "explain only `TASK[/SUBMISSION[/TEST]]`; may be repeated")
	cmd.Flags().BoolVar(&steps, "steps", false, "list all steps of a run, each with its system call; --steps=false lists none")
	return cmd
}

// plan describes the plan.
func (p *planPrinter) plan(tasks []judge.Task) string {
	submissions, runs := 0, 0
	for _, t := range tasks {
		p.task(t)
		n := len(t.Submissions)
		if t.Source != nil {
			n = t.Source.Len()
		}
		submissions += n
		runs += n * len(t.Tests)
	}
	p.line("%s, %s, at most %s", counted(len(tasks), "task"), counted(submissions, "submission"), counted(runs, "run"))
	return p.String()
}

// planPrinter writes indented lines.
type planPrinter struct {
	strings.Builder
	steps stepDetail
}

func (p *planPrinter) line(format string, args ...any) {
	fmt.Fprintf(p, format+"\n", args...)
}

// field writes a line of a block: a name and what there is to say, which is left out when empty.
func (p *planPrinter) field(indent int, name, value string) {
	if value != "" {
		p.line("%*s%-10s%s", indent, "", name, value)
	}
}

func (p *planPrinter) task(t judge.Task) {
	p.line("task %s (%s)", t.Name, judge.Visible(t.File))
	if t.Interactor == nil {
		p.field(2, "checker", t.Checker.String())
	}
	p.field(2, "limits", limitsText(t.Limits))
	p.sandbox(t)
	p.judging(t)
	if t.Source != nil {
		p.source(t)
	}
	for _, s := range t.Submissions {
		p.submission(t, s)
	}
	p.groups(t)
	p.line("\n  %s", counted(len(t.Tests), "test"))
	for _, test := range t.Tests {
		p.test(t, test)
	}
	p.stepsOf(t)
	p.line("")
}

// sandbox shows what programs of the task get beside the defaults.
func (p *planPrinter) sandbox(t judge.Task) {
	p.field(2, "network", t.Sandbox.Network)
	for _, dir := range t.Sandbox.Layers {
		p.field(2, "layer", relative(t, dir))
	}
	for _, b := range t.Sandbox.Binds {
		mode := "read-only"
		if b.Writable {
			mode = "writable"
		}
		p.field(2, "bind", fmt.Sprintf("%s on %s, %s", relative(t, b.Source), judge.Visible(b.Target), mode))
	}
	p.field(2, "env", environmentText(t.Sandbox.Env))
}

func (p *planPrinter) submission(t judge.Task, s judge.Submission) {
	expected := joined(s.Expected, " or ")
	if score := s.ExpectedScore; score != nil {
		expected = strings.TrimPrefix(fmt.Sprintf("%s, score %v to %v", expected, score[0], score[1]), ", ")
	}
	p.line("\n  %s, expected %s", s.Name, expected)
	if s.Language == nil {
		p.field(4, "run", commandText(s.Command))
		return
	}
	p.field(4, "language", s.Language.Name)
	p.field(4, "env", environmentText(s.Language.Env))
	if compile := s.CompileCommand(); len(compile) > 0 {
		p.field(4, "compile", p.command(compile))
		p.field(4, "  within", limitsText(s.Language.CompileLimits))
	}
	own := s.Language.LimitsFor(t.Limits)
	p.field(4, "run", commandText(s.RunCommand(own)))
	if own != t.Limits {
		p.field(4, "  within", limitsText(own))
	}
}

func (p *planPrinter) test(t judge.Task, test judge.TestCase) {
	p.line("  %s", test.Name)
	p.field(4, "input", dataText(t, &test.Input))
	p.field(4, "answer", dataText(t, test.Answer))
	if len(test.Args) > 0 {
		p.field(4, "args", commandText(test.Args))
	}
	if len(test.CheckerArgs) > 0 {
		p.field(4, "checker", commandText(test.CheckerArgs))
	}
	for _, to := range slices.Sorted(maps.Keys(test.Files)) {
		p.field(4, "file", judge.Visible(to)+" = "+relative(t, test.Files[to]))
	}
	if test.Limits != t.Limits {
		p.field(4, "limits", limitsText(test.Limits))
	}
}

func limitsText(l limits.Limits) string {
	var parts []string
	add := func(name string, set bool, value string) {
		if set {
			parts = append(parts, name+" "+value)
		}
	}
	add("time", l.CPU > 0, limits.FormatDuration(l.CPU))
	add("wall", l.Wall > 0, limits.FormatDuration(l.Wall))
	add("memory", l.Memory > 0, limits.FormatSize(l.Memory))
	add("stack", l.Stack > 0, limits.FormatSize(l.Stack))
	add("output", l.Output > 0, limits.FormatSize(l.Output))
	add("disk", l.Disk > 0, limits.FormatSize(l.Disk))
	add("inodes", l.Inodes > 0, strconv.FormatInt(l.Inodes, 10))
	add("processes", l.Processes > 0, strconv.Itoa(l.Processes))
	add("open_files", l.OpenFiles > 0, strconv.Itoa(l.OpenFiles))
	return strings.Join(parts, ", ")
}

// command is a command line, with the first lines of arguments that are programs themselves; --steps shows all.
func (p *planPrinter) command(args []string) string {
	if p.steps == stepCalls {
		return commandText(args)
	}
	short := make([]string, len(args))
	for i, arg := range args {
		first, rest, _ := strings.Cut(arg, "\n")
		if rest != "" {
			first += " ..."
		}
		short[i] = first
	}
	return commandText(short)
}

// commandText quotes what a reader could take for several arguments, or for none.
func commandText(args []string) string {
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = arg
		if arg == "" || strings.ContainsAny(arg, " \"'\\") || judge.Visible(arg) != arg {
			words[i] = strconv.Quote(arg)
		}
	}
	return strings.Join(words, " ")
}

func environmentText(env map[string]string) string {
	var settings []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		settings = append(settings, name+"="+env[name])
	}
	return commandText(settings)
}

// dataText names a file as the task file does, or tells how much text the task file itself has.
func dataText(t judge.Task, d *judge.Data) string {
	switch {
	case d == nil:
		return ""
	case d.File != "":
		return relative(t, d.File)
	}
	return counted(len(d.Text), "byte")
}

func relative(t judge.Task, file string) string {
	if name, err := filepath.Rel(t.Dir, file); err == nil && filepath.IsLocal(name) {
		return judge.Visible(name)
	}
	return judge.Visible(file)
}

func joined(verdicts []judge.Verdict, by string) string {
	words := make([]string, len(verdicts))
	for i, v := range verdicts {
		words[i] = string(v)
	}
	return strings.Join(words, by)
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
