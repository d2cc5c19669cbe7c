package report

import (
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"judge/judge"
)

// render draws the table of a task.
func (t *Table) render() string {
	l := t.plan()
	w := table.NewWriter()
	w.SetStyle(style())
	var configs []table.ColumnConfig
	for column := range header {
		c := table.ColumnConfig{Number: column + 1}
		if slices.Contains([]int{columnScore, columnTime, columnMemory}, column) {
			c.Align, c.AlignHeader = text.AlignRight, text.AlignRight
		}
		c.Hidden = t.longest(func(r *row) string { return t.cell(r, column, l) }) == 0
		configs = append(configs, c)
	}
	w.SetColumnConfigs(configs)
	names := table.Row{}
	for column, name := range header {
		if column == columnSubmission && l.prefix != "" {
			name = cutLeft(judge.Visible(l.prefix), l.name)
		}
		names = append(names, t.paint(name, text.Colors{text.Faint}))
	}
	w.AppendHeader(names)
	for i := range t.rows {
		cells := table.Row{}
		for column := range columns {
			cells = append(cells, t.paintCell(&t.rows[i], column, l))
		}
		w.AppendRow(cells)
	}
	lines := strings.Split(w.Render(), "\n")
	widest := 0
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
		widest = max(widest, width(lines[i]))
	}
	if t.config.Unicode {
		rule := strings.Repeat("─", min(widest, t.config.Width))
		lines = slices.Insert(lines, 1, t.paint(rule, text.Colors{text.Faint}))
	}
	title := t.paint(cut(judge.Visible(t.task), t.config.Width), text.Colors{text.Bold})
	return title + "\n" + strings.Join(lines, "\n")
}

// style has no borders: they would take a quarter of a narrow screen.
func style() table.Style {
	s := table.StyleDefault
	s.Options = table.OptionsNoBordersAndSeparators
	s.Box.PaddingLeft, s.Box.PaddingRight = "", strings.Repeat(" ", gap)
	s.Format.Header = text.FormatDefault
	return s
}

// cell is what a column has of a row, without colours; nothing in it can move the cursor.
func (t *Table) cell(r *row, column int, l layout) string {
	switch column {
	case columnMark:
		return t.mark(r)
	case columnSubmission:
		return cutLeft(judge.Visible(strings.TrimPrefix(r.Submission, l.prefix)), l.name)
	case columnVerdict:
		if l.noReason {
			return string(r.Verdict)
		}
		return verdictText(r.Record)
	case columnScore:
		return scoreText(r.Record)
	case columnTests:
		return t.cellsText(r.cells, l.tests)
	case columnTime:
		return r.time.timeText()
	case columnMemory:
		return r.memory.memoryText()
	case columnMessage:
		if l.message > 0 {
			return cut(t.message(r), l.message)
		}
	}
	return ""
}

// paintCell colours a cell.
func (t *Table) paintCell(r *row, column int, l layout) string {
	s := t.cell(r, column, l)
	switch column {
	case columnMark:
		return t.paint(s, markColor(r))
	case columnVerdict:
		return t.paint(s, verdictColors[r.Verdict])
	case columnTime:
		return t.paint(s, shareColor(r.time.share()))
	case columnMemory:
		return t.paint(s, shareColor(r.memory.share()))
	}
	return s
}

func (t *Table) mark(r *row) string {
	switch {
	case t.config.Unicode && r.asExpected():
		return "✓"
	case t.config.Unicode:
		return "✗"
	case r.asExpected():
		return "ok"
	}
	return "FAIL"
}

// message says what was expected, where the outcome is another, and what happened on which test.
func (t *Table) message(r *row) string {
	var parts []string
	if expected := expectation(r.Record); !r.asExpected() && expected != "" {
		parts = append(parts, "expected "+expected)
	}
	happened := judge.Visible(r.Message)
	if r.Test != "" {
		happened = strings.TrimSuffix(cut(judge.Visible(r.Test), t.atMost(maxTest))+": "+happened, ": ")
	}
	if happened != "" {
		parts = append(parts, happened)
	}
	if r.SameAs != "" {
		parts = append(parts, "same as "+judge.Visible(r.SameAs))
	}
	return strings.Join(parts, "; ")
}
