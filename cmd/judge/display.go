package main

import (
	"io"
	"path/filepath"
	"regexp"
	"strings"

	"judge/judge"
	"judge/judge/report"
)

// table prints to a screen what the flags ask for, above the line of progress; nil: there is none.
func (f runFlags) table(screen io.Writer, progress *report.Progress, tasks []judge.Task) *report.Table {
	config := f.look.config(screen)
	switch {
	case f.quiet:
		config.Detail = report.Quiet
	case f.verbose:
		config.Detail = report.Verbose
	}
	config.Command = func(selector string) string { return f.command(tasks, selector) }
	return report.NewTable(progress.Above(screen), config)
}

// progress shows on a terminal how far a batch is. It is nil where the line would be among records, or is
// not wanted. The caller stops it.
func (f runFlags) progress(monitor *judge.Monitor, stdout, stderr io.Writer) *report.Progress {
	records := f.out == "-" || f.format == formatJSONL
	if f.quiet || !isScreen(stderr) || records && isScreen(stdout) {
		return nil
	}
	style := report.ProgressStyle{Unicode: f.look.unicode(stderr), Width: func() int { return widthOf(stderr) }}
	return report.StartProgress(stderr, style, monitor.Progress)
}

// command is what judges only what a selector names, on the command line of a shell.
func (f runFlags) command(tasks []judge.Task, selector string) string {
	words := []string{"judge", "run"}
	if f.degraded {
		words = append(words, "--degraded")
	}
	words = append(words, "--only", selector)
	for i, path := range f.pathsOf(tasks, selector) {
		if i == 0 && strings.HasPrefix(path, "-") {
			words = append(words, "--")
		}
		words = append(words, path)
	}
	for i, w := range words {
		words[i] = shellQuote(w)
	}
	return strings.Join(words, " ")
}

// pathsOf is the argument that the selector's task comes from; all of them, where it may be needed for others.
func (f runFlags) pathsOf(tasks []judge.Task, selector string) []string {
	for _, t := range tasks {
		if !strings.HasPrefix(selector, t.Name+"/") {
			continue
		}
		for _, path := range f.paths {
			if path == t.File || filepath.Join(path, "tasks.toml") == t.File {
				return []string{path}
			}
		}
	}
	return f.paths
}

var plainWord = regexp.MustCompile(`^[a-zA-Z0-9_@%+=:,./-]+$`)

func shellQuote(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
