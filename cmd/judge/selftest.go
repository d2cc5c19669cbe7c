package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"judge/fixtures/hostile"
	"judge/judge"
	"judge/judge/selftest"
)

// selftestFlags are the flags of `judge selftest`.
type selftestFlags struct {
	only        []string
	list        bool
	compileTime time.Duration
}

func newSelftest() *cobra.Command {
	var f selftestFlags
	cmd := &cobra.Command{
		Use:   "selftest",
		Short: "Run the hostile programs that ship with judge, and say which defences held",
		Long: `Selftest judges programs that attack the judge: each in a sandbox, followed by a harmless
one, with a look at the host before and after. It takes some minutes.

A defence held if the verdict is one of those that are right for the program and came in time,
the program did not get at what is not its own, nothing on the host is different, and the
harmless program was accepted. On a very slow host, an emulated one for example, programs get more
time, and what judge measured for that is printed; no other limit changes.

Exit status: 0 every program that was run was held; 1 one was not; 2 the command line is wrong;
3 this host cannot isolate or limit programs; 130 interrupted.`,
		Example: `  judge selftest
  judge selftest --only 'mem_*' --only privilege
  judge selftest --list`,
		Args: wantNothing,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringArrayVar(&f.only, "only", nil, "run only programs whose name or category fits `GLOB`; may be repeated")
	flags.DurationVar(&f.compileTime, "compile-time", 0, "give the compiler this `TIME` for each program (default 10s, more on a slow host)")
	flags.BoolVar(&f.list, "list", false, "show the programs, and run nothing")
	return cmd
}

func (f selftestFlags) run(ctx context.Context, stdout, stderr io.Writer) error {
	programs, err := chooseHostile(f.only)
	if err != nil {
		return &failure{statusUsage, err}
	}
	if f.list {
		return writeOut(stdout, hostileList(programs, tableConfig(stdout)))
	}
	slowness, err := selftest.Slowness()
	if err != nil {
		return &failure{statusHost, err}
	}
	if slowness > 1 {
		note := fmt.Sprintf("This host takes %d times as long as usual to start a process, so programs get %[1]d times the CPU time.\n\n", slowness)
		if err := writeOut(stdout, note); err != nil {
			return err
		}
	}
	options := selftest.Options{Version: version(), Slowness: slowness, CompileTime: f.compileTime}
	results, err := attackAll(ctx, programs, options, newProgress(stderr))
	if len(results) > 0 {
		err = errors.Join(err, writeOut(stdout, hostileTable(results, tableConfig(stdout))))
	}
	return concludeSelftest(ctx, results, err)
}

// chooseHostile returns the programs that fit one of the patterns; all without a pattern.
func chooseHostile(only []string) ([]hostile.Program, error) {
	all, err := hostile.All()
	if err != nil || len(only) == 0 {
		return all, err
	}
	var chosen []hostile.Program
	used := make([]bool, len(only))
	for _, p := range all {
		fits := false
		for i, pattern := range only {
			ok, err := p.Matches(pattern)
			if err != nil {
				return nil, fmt.Errorf("--only %s: %w", pattern, err)
			}
			used[i] = used[i] || ok
			fits = fits || ok
		}
		if fits {
			chosen = append(chosen, p)
		}
	}
	for i, pattern := range only {
		if !used[i] {
			return nil, fmt.Errorf("--only %s: there is no such program or category; --list shows them", pattern)
		}
	}
	return chosen, nil
}

// attackAll runs the programs; the results are those until an error.
func attackAll(ctx context.Context, programs []hostile.Program, o selftest.Options, bar *progress) (results []selftest.Result, err error) {
	defer bar.clear()
	bar.show("preparing")
	runner, err := selftest.NewRunner(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, runner.Close()) }()
	broken := 0
	for i, p := range programs {
		bar.show(fmt.Sprintf("[%d/%d] %s%s", i+1, len(programs), p.File, notHeld(broken)))
		result, err := runner.Run(ctx, p)
		if err != nil {
			return results, err
		}
		if len(result.Broken) > 0 {
			broken++
		}
		results = append(results, result)
	}
	return results, nil
}

// concludeSelftest turns the results into an exit status; the table has said the rest.
func concludeSelftest(ctx context.Context, results []selftest.Result, err error) error {
	var host *judge.HostError
	switch {
	case err != nil && ctx.Err() != nil:
		return &failure{statusInterrupted, errors.New("interrupted")}
	case errors.As(err, &host):
		return &failure{statusHost, fmt.Errorf("%w\njudge doctor shows what this host can do", host)}
	case err != nil:
		return &failure{statusHost, err}
	}
	for _, r := range results {
		if len(r.Broken) > 0 {
			return &failure{status: statusUnexpected}
		}
	}
	return nil
}

func writeOut(w io.Writer, text string) error {
	if _, err := io.WriteString(w, text); err != nil {
		return &failure{statusHost, fmt.Errorf("print: %w", err)}
	}
	return nil
}
