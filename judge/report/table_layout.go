package report

import (
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"judge/judge"
)

// The columns of a table. Those with nothing in them are left out.
const (
	columnMark = iota
	columnSubmission
	columnVerdict
	columnScore
	columnTests
	columnTime
	columnMemory
	columnMessage
	columns
)

var header = [columns]string{"", "submission", "verdict", "score", "tests", "time", "memory", "message"}

// Widths in columns of the screen.
const (
	gap          = 2  // between columns
	maxName      = 48 // so that one name does not fill the screen
	maxTest      = 24
	usefulName   = 16
	usefulTests  = 16
	goodNotice   = 60 // of a message; less is better than nothing
	usefulNotice = 24
)

// layout is how a table is fitted to the screen.
type layout struct {
	prefix   string // of all names, which the header has instead
	name     int    // columns for names
	tests    int    // columns for cells
	message  int    // columns for messages; 0: there is no such column
	noReason bool   // verdicts stand alone
}

// plan finds the layout in which a table needs no more than the screen's width, giving up what is
// missed least first: cells of their own for each test, messages (those that matter are below the
// table), the names' common directory, reasons, and the beginning of names.
func (t *Table) plan() layout {
	l := layout{}
	for i := range t.rows {
		l.name = max(l.name, width(judge.Visible(t.rows[i].Submission)))
		l.tests = max(l.tests, t.cellsWidth(t.rows[i].cells, 1<<30))
	}
	l.name = max(min(l.name, maxName), width(header[columnSubmission]))
	least := 0 // columns that cells need at least
	for i := range t.rows {
		least = max(least, t.cellsWidth(t.rows[i].cells, min(l.tests, usefulTests)))
	}
	if least > 0 {
		least = max(least, width(header[columnTests]))
		l.tests = max(l.tests, least)
	}
	if notice := t.longest(t.message); notice > 0 {
		spare := t.room(l) - l.name - gap // for cells and messages
		switch {
		case spare >= l.tests+min(notice, goodNotice):
			l.message = min(notice, spare-l.tests)
			return l
		case spare >= least+min(notice, usefulNotice):
			l.message = min(notice, spare-least)
			l.tests = min(l.tests, spare-l.message)
			return l
		}
	}
	if t.room(l) < l.name+least {
		l.prefix = t.commonDirectory()
		l.name = max(l.name-width(l.prefix), width(l.prefix), usefulName)
	}
	if t.room(l) < l.name+least {
		l.noReason = true
	}
	l.tests = min(l.tests, max(least, t.room(l)-l.name))
	l.name = min(l.name, max(usefulName, t.room(l)-l.tests))
	return l
}

// room is what the columns of a known width leave to names, cells and messages.
func (t *Table) room(l layout) int {
	room := t.config.Width - t.longest(t.mark)
	for column := columnVerdict; column <= columnMemory; column++ {
		if column == columnTests {
			if l.tests > 0 {
				room -= gap
			}
			continue
		}
		if n := t.longest(func(r *row) string { return t.cell(r, column, l) }); n > 0 {
			room -= gap + max(n, width(header[column]))
		}
	}
	return room - gap
}

// longest is the width of the longest of some texts.
func (t *Table) longest(text func(*row) string) int {
	n := 0
	for i := range t.rows {
		n = max(n, width(text(&t.rows[i])))
	}
	return n
}

// commonDirectory is what all names begin with, up to a slash.
func (t *Table) commonDirectory() string {
	first := t.rows[0].Submission
	prefix := first[:strings.LastIndexByte(first, '/')+1]
	for i := range t.rows {
		for !strings.HasPrefix(t.rows[i].Submission, prefix) {
			prefix = prefix[:strings.LastIndexByte(prefix[:len(prefix)-1], '/')+1]
		}
	}
	return prefix
}

// render draws the table of a task.
func (t *Table) render() string {
	l := t.plan()
	w := table.NewWriter()
	w.SetStyle(style())
	var configs []table.ColumnConfig
	for column, name := range header {
		c := table.ColumnConfig{Number: column + 1}
		if slices.Contains([]int{columnScore, columnTime, columnMemory}, column) {
			c.Align, c.AlignHeader = text.AlignRight, text.AlignRight
		}
		used := func(r *row) bool { return t.cell(r, column, l) != "" }
		c.Hidden = name != "" && !slices.ContainsFunc(t.rows, func(r row) bool { return used(&r) })
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
		happened = strings.TrimSuffix(cut(judge.Visible(r.Test), maxTest)+": "+happened, ": ")
	}
	if happened != "" {
		parts = append(parts, happened)
	}
	return strings.Join(parts, "; ")
}

func width(s string) int { return text.StringWidthWithoutEscSequences(s) }

func cut(s string, width int) string { return text.Snip(s, width, "...") }

// cutLeft cuts off the beginning: of paths, the end tells more.
func cutLeft(s string, room int) string {
	const sign = "..."
	if width(s) <= room {
		return s
	}
	for s != "" && width(sign+s) > room {
		s = s[len(string([]rune(s)[:1])):]
	}
	return sign + s
}
