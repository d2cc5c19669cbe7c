package worker

import (
	"fmt"
	"time"

	"judge/judge"
	"judge/limits"
)

// DefaultMost bounds what tasks may ask for, on a host with so much memory (bytes) where so many run at one time.
// It is never less than our own languages need.
func DefaultMost(memory int64, jobs int) limits.Limits {
	share := max(memory/int64(max(jobs, 1)), 2<<30)
	return limits.Limits{
		CPU: time.Hour, Wall: 2 * time.Hour, Memory: share, Output: 1 << 30, Processes: 4096,
		Disk: share, Inodes: 1 << 20, OpenFiles: 1 << 16,
	}
}

// beyond says which limit of a task is above the most, and whose; empty: none. Zero fields of most bound nothing.
func beyond(t *judge.Task, s *judge.Submission, most limits.Limits) string {
	tools := []*judge.Tool{t.Checker.Tool}
	if t.Interactor != nil {
		tools = append(tools, &t.Interactor.Tool)
	}
	languages := []*judge.Language{s.Language}
	for _, tool := range tools {
		if tool == nil {
			continue
		}
		languages = append(languages, tool.Language)
		if what := over(tool.Language.LimitsFor(tool.Limits), most); what != "" {
			return fmt.Sprintf("%s: %s", tool, what)
		}
	}
	for _, l := range languages {
		if what := over(l.CompileLimits, most); what != "" {
			return fmt.Sprintf("compile_limits of language %s: %s", l.Name, what)
		}
	}
	for i := range t.Tests {
		l := s.Language.LimitsFor(t.Tests[i].Limits)
		if t.Interactor != nil { // each of its processes may have all of it, at the same time
			l.Memory *= int64(max(len(t.Interactor.Processes), 1))
		}
		if what := over(l, most); what != "" {
			return fmt.Sprintf("test %s: %s", t.Tests[i].Name, what)
		}
	}
	return ""
}

// over says which limit is above the most; empty: none.
func over(l, most limits.Limits) string {
	for _, c := range []struct {
		name     string
		is, most int64
		inWords  func(int64) string
	}{
		{"time", int64(l.CPU), int64(most.CPU), inTime},
		{"wall", int64(l.Wall), int64(most.Wall), inTime},
		{"memory", l.Memory, most.Memory, limits.FormatSize},
		{"output", l.Output, most.Output, limits.FormatSize},
		{"disk", l.Disk, most.Disk, limits.FormatSize},
		{"inodes", l.Inodes, most.Inodes, inNumber},
		{"processes", int64(l.Processes), int64(most.Processes), inNumber},
		{"open_files", int64(l.OpenFiles), int64(most.OpenFiles), inNumber},
	} {
		if c.most > 0 && c.is > c.most {
			return fmt.Sprintf("%s %s: this worker allows at most %s", c.name, c.inWords(c.is), c.inWords(c.most))
		}
	}
	return ""
}

func inTime(n int64) string   { return time.Duration(n).String() }
func inNumber(n int64) string { return fmt.Sprint(n) }
