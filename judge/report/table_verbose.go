package report

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"judge/judge"
)

// verbose is the line of a record, before the table that it goes into; before the first one, who judges.
func (t *Table) verbose(r *judge.Record) string {
	line := ""
	if r.Judge != nil && t.judge == nil {
		t.judge = r.Judge
		line = fmt.Sprintf("judge %s on %s, Linux %s\n", r.Judge.Version, r.Judge.Host, r.Judge.Kernel)
	}
	switch r.Kind {
	case judge.KindCompile:
		return line + t.verboseLine(r, "compile", r.Submission, compileText(r))
	case judge.KindRun:
		message := judge.Visible(r.Message)
		if n := len(r.Samples); n > 1 {
			message = strings.TrimSuffix(fmt.Sprintf("%d runs; %s", n, message), "; ")
		}
		if !r.Made() {
			return line + t.verboseLine(r, "run", r.Submission+"/"+r.Test, message)
		}
		var time, memory usage
		if r.Limits != nil {
			time, memory = usage{int64(r.CPU), int64(r.Limits.CPU)}, usage{r.Memory, r.Limits.Memory}
		}
		return line + t.verboseLine(r, "run", r.Submission+"/"+r.Test, fmt.Sprintf("%-8s  %-11s  %s", time.timeText(), memory.memoryText(), message))
	case judge.KindSubmission:
		return line + t.groupsLine(r)
	}
	return line
}

// compileText says by what a submission was compiled, and that it was not compiled again.
func compileText(r *judge.Record) string {
	parts := []string{}
	if r.Compiler != "" {
		parts = append(parts, judge.Visible(r.Compiler))
	}
	if r.Cached {
		parts = append(parts, "from the cache")
	} else if r.Wall > 0 {
		parts = append(parts, fmt.Sprintf("%.2fs", float64(r.Wall)/1e9))
	}
	if r.Message != "" {
		parts = append(parts, judge.Visible(r.Message))
	}
	return strings.Join(parts, ", ")
}

// groupsLine shows a submission's score by groups; empty: it has none.
func (t *Table) groupsLine(r *judge.Record) string {
	var groups []string
	for _, g := range r.Groups {
		groups = append(groups, judge.Visible(g.Name)+" "+scoreText(&judge.Record{Score: &g.Score, MaxScore: g.MaxScore}))
	}
	if len(groups) == 0 {
		return ""
	}
	return t.verboseLine(r, "score", r.Submission, strings.Join(groups, ", "))
}

// verboseLine aligns what it can: nothing is known of the lines that will follow.
func (t *Table) verboseLine(r *judge.Record, kind, name, rest string) string {
	const nameWidth, verdictWidth = 36, 13
	name = text.Pad(cutLeft(judge.Visible(r.Task+"/"+name), t.atMost(maxName)), nameWidth, ' ')
	verdict := t.paint(text.Pad(string(r.Verdict), verdictWidth, ' '), verdictColors[r.Verdict])
	room := t.config.Width - len("compile  ") - width(name) - verdictWidth - 2*gap
	return strings.TrimRight(fmt.Sprintf("%-7s  %s  %s  %s", kind, name, verdict, cut(rest, max(room, usefulNotice))), " ") + "\n"
}
