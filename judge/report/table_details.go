package report

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"judge/judge"
)

// How much is shown of what was not expected.
const (
	maxDetails  = 10 // submissions of a task; Verbose shows all
	detailLines = 5  // of a program's text
)

// details tells below a table what failed and was not expected to.
func (t *Table) details() string {
	var b strings.Builder
	shown, left := 0, 0
	for i := range t.rows {
		r := &t.rows[i]
		switch {
		case !r.unexpected() || r.Verdict == judge.Skipped:
		case shown == maxDetails && t.config.Detail != Verbose:
			left++
		default:
			shown++
			b.WriteString(t.detail(r) + "\n")
		}
	}
	if left > 0 {
		fmt.Fprintf(&b, "%s more not as expected; --verbose shows all\n\n", count(left, "submission"))
	}
	return b.String()
}

// detail begins with the selector that names the run, as --only wants it.
func (t *Table) detail(r *row) string {
	selector := t.task + "/" + r.Submission
	if r.Test != "" {
		selector += "/" + r.Test
	}
	outcome := t.paint(verdictText(r.Record), verdictColors[r.Verdict])
	if score := scoreText(r.Record); score != "" {
		outcome += ", score " + score
	}
	if expected := expectation(r.Record); !r.asExpected() && expected != "" {
		outcome += ", expected " + expected
	}
	lines := []string{t.paint(judge.Visible(selector), text.Colors{text.Bold}) + ": " + outcome}
	if r.SameAs != "" {
		return strings.Join(append(lines, "  the same program as "+judge.Visible(t.task+"/"+r.SameAs)), "\n") + "\n"
	}
	lines = append(lines, t.evidence(r)...)
	if t.config.Command != nil && judge.Visible(selector) == selector {
		if command := t.config.Command(selector); command != "" {
			lines = append(lines, t.paint("  $ "+command, text.Colors{text.Faint}))
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// evidence is what is known of the run that decided.
func (t *Table) evidence(r *row) []string {
	var lines []string
	fault := r.fault()
	message := judge.Visible(r.Message)
	if fault.Kind == judge.KindCompile && fault.Stderr != nil && strings.Contains(fault.Stderr.Text, r.Message) {
		message = "" // is among what the compiler says
	}
	if message != "" {
		if t.config.Width < endless {
			message = text.WrapSoft(message, max(t.config.Width-2, 20))
		}
		for line := range strings.SplitSeq(message, "\n") {
			lines = append(lines, "  "+strings.TrimRight(line, " "))
		}
	}
	if fault.Kind == judge.KindCompile { // a compiler's first message says most
		return append(lines, t.quote(fault.Stderr, "compiler", "", "")...)
	}
	lines = append(lines, t.quote(fault.JudgeMessage, "checker", "", r.Message)...)
	return append(lines, t.quote(fault.Stderr, "stderr", "the end of stderr", "")...)
}

// quote shows a few lines of a program's text: the last ones if their name is given, else the first. A
// text that is no more than what was said already is not shown.
func (t *Table) quote(c *judge.Capture, name, nameOfEnd, said string) []string {
	if c == nil || strings.TrimSpace(c.Text) == "" || strings.TrimSpace(c.Text) == strings.TrimSpace(said) {
		return nil
	}
	all := strings.Split(strings.TrimSpace(strings.ReplaceAll(judge.VisibleLines(c.Text), "\t", "    ")), "\n")
	some := all[:min(len(all), detailLines)]
	switch {
	case len(all) <= detailLines && !c.Truncated:
	case nameOfEnd == "":
		name = "the beginning of " + name
	case c.Truncated:
		some, name = all[max(0, len(all)-detailLines):], fmt.Sprintf("%s, of which the first %d bytes of %d are known", name, len(c.Text), c.Bytes)
	default:
		some, name = all[len(all)-detailLines:], nameOfEnd
	}
	lines := []string{"  " + name + ":"}
	bar := "  | "
	if t.config.Unicode {
		bar = "  │ "
	}
	for _, line := range some {
		lines = append(lines, t.paint(bar, text.Colors{text.Faint})+cut(strings.TrimRight(line, " "), max(t.config.Width-width(bar), 20)))
	}
	return lines
}
