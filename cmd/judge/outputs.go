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
	for _, output := range f.outputs() {
		name := realName(output.name)
		if other := taken[name]; other != "" {
			return fmt.Errorf("%s %s: is the file of %s", output.flag, output.name, other)
		}
		taken[name] = output.flag
	}
	there := f.outputsThere()
	if len(there) == 0 { // what is read is there
		return nil
	}
	if output, ok := there.find(f.replay); ok {
		return fmt.Errorf("%s %s: is the file of --replay", output.flag, output.name)
	}
	for i := range tasks {
		t := &tasks[i]
		if output, ok := there.find(t.File); ok {
			return fmt.Errorf("%s %s: is the task file %s", output.flag, output.name, t.File)
		}
		for what, file := range t.Files() {
			if output, ok := there.find(file); ok {
				return fmt.Errorf("%s %s: is read for %s of task %q", output.flag, output.name, what, t.Name)
			}
		}
	}
	return nil
}

// outputsThere are outputs that are there already, whatever they are called: by a link one may be a file of another name.
type outputsThere map[output]fs.FileInfo

func (f runFlags) outputsThere() outputsThere {
	there := outputsThere{}
	for _, output := range f.outputs() {
		if info, err := os.Stat(output.name); err == nil {
			there[output] = info
		}
	}
	return there
}

// find is the output that is a file; false: none is.
func (there outputsThere) find(file string) (output, bool) {
	info, err := os.Stat(file)
	if err != nil {
		return output{}, false // nor is it there
	}
	for o, is := range there {
		if os.SameFile(is, info) {
			return o, true
		}
	}
	return output{}, false
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
