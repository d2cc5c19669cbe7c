package report

import (
	"strings"

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
	endless      = 1 << 20 // of a pipe: nothing is cut
	endlessCells = 80      // even there, more are not read one by one
)

// atMost is a bound of what a screen shows; a pipe has none.
func (t *Table) atMost(n int) int {
	if t.config.Width == endless {
		return endless
	}
	return n
}

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
	most := 1 << 30 // columns for cells, if there were enough
	if t.config.Width == endless {
		most = endlessCells
	}
	for i := range t.rows {
		l.name = max(l.name, width(judge.Visible(t.rows[i].Submission)))
		l.tests = max(l.tests, t.cellsWidth(t.rows[i].cells, most))
	}
	l.name = max(min(l.name, t.atMost(maxName)), width(header[columnSubmission]))
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
		case spare >= l.tests+min(notice, t.atMost(goodNotice)):
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
func (t *Table) longest(of func(*row) string) int {
	n := 0
	for i := range t.rows {
		n = max(n, width(of(&t.rows[i])))
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
