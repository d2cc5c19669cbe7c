package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"judge/judge"
)

// checkParents refuses outputs in directories that do not exist, before anything is run.
func (f runFlags) checkParents() error {
	for _, output := range f.outputs() {
		if err := checkParent(output.flag, output.name); err != nil {
			return err
		}
	}
	return nil
}

// checkParent refuses a file in a directory that does not exist.
func checkParent(flag, name string) error {
	dir := filepath.Dir(name)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s %s: there is no directory %s: make it, or name another file", flag, name, dir)
	}
	return nil
}

// output is a file that is written to, and the flag that names it.
type output struct{ flag, name string }

// outputs are the files that the flags name.
func (f runFlags) outputs() []output {
	all := []output{{"--out", f.out}, {"--html", f.html}, {"--junit", f.junit}}
	return slices.DeleteFunc(all, func(o output) bool { return o.name == "" || o.name == "-" })
}

// checkOutputs refuses to write where a task is read from, or two things into one file.
func (f runFlags) checkOutputs(tasks []judge.Task) error {
	taken := map[string]string{}
	last := map[string]bool{} // elements of the outputs' names: there may be a million files to compare with
	for _, output := range f.outputs() {
		last[filepath.Base(realName(output.name))] = true
	}
	for i := range tasks {
		taken[realName(tasks[i].File)] = "the task file " + tasks[i].File
		for what, file := range tasks[i].Files() {
			if last[filepath.Base(file)] {
				taken[realName(file)] = fmt.Sprintf("read for %s of task %q", what, tasks[i].Name)
			}
		}
	}
	if f.replay != "" {
		taken[realName(f.replay)] = "the file of --replay"
	}
	for _, output := range f.outputs() {
		name := realName(output.name)
		if other := taken[name]; other != "" {
			return fmt.Errorf("%s %s: is %s", output.flag, output.name, other)
		}
		taken[name] = "the file of " + output.flag
	}
	return nil
}

// realName is what a file is called when links are followed as far as there are any.
func realName(name string) string {
	absolute, err := filepath.Abs(name)
	if err != nil {
		return name
	}
	if real, err := filepath.EvalSymlinks(absolute); err == nil {
		return real
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(absolute)); err == nil && !os.IsPathSeparator(absolute[len(absolute)-1]) {
		return filepath.Join(dir, filepath.Base(absolute))
	}
	return absolute
}
