package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"judge/judge"
	"judge/judge/packages"
)

// inputs are what a command line names: task files, and packages that become such.
type inputs struct {
	paths    []string
	packages map[int]*packages.Package // by index in paths
}

// openInputs reads the packages among paths. The caller closes the inputs when nothing of them is used.
func openInputs(paths []string) (*inputs, error) {
	in := &inputs{paths: paths, packages: map[int]*packages.Package{}}
	for i, path := range paths {
		if !packages.Is(path) {
			continue
		}
		p, err := packages.Open(path)
		if err != nil {
			in.Close()
			return nil, &failure{statusUsage, mistake(err)}
		}
		in.packages[i] = p
	}
	return in, nil
}

// mistake makes a package's mistake look like those of task files.
func mistake(err error) error {
	if one := (*judge.InputError)(nil); errors.As(err, &one) {
		return &judge.InputErrors{Errors: []*judge.InputError{one}}
	}
	return err
}

// load loads everything at once, so that names of tasks are unique.
func (in *inputs) load() ([]judge.Task, error) {
	files := make([]judge.TaskFile, len(in.paths))
	for i, path := range in.paths {
		files[i].Name = path
		if p := in.packages[i]; p != nil {
			files[i] = p.TaskFile()
		}
	}
	tasks, err := judge.LoadFiles(files...)
	if err != nil {
		return nil, &failure{statusUsage, packages.Plain(err, files)}
	}
	return tasks, nil
}

// calibrate says what of the packages could not be expressed, and calibrates their time limits.
func (in *inputs) calibrate(ctx context.Context, b judge.Batch, stderr io.Writer) error {
	for i := range in.paths {
		p := in.packages[i]
		if p == nil {
			continue
		}
		for _, note := range p.Notes() {
			fmt.Fprintf(stderr, "%s: %s\n", p.Name(), judge.Visible(note))
		}
		found, err := p.Calibrate(ctx, b)
		if input := (*judge.InputErrors)(nil); errors.As(mistake(err), &input) {
			return &failure{statusUsage, input}
		}
		if err != nil {
			return conclude(ctx, judge.Totals{}, err)
		}
		if found != "" {
			fmt.Fprintf(stderr, "%s: %s\n", p.Name(), judge.Visible(found))
		}
	}
	return nil
}

// calibrated is the first package that leaves its time limit to a calibration; nil: none does.
func (in *inputs) calibrated() *packages.Package {
	for i := range in.paths {
		if p := in.packages[i]; p != nil && p.Calibrated() {
			return p
		}
	}
	return nil
}

// Close removes what archives were unpacked to.
func (in *inputs) Close() error {
	var errs []error
	for _, p := range in.packages {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}
