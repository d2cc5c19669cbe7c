package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"judge/judge"
	"judge/judge/report"
)

// runFlags are the flags of `judge run`.
type runFlags struct {
	jobs     int
	out      string // a file's name; "-": standard output; empty: none
	html     string // a file's name; empty: none
	junit    string // the same
	only     []string
	allTests bool
	format   format
	pin      bool
	degraded bool
	resume   bool

	paths   []string // task files and packages
	look    look
	quiet   bool
	verbose bool

	noCache    bool
	transcript bool
	replay     string // a file's name; empty: interactors are run
	validate   bool
}

func newRun() *cobra.Command {
	f := runFlags{format: formatAuto}
	cmd := &cobra.Command{
		Use:   "run [flags] FILE|DIR...",
		Short: "Judge the submissions of task files",
		Long: `Run compiles and runs the submissions that the task files name, and prints a table of
what came out. A directory stands for the tasks.toml in it, or is a problem package of
Kattis, the ICPC or Polygon, as a zip archive may be.

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
	flags.IntVarP(&f.jobs, "jobs", "j", 0, "run `N` programs at one time (default: the physical cores that judge may use)")
	flags.StringVarP(&f.out, "out", "o", "", "write the records to `FILE`, one JSON object a line; - is standard output")
	flags.StringArrayVar(&f.only, "only", nil, "judge only what `NAME` names: TASK[/SUBMISSION[/TEST]], with patterns as in task files; may be repeated")
	flags.BoolVar(&f.allTests, "all-tests", false, "go on after a submission's first failed test; only groups still wait for those they depend on")
	flags.BoolVar(&f.pin, "pin", false, "run one program on each physical core at one time, and nothing on the core's other threads")
	flags.StringVar(&f.html, "html", "", "write a report for a browser to `FILE`; records then have transcripts, and the beginnings of inputs and answers")
	flags.StringVar(&f.junit, "junit", "", "write JUnit XML for continuous integration to `FILE`")
	flags.Var(&f.format, "format", "what to print: auto, table, jsonl or none; auto is a table, coloured on a terminal")
	f.look.addTo(flags)
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "show each compilation and each run in a line, with versions, and what came from the cache")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "show only what is not as expected, and the last line")
	flags.BoolVar(&f.validate, "validate", false, "first run the tasks' validators on all inputs; judge nothing when one is not valid")
	flags.BoolVar(&f.noCache, "no-cache", false, "compile everything anew, and keep nothing of it")
	flags.BoolVar(&f.transcript, "transcript", false, "write into the records what the processes of an interactive task said, and when")
	flags.StringVar(&f.replay, "replay", "", "instead of interactors play the transcripts of `FILE`, records of an earlier run")
	flags.BoolVar(&f.resume, "resume", false, "go on where an earlier run with the same --out FILE was ended; nothing is run twice")
	flags.BoolVar(&f.degraded, "degraded", false, "judge also where this host cannot hold every limit; records say which")
	return cmd
}

// run loads everything before it opens the output, so that a mistake costs no earlier results.
func (f runFlags) run(ctx context.Context, paths []string, stdout, stderr io.Writer) error {
	if f.jobs < 0 {
		return fmt.Errorf("--jobs %d: want 1 or more, or 0 for the physical cores that judge may use", f.jobs)
	}
	if f.resume && (f.out == "" || f.out == "-") {
		return errors.New("--resume: want --out FILE, the records to go on from")
	}
	if f.quiet && f.verbose {
		return errors.New("--quiet and --verbose: want one of them")
	}
	if err := f.checkParents(); err != nil {
		return &failure{statusUsage, err}
	}
	f.paths = paths
	in, err := openInputs(paths)
	if err != nil {
		return err
	}
	defer in.Close()
	if p := in.calibrated(); p != nil && f.resume {
		return fmt.Errorf("--resume: %s leaves its time limit to be measured: judge what judge convert writes of it", p.Name())
	}
	if f.validate {
		tasks, err := f.plan(in)
		if err != nil {
			return err
		}
		if err := f.validateInputs(ctx, tasks, stdout, stderr); err != nil {
			return err
		}
	}
	measure := judge.Batch{Jobs: f.jobs, Pin: f.pin, Degraded: f.degraded, Monitor: &judge.Monitor{}}
	if !f.noCache {
		measure.Cache = compilations()
	}
	progress := f.progress(measure.Monitor, stdout, stderr)
	err = in.calibrate(ctx, measure, progress.Above(stderr))
	progress.Stop()
	if err != nil {
		return err
	}
	tasks, err := f.plan(in)
	if err != nil {
		return err
	}
	return f.judge(ctx, tasks, stdout, stderr)
}

// plan loads what is to be judged.
func (f runFlags) plan(in *inputs) ([]judge.Task, error) {
	tasks, err := in.load()
	if err != nil {
		return nil, err
	}
	if tasks, err = judge.Plan(tasks, f.only); err != nil {
		return nil, &failure{statusUsage, err}
	}
	return tasks, nil
}

// validateInputs runs the validators of a plan. What they find is a mistake of the task's.
func (f runFlags) validateInputs(ctx context.Context, tasks []judge.Task, stdout, stderr io.Writer) error {
	if !slices.ContainsFunc(tasks, func(t judge.Task) bool { return len(t.Validators) > 0 }) {
		return &failure{statusUsage, errors.New("--validate: no task has validators")}
	}
	batch := judge.Batch{Jobs: f.jobs, Degraded: f.degraded, Monitor: &judge.Monitor{}}
	progress := f.progress(batch.Monitor, stdout, stderr)
	err := batch.Validate(ctx, tasks)
	progress.Stop()
	if input := (*judge.InputErrors)(nil); errors.As(err, &input) {
		return &failure{statusUsage, err}
	}
	return conclude(ctx, judge.Totals{}, err)
}

// judge judges a plan.
func (f runFlags) judge(ctx context.Context, tasks []judge.Task, stdout, stderr io.Writer) error {
	batch := judge.Batch{Jobs: f.jobs, AllTests: f.allTests, Pin: f.pin, Degraded: f.degraded, Version: version(), Transcripts: f.transcript || f.html != "", Excerpts: f.html != "", Monitor: &judge.Monitor{}}
	if !f.noCache {
		batch.Cache = compilations()
	}
	if f.replay != "" {
		var err error
		if batch.Replay, err = readTranscripts(f.replay); err != nil {
			return &failure{statusUsage, fmt.Errorf("--replay: %w", err)}
		}
	}
	if err := f.checkOutputs(tasks); err != nil {
		return &failure{statusUsage, err}
	}
	progress := f.progress(batch.Monitor, stdout, stderr)
	defer progress.Stop()
	sink, earlier, err := f.sink(tasks, progress, stdout, stderr)
	if err != nil {
		return &failure{statusUsage, err}
	}
	batch.Earlier = earlier
	totals, err := batch.Run(ctx, tasks, sink)
	if misfit := (*judge.MisfitError)(nil); errors.As(err, &misfit) {
		return &failure{statusUsage, fmt.Errorf("--resume: %s does not fit what is to be judged, and was not changed: %w", f.out, misfit)}
	}
	return conclude(ctx, totals, err)
}

// sink opens what the flags ask for: records first, for they are what must not be lost. Where both
// would go to standard output the table goes to standard error. What a file to resume has is returned
// beside it.
func (f runFlags) sink(tasks []judge.Task, progress *report.Progress, stdout, stderr io.Writer) (sink judge.Sink, earlier *judge.Earlier, err error) {
	var sinks, shown []judge.Sink // shown are those that are given what a file to resume has
	names := []string{f.out}
	if f.format == formatJSONL && f.out != "-" {
		names = append(names, "-")
	}
	for _, name := range names {
		if name == "" {
			continue
		}
		open := report.CreateJSONL
		if f.resume && name == f.out {
			open = report.ResumeJSONL
		}
		records, err := open(name)
		if err != nil {
			return nil, nil, errors.Join(fmt.Errorf("--out: %w", err), judge.Tee(sinks...).Close())
		}
		if f.resume && name == f.out {
			earlier = &judge.Earlier{Records: records.Earlier(), Keep: records.Keep}
		}
		sinks = append(sinks, records)
	}
	files, err := f.reports()
	if err != nil {
		return nil, nil, errors.Join(err, judge.Tee(sinks...).Close())
	}
	if f.format == formatAuto || f.format == formatTable {
		screen := stdout
		if f.out == "-" {
			screen = stderr
		}
		table := f.table(screen, progress, tasks)
		sinks = append(sinks, table)
		shown = append(shown, table)
	}
	if earlier != nil {
		earlier.Show = judge.Tee(append(shown, files...)...)
	}
	return judge.Tee(append(sinks, files...)...), earlier, nil
}

// reports opens the reports that are files.
func (f runFlags) reports() ([]judge.Sink, error) {
	var sinks []judge.Sink
	if f.html != "" {
		page, err := report.CreateHTML(f.html)
		if err != nil {
			return nil, fmt.Errorf("--html: %w", err)
		}
		sinks = append(sinks, page)
	}
	if f.junit != "" {
		junit, err := report.CreateJUnit(f.junit)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("--junit: %w", err), judge.Tee(sinks...).Close())
		}
		sinks = append(sinks, junit)
	}
	return sinks, nil
}

// conclude turns the end of a batch into an exit status. What a submission did was in the table; only
// what is wrong with judge or its host needs words.
func conclude(ctx context.Context, totals judge.Totals, err error) error {
	var host *judge.HostError
	switch {
	case err != nil && ctx.Err() != nil:
		return &failure{statusInterrupted, errors.New("interrupted: what was known is written")}
	case errors.As(err, &host):
		return &failure{statusHost, refusal(host)}
	case err != nil:
		return &failure{statusHost, err}
	case totals.JudgeErrors > 0:
		return &failure{status: statusHost}
	case totals.AsExpected < totals.Submissions:
		return &failure{status: statusUnexpected}
	}
	return nil
}
