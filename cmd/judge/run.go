package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"judge/judge"
	"judge/judge/report"
)

// runFlags are the flags of `judge run`.
type runFlags struct {
	jobs     int
	out      string // a file's name; "-": standard output; empty: none
	only     []string
	allTests bool
	format   format
	degraded bool
}

func newRun() *cobra.Command {
	f := runFlags{format: formatAuto}
	cmd := &cobra.Command{
		Use:   "run [flags] FILE|DIR...",
		Short: "Judge the submissions of task files",
		Long: `Run compiles and runs the submissions that the task files name, and prints a table of
what came out. A directory stands for the tasks.toml in it.

Exit status: 0 everything is as the task files expect; 1 something is not; 2 the command
line or a task file is wrong, and nothing was run; 3 this host cannot isolate or limit
programs, results could not be written, or a judge-error is left; 130 interrupted.`,
		Example: `  judge run tasks.toml
  judge run --jobs 4 --out results.jsonl contest/
  judge run --only sum/solutions/slow.cpp --all-tests tasks.toml
  judge run --out - tasks.toml | jq -r 'select(.kind == "run") | .cpu_ms'`,
		Args: wantTaskFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.IntVarP(&f.jobs, "jobs", "j", 0, "run `N` programs at one time (default: the CPUs that judge may use)")
	flags.StringVarP(&f.out, "out", "o", "", "write the records to `FILE`, one JSON object a line; - is standard output")
	flags.StringArrayVar(&f.only, "only", nil, "judge only `TASK[/SUBMISSION[/TEST]]`; patterns as in task files; may be repeated")
	flags.BoolVar(&f.allTests, "all-tests", false, "go on after a submission's first failed test")
	flags.Var(&f.format, "format", "what to print: auto, table, jsonl or none; auto is a table, coloured on a terminal")
	flags.BoolVar(&f.degraded, "degraded", false, "judge also where this host cannot hold every limit; records say which")
	return cmd
}

// run loads everything before it opens the output, so that a mistake costs no earlier results.
func (f runFlags) run(ctx context.Context, paths []string, stdout, stderr io.Writer) error {
	if f.jobs < 0 {
		return fmt.Errorf("--jobs %d: want 1 or more, or 0 for the CPUs that judge may use", f.jobs)
	}
	tasks, err := judge.Load(paths...)
	if err != nil {
		return &failure{statusUsage, err}
	}
	if tasks, err = judge.Plan(tasks, f.only); err != nil {
		return &failure{statusUsage, err}
	}
	return f.judge(ctx, tasks, stdout, stderr)
}

// judge judges a plan.
func (f runFlags) judge(ctx context.Context, tasks []judge.Task, stdout, stderr io.Writer) error {
	sink, err := f.sink(stdout, stderr)
	if err != nil {
		return &failure{statusUsage, fmt.Errorf("--out: %w", err)}
	}
	batch := judge.Batch{Jobs: f.jobs, AllTests: f.allTests, Degraded: f.degraded, Version: version()}
	totals, err := batch.Run(ctx, tasks, sink)
	return conclude(ctx, totals, err)
}

// sink opens what the flags ask for: records first, for they are what must not be lost. Where both
// would go to standard output the table goes to standard error.
func (f runFlags) sink(stdout, stderr io.Writer) (judge.Sink, error) {
	var sinks []judge.Sink
	names := []string{f.out}
	if f.format == formatJSONL && f.out != "-" {
		names = append(names, "-")
	}
	for _, name := range names {
		if name == "" {
			continue
		}
		records, err := report.CreateJSONL(name)
		if err != nil {
			return nil, errors.Join(err, judge.Tee(sinks...).Close())
		}
		sinks = append(sinks, records)
	}
	if f.format == formatAuto || f.format == formatTable {
		screen := stdout
		if f.out == "-" {
			screen = stderr
		}
		sinks = append(sinks, report.NewTable(screen, tableConfig(screen)))
	}
	return judge.Tee(sinks...), nil
}

// conclude turns the end of a batch into an exit status. What a submission did was in the table; only
// what is wrong with judge or its host needs words.
func conclude(ctx context.Context, totals judge.Totals, err error) error {
	var host *judge.HostError
	switch {
	case err != nil && ctx.Err() != nil:
		return &failure{statusInterrupted, errors.New("interrupted: what was known is written")}
	case errors.As(err, &host):
		return &failure{statusHost, fmt.Errorf("%w\njudge doctor shows what this host can do; --degraded judges without", host)}
	case err != nil:
		return &failure{statusHost, err}
	case totals.JudgeErrors > 0:
		return &failure{status: statusHost}
	case totals.AsExpected < totals.Submissions:
		return &failure{status: statusUnexpected}
	}
	return nil
}
