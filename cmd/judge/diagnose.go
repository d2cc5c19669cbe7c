package main

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"judge/isolate"
	"judge/judge"
	"judge/limits"
)

//go:embed hello
var hello embed.FS

// diagnose tries everything. The error is one of writing the programs to try, not of the host.
func diagnose(ctx context.Context) (diagnosis, error) {
	d := diagnosis{kernel: kernel(), user: user(), isolation: isolate.Mechanisms(), sandbox: isolate.Probe()}
	d.mechanisms, d.problems = tryLimits()
	d.timing = timingNotes(readHostFile, hostFiles)
	slower, _ := trySlowdown(judge.DefaultJobs(), measureSlowdown) // what cannot be measured is no news
	d.timing = append(d.timing, slower...)
	languages, err := tryLanguages(ctx, d.sandbox == nil && !d.refuses())
	d.languages = languages
	return d, err
}

// readHostFile returns a small file without white space around it; empty when it cannot be read.
func readHostFile(name string) string {
	b, _ := os.ReadFile(name)
	return strings.TrimSpace(string(b))
}

func hostFiles(pattern string) []string {
	names, _ := filepath.Glob(pattern)
	return names
}

func kernel() string {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return runtime.GOOS + ", " + runtime.GOARCH
	}
	return fmt.Sprintf("Linux %s, %s", strings.TrimSpace(string(release)), runtime.GOARCH)
}

func user() string {
	if uid := os.Geteuid(); uid != 0 {
		return fmt.Sprintf("user %d", uid)
	}
	return "root"
}

// tryLimits returns the mechanisms that would be in force with --degraded, and what is wrong with them.
func tryLimits() (map[string]string, []limits.Problem) {
	host, err := limits.Open(limits.Options{Degraded: true})
	if err != nil {
		return nil, []limits.Problem{{
			Sentence: fmt.Sprintf("Control groups cannot be used: %v.", err),
			Fix:      "judge help operating", Fatal: true,
		}}
	}
	mechanisms, problems := host.Mechanisms(), host.Problems()
	if err := host.Close(); err != nil {
		problems = append(problems, limits.Problem{
			Limit:    "left-over",
			Sentence: fmt.Sprintf("Control groups could not be removed (%v), and stay behind.", err),
			Fix:      "nothing: the next run tries again",
		})
	}
	return mechanisms, problems
}

// tryLanguages says which languages are installed and, if programs can be run as they should be, whether a
// small program in each is judged as it should be: without limits of their own kind runtimes fail for reasons
// that are not theirs.
func tryLanguages(ctx context.Context, canRun bool) ([]languageState, error) {
	task, remove, err := helloTask()
	if err != nil {
		return nil, err
	}
	defer remove()
	states := make([]languageState, len(task.Submissions))
	installed := task
	installed.Submissions = nil
	for i, s := range task.Submissions {
		states[i] = languageState{name: s.Language.Name, missing: s.Language.Missing()}
		if states[i].missing == "" {
			installed.Submissions = append(installed.Submissions, s)
		}
	}
	if !canRun || len(installed.Submissions) == 0 {
		return states, nil
	}
	var records collector
	_, err = judge.Batch{Version: version()}.Run(ctx, []judge.Task{installed}, &records)
	for i := range states {
		if states[i].missing == "" {
			states[i].learn(records, err)
		}
	}
	return states, nil
}

// helloTask is a task with a program in each language. The caller removes its files.
func helloTask() (task judge.Task, remove func(), err error) { return helloTaskBelow("") }

// helloTaskBelow is helloTask with its files below a directory; empty: os.TempDir.
func helloTaskBelow(below string) (task judge.Task, remove func(), err error) {
	dir, err := os.MkdirTemp(below, "judge-doctor-")
	if err != nil {
		return judge.Task{}, nil, err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(dir)
		}
	}()
	programs, err := fs.Sub(hello, "hello")
	if err != nil {
		return judge.Task{}, nil, err
	}
	if err := os.CopyFS(dir, programs); err != nil {
		return judge.Task{}, nil, err
	}
	tasks, err := judge.Load(dir)
	if err != nil {
		return judge.Task{}, nil, fmt.Errorf("bug: %w", err)
	}
	return tasks[0], func() { os.RemoveAll(dir) }, nil
}

// learn takes what the records say of the language: the version is that of the compiler or interpreter
// that submissions get, which need not be the one that the user's own PATH finds.
func (l *languageState) learn(records []*judge.Record, err error) {
	judged := false
	for _, r := range records {
		switch {
		case r.Language != l.name:
		case r.Kind == judge.KindCompile:
			l.version = judge.Visible(r.Compiler)
		case r.Kind == judge.KindSubmission:
			judged = true
			if r.Verdict != judge.Accepted {
				l.problem = judge.Visible(string(r.Verdict) + ": " + r.Message)
			}
		}
	}
	if !judged {
		l.problem = orProblem("was not tried", err)
	}
}

// collector is a judge.Sink that keeps the records.
type collector []*judge.Record

func (c *collector) Write(r *judge.Record) error {
	*c = append(*c, r)
	return nil
}

func (c *collector) Close() error { return nil }
