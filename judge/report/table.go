package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"judge/judge"
	"judge/limits"
)

// TableConfig says what the reader's screen can show. The zero value is for files and pipes.
type TableConfig struct {
	Color   bool // ANSI colours
	Unicode bool // lines, and marks ✓ and ✗
	Width   int  // columns of the screen, to which messages are cut; zero: 160
}

// Table prints a table for each task, with a row for each submission, when the task's last record has
// come, and after the last table a line that sums up. Text of a program is made visible and cut.
type Table struct {
	writer io.Writer
	config TableConfig
	task   string
	rows   []*judge.Record // submissions of the task
	totals judge.Totals
	passAt []judge.PassAt // of the summary
	hidden int            // submissions of the task beyond maxRows
	err    error
	closed bool
}

// NewTable returns a Table that prints to w, which it does not close.
func NewTable(w io.Writer, c TableConfig) *Table {
	if c.Width == 0 {
		c.Width = 160
	}
	return &Table{writer: w, config: c}
}

// Write takes a record; those of a task come one after the other.
func (t *Table) Write(r *judge.Record) error {
	if r.Kind == judge.KindSummary {
		t.passAt = r.PassAt
	}
	if r.Kind == judge.KindSummary || t.err != nil {
		return t.err
	}
	if r.Task != t.task {
		t.flush()
		t.task = r.Task
	}
	t.totals.Add(r)
	if r.Kind == judge.KindSubmission {
		t.addRow(r)
	}
	return t.err
}

// Close prints the last table and the line that sums up.
func (t *Table) Close() error {
	if t.closed {
		return nil
	}
	t.closed = true
	t.flush()
	t.print(Summary(t.totals) + "\n" + passAtText(t.passAt))
	return t.err
}

