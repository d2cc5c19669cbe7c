package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

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
		wrong      bool
		name, what string
	}{
		{v.CPU > 0 && v.CPU < shortTime, "unusual-limit", "time " + limits.FormatDuration(v.CPU) + " is unusual: an interpreter may need more to start"},
		{v.CPU > longTime, "unusual-limit", "time " + limits.FormatDuration(v.CPU) + " is unusual"},
		{v.Wall > 0 && v.Wall < v.CPU, "impossible-limit", "wall " + limits.FormatDuration(v.Wall) + " is less than time: a program that computes can never use its time"},
		{v.Memory > 0 && v.Memory < smallMemory, "unusual-limit", "memory " + limits.FormatSize(v.Memory) + " is unusual: an interpreter may need more to start"},
		{v.Memory > largeMemory, "unusual-limit", "memory " + limits.FormatSize(v.Memory) + " is unusual"},
		{v.Memory > 0 && v.Memory > hostMemory(), "impossible-limit", "memory " + limits.FormatSize(v.Memory) + " is more than this host has"},
		{v.Stack > 0 && v.Stack > v.Memory && v.Memory > 0, "impossible-limit", "stack " + limits.FormatSize(v.Stack) + " is more than memory"},
		{v.Output > 0 && v.Output < 64, "unusual-limit", "output " + limits.FormatSize(v.Output) + " is unusual"},
	} {
		if f.wrong {
			l.find(f.name, where, "%s", f.what)
		}
	}
}

// unused looks for files beside the tests that have the name of a test, and that no test has. Other files there,
// statements or pictures, are nobody's concern.
func (l *linter) unused() {
	used, dirs := map[string]bool{}, map[string][]string{} // with the endings of what is used
	use := func(file string) {
		if file == "" {
			return
		}
		used[file] = true
		dir := filepath.Dir(file)
		dirs[dir] = append(dirs[dir], filepath.Ext(file))
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
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // Load has found the tests there
		}
		endings := append([]string{".in"}, answerExtensions...)
		if dir != l.task.Dir { // which has other things as well
			endings = append(endings, dirs[dir]...)
		}
		for _, e := range entries {
			file := filepath.Join(dir, e.Name())
			if e.Type().IsRegular() && !used[file] && slices.Contains(endings, filepath.Ext(file)) && !strings.HasPrefix(e.Name(), ".") {
				l.find("unused-file", relative(*l.task, file), "no test uses it")
			}
		}
	}
}

// answerExtensions are those of answers, as the task file's reader looks for them.
var answerExtensions = []string{".ans", ".out", ".a"}
