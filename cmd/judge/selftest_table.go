package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"judge/fixtures/hostile"
	"judge/judge/report"
	"judge/judge/selftest"
)

// progress is a line that is written again and again, on a terminal; elsewhere it is nothing.
type progress struct{ w io.Writer }

func newProgress(w io.Writer) *progress {
	if isScreen(w) {
		return &progress{w}
	}
	return &progress{io.Discard}
}

const clearLine = "\r\x1b[K"

func (p *progress) show(line string) { fmt.Fprint(p.w, clearLine+line) }
func (p *progress) clear()           { fmt.Fprint(p.w, clearLine) }

func notHeld(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d not held)", n)
}

// hostileTable has a row for each program that was run, and below it what was not, and a line that
// sums up. Why a defence did not hold follows its row, a line for each reason.
func hostileTable(results []selftest.Result, c report.TableConfig) string {
	t := newPlainTable(c, "attack", "category", "verdict", "", "held")
	held, broken := 0, 0
	for _, r := range results {
		switch {
		case r.Needs != "":
			continue
		case r.Held():
			held++
			t.AppendRow(table.Row{r.Program.File, r.Program.Category, r.Verdict, r.Reason, paint("held", text.FgGreen, c)})
			continue
		}
		broken++
		for i, reason := range r.Broken {
			if i == 0 {
				t.AppendRow(table.Row{r.Program.File, r.Program.Category, r.Verdict, r.Reason, paint("NOT HELD", text.FgRed, c) + ": " + reason})
			} else {
				t.AppendRow(table.Row{"", "", "", "", reason})
			}
		}
	}
	var b strings.Builder
	if held+broken > 0 {
		b.WriteString(render(t) + "\n\n")
	}
	notRun := 0
	for _, r := range results {
		if r.Needs != "" {
			notRun++
			fmt.Fprintf(&b, "not run: %s needs %s\n", r.Program.File, r.Needs)
		}
	}
	fmt.Fprintf(&b, "%d held, %d did not, %d not run\n", held, broken, notRun)
	return b.String()
}

func hostileList(programs []hostile.Program, c report.TableConfig) string {
	t := newPlainTable(c, "attack", "category", "stage", "what it tries")
	for _, p := range programs {
		t.AppendRow(table.Row{p.File, p.Category, p.Stage, p.Attack})
	}
	return render(t) + "\n"
}

// newPlainTable returns a table without lines.
func newPlainTable(c report.TableConfig, header ...any) table.Writer {
	t := table.NewWriter()
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	style.Format.Header = text.FormatDefault
	t.SetStyle(style)
	t.AppendHeader(table.Row(header))
	if c.Width > 0 {
		t.Style().Size.WidthMax = c.Width
	}
	return t
}

func render(t table.Writer) string {
	lines := strings.Split(t.Render(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// paint colours s. Color.Sprint would also ask the environment, which tableConfig has done.
func paint(s string, color text.Color, c report.TableConfig) string {
	if !c.Color {
		return s
	}
	return text.Escape(s, color.EscapeSeq())
}