// Summary says in a line what a batch came to: "12 submissions, 57 runs, all as expected".
func Summary(t judge.Totals) string {
	parts := []string{count(t.Submissions, "submission"), count(t.Runs, "run")}
	switch unexpected := t.Submissions - t.AsExpected; {
	case unexpected > 0:
		parts = append(parts, fmt.Sprintf("%d not as expected", unexpected))
	case t.Submissions > 0:
		parts = append(parts, "all as expected")
	}
	if t.JudgeErrors > 0 {
		parts = append(parts, count(t.JudgeErrors, string(judge.JudgeError)))
	}
	return strings.Join(parts, ", ")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// flush prints the table of the task whose records are complete.
func (t *Table) flush() {
	if len(t.rows) > 0 {
		t.print(t.render() + "\n" + t.more() + "\n")
		t.rows, t.hidden = nil, 0
	}
}

func (t *Table) print(s string) {
	if t.err != nil {
		return
	}
	if _, err := io.WriteString(t.writer, s); err != nil {
		t.err = fmt.Errorf("print table: %w", err)
	}
}

// The columns of a table.
const (
	columnMark = iota
	columnSubmission
	columnVerdict
	columnScore
	columnTest
	columnCPU
	columnMemory
	columnMessage
	columns
)

var header = [columns]string{"", "submission", "verdict", "score", "test", "cpu", "memory", "message"}

// Bounds of names, so that one of them does not fill the screen.
const submissionWidth, testWidth = 48, 24

func (t *Table) render() string {
	w := table.NewWriter()
	w.SetStyle(t.style())
	w.SetTitle("%s", cut(judge.Visible(t.task), t.config.Width))
	w.SetColumnConfigs([]table.ColumnConfig{
		{Number: columnScore + 1, Align: text.AlignRight, Hidden: !t.scored()},
		{Number: columnCPU + 1, Align: text.AlignRight},
		{Number: columnMemory + 1, Align: text.AlignRight},
	})
	rows := make([][columns]string, len(t.rows))
	for i, r := range t.rows {
		rows[i] = t.cells(r)
	}
	room := t.messageWidth(rows)
	w.AppendHeader(tableRow(header))
	for i, cells := range rows {
		cells[columnMessage] = cut(cells[columnMessage], room)
		cells[columnMark] = t.paint(cells[columnMark], markColor(t.rows[i]))
		cells[columnVerdict] = t.paint(cells[columnVerdict], verdictColors[t.rows[i].Verdict])
		w.AppendRow(tableRow(cells))
	}
	lines := strings.Split(w.Render(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

func (t *Table) style() table.Style {
	s := table.StyleRounded
	if !t.config.Unicode {
		s = table.StyleDefault
		s.Options = table.OptionsNoBordersAndSeparators
		s.Box.PaddingLeft, s.Box.PaddingRight = "", "  "
	}
	s.Format.Header = text.FormatDefault
	s.Title.Align = text.AlignLeft
	return s
}

// cells returns a row without colours; nothing in it can move the cursor.
func (t *Table) cells(r *judge.Record) [columns]string {
	cells := [columns]string{
		columnMark:       t.mark(r),
		columnSubmission: cut(judge.Visible(r.Submission), submissionWidth),
		columnVerdict:    verdict(r),
		columnScore:      score(r),
		columnTest:       cut(judge.Visible(r.Test), testWidth),
		columnMessage:    judge.Visible(r.Message),
	}
	if r.CPU > 0 || r.Memory > 0 {
		cells[columnCPU] = fmt.Sprintf("%.3fs", float64(r.CPU)/1e9)
		cells[columnMemory] = limits.FormatSize(r.Memory)
	}
	if !asExpected(r) {
		cells[columnMessage] = strings.TrimSuffix("expected "+expectation(r)+"; "+cells[columnMessage], "; ")
	}
	return cells
}

func (t *Table) mark(r *judge.Record) string {
	switch {
	case t.config.Unicode && asExpected(r):
		return "✓"
	case t.config.Unicode:
		return "✗"
	case asExpected(r):
		return "ok"
	}
	return "FAIL"
}

// verdict adds the reason to a verdict, where it says more.
func verdict(r *judge.Record) string {
	switch r.Reason {
	case "", judge.ReasonChecker, judge.ReasonOOM, judge.ReasonInternal:
		return string(r.Verdict)
	}
	return string(r.Verdict) + " (" + r.Reason + ")"
}

// score is how many points there are, of how many if that is known.
func score(r *judge.Record) string {
	switch {
	case r.Score == nil:
		return ""
	case r.MaxScore == nil:
		return points(*r.Score)
	}
	return points(*r.Score) + " of " + points(*r.MaxScore)
}

func points(n float64) string { return strconv.FormatFloat(math.Round(n*100)/100, 'f', -1, 64) }

func expectation(r *judge.Record) string {
	names := make([]string, len(r.Expected))
	for i, v := range r.Expected {
		names[i] = string(v)
	}
	text := strings.Join(names, " or ")
	if r.ExpectedScore != nil {
		least, most := points(r.ExpectedScore[0]), points(r.ExpectedScore[1])
		scores := "score " + least
		if least != most {
			scores += " to " + most
		}
		text = strings.TrimPrefix(text+", "+scores, ", ")
	}
	return text
}

func asExpected(r *judge.Record) bool { return r.AsExpected != nil && *r.AsExpected }

// scored tells whether the task gives points: only then there is a column for them.
func (t *Table) scored() bool {
	return slices.ContainsFunc(t.rows, func(r *judge.Record) bool { return r.Score != nil })
}

// messageWidth is what the other columns leave of the screen, but enough to be of use.
func (t *Table) messageWidth(rows [][columns]string) int {
	const borders, useful = 3, 24
	room := t.config.Width - borders*columns
	for column := range columnMessage {
		if column == columnScore && !t.scored() {
			room += borders
			continue
		}
		widest := text.StringWidthWithoutEscSequences(header[column])
		for _, cells := range rows {
			widest = max(widest, text.StringWidthWithoutEscSequences(cells[column]))
		}
		room -= widest
	}
	return max(room, useful)
}

func cut(s string, width int) string { return text.Snip(s, width, "...") }

func tableRow(cells [columns]string) table.Row {
	row := make(table.Row, columns)
	for i, c := range cells {
		row[i] = c
	}
	return row
}

var verdictColors = map[judge.Verdict]text.Colors{
	judge.Accepted:     {text.FgGreen},
	judge.WrongAnswer:  {text.FgRed},
	judge.TimeLimit:    {text.FgYellow},
	judge.MemoryLimit:  {text.FgYellow},
	judge.OutputLimit:  {text.FgYellow},
	judge.RuntimeError: {text.FgMagenta},
	judge.CompileError: {text.FgCyan},
	judge.JudgeError:   {text.FgHiWhite, text.BgRed},
	judge.Skipped:      {text.Faint},
}

func markColor(r *judge.Record) text.Colors {
	if asExpected(r) {
		return text.Colors{text.FgGreen}
	}
	return text.Colors{text.FgRed, text.Bold}
}

// paint colours s. Colors.Sprint would also ask the environment, which is our caller's to judge.
func (t *Table) paint(s string, c text.Colors) string {
	if !t.config.Color || s == "" || len(c) == 0 {
		return s
	}
	return text.Escape(s, c.EscapeSeq())
}
