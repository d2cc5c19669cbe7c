package main

import (
	"fmt"
	"os"
	"path/filepath"

	"judge/judge"
)

// checkOutputs refuses to write where a task is read from, or two things into one file.
func (f runFlags) checkOutputs(tasks []judge.Task) error {
	taken := map[string]string{}
	for _, task := range tasks {
		taken[realName(task.File)] = "task file " + task.File
		if task.Source != nil {
			taken[realName(task.Source.File)] = "source " + task.Source.Name
		}
	}
	if f.replay != "" {
		taken[realName(f.replay)] = "file of --replay"
	}
	for _, output := range []struct{ flag, name string }{{"--out", f.out}, {"--html", f.html}, {"--junit", f.junit}} {
		if output.name == "" || output.name == "-" {
			continue
		}
		name := realName(output.name)
		if other := taken[name]; other != "" {
			return fmt.Errorf("%s %s: is the %s", output.flag, output.name, other)
		}
		taken[name] = "file of " + output.flag
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
