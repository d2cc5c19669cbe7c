package main

import (
	"fmt"
	"strings"
	"time"

	"judge/judge"
	"judge/limits"
)

// usage shows what was used of what was allowed, and what measured it.
func (s *story) usage(r *judge.Record) {
	l := r.Limits
	if l == nil {
		return
	}
	var mechanisms map[string]string
	if r.Judge != nil {
		mechanisms = r.Judge.Mechanisms
	}
	rows := [][]string{
		{"CPU time", milliseconds(r.CPU), milliseconds(l.CPU), mechanisms["cpu"] + ", all processes together"},
		{"wall time", milliseconds(r.Wall), milliseconds(l.Wall), "a monotonic timer, from the start to the end of the first process"},
		{"memory", limits.FormatSize(r.Memory), sizeOrNone(l.Memory), mechanisms["memory"] + ", the peak of all kinds together"},
	}
	if r.Processes > 0 {
		rows = append(rows, []string{"processes", fmt.Sprint(r.Processes), fmt.Sprint(l.Processes), mechanisms["processes"] + ", threads included"})
	}
	for _, o := range []struct {
		name string
		c    *judge.Capture
	}{{"output", r.Stdout}, {"errors", r.Stderr}} {
		if o.c != nil {
			rows = append(rows, []string{o.name, limits.FormatSize(o.c.Bytes), sizeOrNone(l.Output), "counted while it was read"})
		}
	}
	s.line("\nUsed, allowed, and how that was measured:")
	for _, row := range rows {
		s.line("  %-10s %10s of %-10s %s", row[0], row[1], row[2], strings.TrimPrefix(row[3], ", "))
	}
}

func milliseconds(m judge.Millis) string {
	if m == 0 {
		return "0s"
	}
	return limits.FormatDuration(time.Duration(m))
}

func sizeOrNone(n int64) string {
	if n == 0 {
		return "any"
	}
	return limits.FormatSize(n)
}

// events shows what happened when.
func (s *story) events(r *judge.Record) {
	if r.StartedAt == nil || r.StartedAt.IsZero() {
		return
	}
	s.line("\nWhat happened, in milliseconds from the start at %s:", r.StartedAt.Format("2006-01-02 15:04:05.000 MST"))
	at := func(m judge.Millis, format string, args ...any) {
		text, _ := m.AppendText(nil)
		s.line("  %10s  %s", text, fmt.Sprintf(format, args...))
	}
	at(0, "the program is executed; the clocks begin")
	for i, m := range r.Transcript {
		if i == shownMessages {
			at(m.At, "… and %s", counted(len(r.Transcript)-i, "message"))
			break
		}
		if len(m.Content()) == 0 { // an end of output
			continue
		}
		at(m.At, "%s to %s: %s", m.From, m.To, judge.Visible(judge.CutText(m.Content(), 60)))
	}
	for _, e := range r.Exits { // in the order of time, each with a clock of its own
		own, _ := e.Wall.AppendText(nil)
		s.line("              then %s ended, %s after its own start: %s", e.Process, own, endingText(e.ExitCode, e.Signal))
	}
	switch stopped := stoppedFor(r); {
	case len(r.Exits) > 0:
	case stopped != "":
		at(r.Wall, "%s", stopped)
	default:
		at(r.Wall, "the program ended: %s", endingText(r.ExitCode, r.Signal))
	}
	if r.Verdict == judge.Accepted || r.Verdict == judge.WrongAnswer {
		s.line("              then %s had its word", checkerText(r))
	}
}

// shownMessages bounds how much of a transcript is shown.
const shownMessages = 20
