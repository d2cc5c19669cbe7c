package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"judge/judge"
)

// shellFlags are those of `judge shell`.
type shellFlags struct {
	timed    bool
	degraded bool
	noCache  bool
}

func newShell() *cobra.Command {
	var f shellFlags
	cmd := &cobra.Command{
		Use:   "shell [flags] [FILE|DIR] [TASK[/SUBMISSION[/TEST]]] [-- COMMAND [ARGUMENT...]]",
		Short: "Open a shell in the sandbox that a submission gets",
		Long: `Shell runs an interactive shell, or one command, in the very sandbox that a submission
gets: the same files with the submission compiled in /work, the same user, environment,
network and filter of system calls, and its limits on memory, processes and disk. Limits
on time hold with --limits only. With a TEST its files are there, and its input and
answer are /judge/input and /judge/answer. FILE is ./tasks.toml when it is left out, and
TASK the file's only task. What is written in the sandbox is gone when the shell ends.

At a terminal the shell gets a terminal of its own, with job control, and never judge's.

Exit status: that of the command; 128 and the signal's number if a signal ended it; 2 the
command line or a task file is wrong; 3 this host cannot isolate programs.`,
		Example: `  judge shell sum/solutions/slow.cpp
  judge shell sum/solutions/slow.cpp/7-large
  judge shell sum -- gcc --version
  judge shell contest/tasks.toml sum/a.py/1 -- sh -c 'python3 a.py < /judge/input'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), args, cmd.ArgsLenAtDash(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().BoolVar(&f.timed, "limits", false, "hold the limits on CPU and wall time too")
	cmd.Flags().BoolVar(&f.noCache, "no-cache", false, "compile the submission anew, and keep nothing of it")
	cmd.Flags().BoolVar(&f.degraded, "degraded", false, "also where this host cannot hold every limit")
	return cmd
}

// interactiveShell is a shell as people like it, or the one that is always there.
var interactiveShell = []string{"sh", "-c", "if command -v bash >/dev/null; then exec bash; fi; exec sh"}

// run opens the shell. dash is how many arguments stand before a --, negative if there is none.
func (f shellFlags) run(ctx context.Context, args []string, dash int, stdout, stderr io.Writer) error {
	command := interactiveShell
	if dash >= 0 {
		if args, command = args[:dash], args[dash:]; len(command) == 0 {
			return errors.New("shell: want a command after --")
		}
	}
	file, selector, err := shellTarget(args)
	if err != nil {
		return err
	}
	in, err := openInputs([]string{file})
	if err != nil {
		return err
	}
	defer in.Close()
	tasks, err := in.load()
	if err != nil {
		return err
	}
	session, err := judge.NewSession(tasks, selector)
	if err != nil {
		return &failure{statusUsage, fmt.Errorf("shell: %w", err)}
	}
	session.Command, session.Timed = command, f.timed
	batch := judge.Batch{Degraded: f.degraded, Version: version()}
	if !f.noCache {
		batch.Cache = compilations()
	}
	facts, err := f.session(ctx, batch, session, dash < 0, stdout, stderr)
	return concludeShell(facts, err, stderr)
}

// shellTarget tells the task file and the selector apart: one argument is a selector unless it is a file.
func shellTarget(args []string) (file, selector string, err error) {
	switch len(args) {
	case 0:
		return ".", "", nil
	case 1:
		if info, err := os.Stat(args[0]); err == nil && (info.IsDir() || strings.HasSuffix(args[0], ".toml")) {
			return args[0], "", nil
		}
		return ".", args[0], nil
	case 2:
		return args[0], args[1], nil
	}
	return "", "", fmt.Errorf("shell: want a task and perhaps its file, not %d arguments; a command follows --", len(args))
}

// session runs the session at a terminal of its own, if judge has one, or else with pipes.
func (f shellFlags) session(ctx context.Context, b judge.Batch, s judge.Session, greet bool, stdout, stderr io.Writer) (judge.Facts, error) {
	if isTTY(os.Stdin) && isTTY(stdout) {
		s.Env = append(s.Env, "TERM="+os.Getenv("TERM"))
		return atTerminal(ctx, b, s, func() {
			if greet {
				io.WriteString(stderr, shellGreeting(s))
			}
		})
	}
	return withPipes(ctx, b, s, stdout, stderr)
}

// isTTY tells whether a stream is a terminal, however little it can do.
func isTTY(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// shellGreeting says where the user is and what is there.
func shellGreeting(s judge.Session) string {
	var p planPrinter
	p.line("task %s, in the sandbox of its submissions", s.Task.Name)
	if s.Submission != nil {
		p.field(2, "program", s.Submission.Name)
		run := s.Submission.Command
		if s.Submission.Language != nil {
			run = s.Submission.RunCommand(s.Limits())
		}
		if s.Test != nil {
			run = append(run[:len(run):len(run)], s.Test.Args...)
		}
		p.field(2, "run it", commandText(run))
	}
	input, answer := s.Places()
	p.field(2, "input", input)
	p.field(2, "answer", answer)
	p.field(2, "limits", limitsText(s.Limits()))
	return p.String()
}

// concludeShell passes on how the command ended.
func concludeShell(facts judge.Facts, err error, stderr io.Writer) error {
	var uncompiled *judge.UncompiledError
	switch {
	case errors.As(err, &uncompiled):
		if c := uncompiled.Record.Stderr; c != nil {
			io.WriteString(stderr, c.Text)
		}
		return &failure{statusUnexpected, err}
	case err != nil:
		return conclude(context.Background(), judge.Totals{}, err)
	case facts.Exec != 0:
		return &failure{statusNotFound, fmt.Errorf("start %s: %w", judge.Visible(facts.Path), facts.Exec)}
	}
	switch d := judge.Decide(facts); d.Verdict {
	case judge.MemoryLimit, judge.TimeLimit:
		fmt.Fprintf(stderr, "judge: ended: %s\n", d.Message)
	}
	if len(facts.Refused) > 0 {
		fmt.Fprintf(stderr, "judge: refused system calls: %s\n", strings.Join(facts.Refused, ", "))
	}
	switch {
	case facts.Signal != "":
		return &failure{status: 128 + signalNumber(facts.Signal)}
	case facts.ExitCode != 0:
		return &failure{status: facts.ExitCode}
	}
	return nil
}

// statusNotFound is that of shells for a command that cannot be started.
const statusNotFound = 127

// withPipes runs a session with what is not a terminal. The program gets pipes: our own files could be
// reopened by it, for writing where we only read.
func withPipes(ctx context.Context, b judge.Batch, s judge.Session, stdout, stderr io.Writer) (judge.Facts, error) {
	from, to, err := os.Pipe()
	if err != nil {
		return judge.Facts{}, err
	}
	defer from.Close()
	p, err := startPump(os.Stdin, to, to.Close)
	if err != nil {
		return judge.Facts{}, errors.Join(err, to.Close())
	}
	s.Stdin, s.Stdout, s.Stderr = from, struct{ io.Writer }{stdout}, struct{ io.Writer }{stderr}
	facts, err := b.Session(ctx, s)
	from.Close()
	p.stop()
	return facts, err
}
