package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"judge/judge"
	"judge/limits"
)

// Limits outside of these are unusual. A time below a few hundredths of a second is within what a start of an
// interpreter takes, and memory below some MiB within what its libraries do.
const (
	shortTime   = 50 * time.Millisecond
	longTime    = time.Minute
	smallMemory = 8 << 20
	largeMemory = 16 << 30
)

// limits looks at those of the task and of its tests, each value once.
func (l *linter) limits() {
	l.limitsOf("", l.task.Limits)
	seen := []limits.Limits{l.task.Limits}
	for _, test := range l.task.Tests {
		if !slices.Contains(seen, test.Limits) {
			seen = append(seen, test.Limits)
			l.limitsOf("test "+test.Name, test.Limits)
		}
	}
}

func (l *linter) limitsOf(where string, v limits.Limits) {
	for _, f := range []struct {
		wrong bool
		what  string
	}{
		{v.CPU > 0 && v.CPU < shortTime, "time " + limits.FormatDuration(v.CPU) + " is unusual: an interpreter may need more to start"},
		{v.CPU > longTime, "time " + limits.FormatDuration(v.CPU) + " is unusual"},
		{v.Wall > 0 && v.Wall < v.CPU, "wall " + limits.FormatDuration(v.Wall) + " is less than time: a program that computes can never use its time"},
		{v.Memory > 0 && v.Memory < smallMemory, "memory " + limits.FormatSize(v.Memory) + " is unusual: an interpreter may need more to start"},
		{v.Memory > largeMemory, "memory " + limits.FormatSize(v.Memory) + " is unusual"},
		{v.Memory > 0 && v.Memory > hostMemory(), "memory " + limits.FormatSize(v.Memory) + " is more than this host has"},
		{v.Stack > 0 && v.Stack > v.Memory && v.Memory > 0, "stack " + limits.FormatSize(v.Stack) + " is more than memory"},
		{v.Output > 0 && v.Output < 64, "output " + limits.FormatSize(v.Output) + " is unusual"},
	} {
		if f.wrong {
			l.findPlain(where, f.what)
		}
	}
}

// unused looks for files beside the tests that no test has. In the task file's own directory, which has other
// things as well, only names of tests count.
func (l *linter) unused() {
	used, dirs := map[string]bool{}, []string{}
	use := func(file string) {
		if file == "" {
			return
		}
		used[file] = true
		if dir := filepath.Dir(file); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	for _, test := range l.task.Tests {
		use(test.Input.File)
		if test.Answer != nil {
			use(test.Answer.File)
		}
		for _, file := range test.Files {
			used[file] = true
		}
	}
	slices.Sort(dirs)
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // Load has found the tests there
		}
		for _, e := range entries {
			file := filepath.Join(dir, e.Name())
			if !e.Type().IsRegular() || used[file] || !looksUnused(dir == l.task.Dir, e) {
				continue
			}
			l.find(relative(*l.task, file), "no test uses it")
		}
	}
}

// looksUnused says whether a file that no test has should be one of a test.
func looksUnused(besideTaskFile bool, e fs.DirEntry) bool {
	if strings.HasPrefix(e.Name(), ".") {
		return false
	}
	extension := filepath.Ext(e.Name())
	if besideTaskFile {
		return extension == ".in" || slices.Contains(answerExtensions, extension)
	}
	return judge.LanguageOf(e.Name()) == "" && !slices.Contains([]string{".toml", ".md", ".yaml", ".yml", ".jsonl", ".json"}, extension)
}

// answerExtensions are those of answers, as the task file's reader looks for them.
var answerExtensions = []string{".ans", ".out", ".a"}
