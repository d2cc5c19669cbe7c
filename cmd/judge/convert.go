package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"judge/judge"
	"judge/judge/packages"
)

// convertFlags are the flags of `judge convert`.
type convertFlags struct {
	out      string // a file's name; "-": standard output; empty: tasks.toml in the package
	jobs     int
	degraded bool
}

func newConvert() *cobra.Command {
	var f convertFlags
	cmd := &cobra.Command{
		Use:   "convert [flags] DIR",
		Short: "Write the task file of a problem package",
		Long: `Convert reads a problem package of Kattis or the ICPC (problem.yaml) or of Polygon
(problem.xml) and writes a task file with which judge run comes to the same verdicts. What
the package says and a task file cannot is in a comment at its top, and on standard error.

Where the package leaves the time limit to be measured, its submissions are run.`,
		Example: `  judge convert problems/different
  judge convert -o different.toml problems/different`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("convert: want one directory with a problem.yaml or a problem.xml, as in: %s problems/different", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.convert(cmd.Context(), args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVarP(&f.out, "out", "o", "", "write to `FILE`, which must not exist (default: tasks.toml in DIR); - is standard output")
	flags.IntVarP(&f.jobs, "jobs", "j", 0, "measure `N` programs at one time (default: the physical cores that judge may use)")
	flags.BoolVar(&f.degraded, "degraded", false, "measure also where this host cannot hold every limit")
	return cmd
}

func (f convertFlags) convert(ctx context.Context, dir string, stdout, stderr io.Writer) error {
	name, into := f.out, filepath.Dir(f.out)
	switch f.out {
	case "":
		name, into = filepath.Join(dir, "tasks.toml"), dir
	case "-":
		into = "."
	}
	in, err := openPackage(dir)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := f.checkOutput(name); err != nil {
		return &failure{statusUsage, err}
	}
	if err := in.calibrate(ctx, judge.Batch{Jobs: f.jobs, Degraded: f.degraded, Version: version()}, stderr); err != nil {
		return err
	}
	text, err := in.packages[0].Document(into)
	if err != nil {
		return &failure{statusUsage, err}
	}
	if _, err := in.load(); err != nil { // what does not load is not written
		return err
	}
	if f.out == "-" {
		_, err = io.WriteString(stdout, text)
	} else {
		err = createFile(name, text)
	}
	if errors.Is(err, fs.ErrExist) {
		err = errIsThere(name)
	}
	if err != nil {
		return &failure{statusUsage, err}
	}
	return nil
}

// checkOutput refuses early what would be refused after the package's submissions were run.
func (f convertFlags) checkOutput(name string) error {
	if f.out == "-" {
		return nil
	}
	if _, err := os.Lstat(name); err == nil {
		return errIsThere(name)
	}
	return checkParent("--out", name)
}

// errIsThere is the refusal to change a file.
func errIsThere(name string) error {
	return fmt.Errorf("write %s: is there already: remove it, or name another file with --out", name)
}

// openPackage reads the package in a directory, whether or not there is a task file as well.
func openPackage(dir string) (*inputs, error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, &failure{statusUsage, fmt.Errorf("convert: %s: there is no such directory: want one with a problem.yaml or a problem.xml", dir)}
	}
	p, err := packages.Open(dir)
	if err != nil {
		return nil, &failure{statusUsage, mistake(err)}
	}
	if first := p.Passing(); first != "" {
		p.Close()
		return nil, &failure{statusUsage, fmt.Errorf("convert %s: %s first: a task file names the package's files", dir, first)}
	}
	return &inputs{paths: []string{dir}, packages: map[int]*packages.Package{0: p}}, nil
}
