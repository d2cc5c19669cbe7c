package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"judge/judge"
)

// TableConfig says what the reader's screen can show, and how much is to be shown. The zero value is for
// files and pipes.
type TableConfig struct {
	Color   bool // ANSI colours
	Unicode bool // a rule below the header, and marks ✓ and ✗
	Width   int  // columns of the screen; zero: lines are as long as they have to be
	Detail  Detail
	Command func(selector string) string // that judges only what a selector names; nil, or an empty command: none is shown
}

// Detail is how much a table shows.
type Detail int

const (
	Normal  Detail = iota
	Quiet          // only what is not as expected
	Verbose        // beside all else a line for each compilation and each run
)

// Table prints a table for each task, with a row for each submission, when the task's last record has
// come; below it, what failed and was not expected to; and at the end a line that sums up. Text of a
// program is made visible and cut.
type Table struct {
	writer io.Writer
	config TableConfig
	task   string
	next   row   // of the submission whose records are coming
	rows   []row // submissions of the task
	hidden int   // submissions of the task beyond maxRows
	told   int   // of the rows, those that are told in detail
	legend legend
	judge  *judge.JudgeInfo // that a line was printed of
	totals judge.Totals
	passAt []judge.PassAt // of the summary
	err    error
	closed bool
}

// NewTable returns a Table that prints to w, which it does not close.
func NewTable(w io.Writer, c TableConfig) *Table {
	if c.Width == 0 {
		c.Width = endless
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
	if t.config.Detail == Verbose {
		t.print(t.verbose(r))
	}
	t.next.add(r)
	if r.Kind == judge.KindSubmission {
		t.addRow(t.next)
		t.next = row{}
	}
	return t.err
}

// Close prints the last table, what the cells mean, and the line that sums up.
func (t *Table) Close() error {
	if t.closed {
		return nil
	}
	t.closed = true
	t.flush()
	if t.totals.Submissions == 0 && t.totals.Runs == 0 {
		return t.err // it did not come to judging, and somebody says why
	}
	t.print(t.legend.text(t) + t.paint(Summary(t.totals), t.summaryColor()) + "\n" + passAtText(t.passAt))
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

func (t *Table) summaryColor() text.Colors {
	if t.totals.AsExpected < t.totals.Submissions || t.totals.JudgeErrors > 0 {
		return text.Colors{text.FgRed, text.Bold}
	}
	return text.Colors{text.FgGreen}
}

// count is "1 run", "2 runs".
func count(n int, name string) string { return strconv.Itoa(n) + " " + noun(n, name) }

// noun is the name of n things.
func noun(n int, name string) string {
	if n == 1 {
		return name
	}
	return name + "s"
}

// maxRows bounds the rows of a table: more would not be read, and take memory until they are printed.
const maxRows = 1000

func (t *Table) addRow(r row) {
	switch {
	case t.config.Detail == Quiet && !r.unexpected():
	case len(t.rows) == maxRows:
		t.hidden++
	default:
		if r.unexpected() && (t.told < maxDetails || t.config.Detail == Verbose) {
			t.told++
		} else {
			r.faults = nil // nobody will ask for them
		}
		if r.SameAs != "" {
			t.asOriginal(&r)
		}
		t.rows = append(t.rows, r)
	}
}

// asOriginal gives a submission that was not run the figures of the identical one that was, with their limits.
func (t *Table) asOriginal(r *row) {
	for i := range t.rows {
		if t.rows[i].Submission == r.SameAs {
			r.time, r.memory = t.rows[i].time, t.rows[i].memory
			return
		}
	}
}

// flush prints the table of the task whose records are complete.
func (t *Table) flush() {
	if len(t.rows) > 0 {
		if t.config.Detail == Verbose {
			t.print("\n")
		}
		t.print(t.render() + "\n" + t.more() + "\n" + t.details())
	}
	t.rows, t.hidden, t.told, t.next = nil, 0, 0, row{}
}

// more says how many rows a table would have further, in a line.
func (t *Table) more() string {
	if t.hidden == 0 {
		return ""
	}
	return fmt.Sprintf("and %s more; --out FILE has their records\n", count(t.hidden, "submission"))
}

func (t *Table) print(s string) {
	if t.err != nil {
		return
	}
	if _, err := io.WriteString(t.writer, s); err != nil {
		t.err = fmt.Errorf("print table: %w", err)
	}
}
