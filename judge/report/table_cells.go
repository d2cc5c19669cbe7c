package report

import (
	"slices"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"judge/judge"
)

// cells are the verdicts of a submission's test cases, in the order of the plan.
type cells []stretch

// stretch is a verdict so many times.
type stretch struct {
	judge.Verdict
	length int
}

func (c cells) add(v judge.Verdict) cells {
	if n := len(c); n > 0 && c[n-1].Verdict == v {
		c[n-1].length++
		return c
	}
	return append(c, stretch{v, 1})
}

// symbols are what stands for a verdict: colour is not all that tells them apart. They are in the
// legend's order.
var symbols = []struct {
	judge.Verdict
	plain, unicode string
}{
	{judge.Accepted, ".", "·"},
	{judge.WrongAnswer, "W", "W"},
	{judge.TimeLimit, "T", "T"},
	{judge.MemoryLimit, "M", "M"},
	{judge.OutputLimit, "O", "O"},
	{judge.RuntimeError, "R", "R"},
	{judge.JudgeError, "!", "!"},
	{judge.Skipped, "-", "-"},
}

func (t *Table) symbol(v judge.Verdict) string {
	for _, s := range symbols {
		switch {
		case s.Verdict == v && t.config.Unicode:
			return s.unicode
		case s.Verdict == v:
			return s.plain
		}
	}
	return "?"
}

// notation is a way to write cells: the first that fits is used.
type notation int

const (
	each  notation = iota // ····W---
	inRow                 // ·x37 W -x12: so many in a row
	inAll                 // 37· 3W 12-: so many in all
)

// piece is text in a verdict's colour.
type piece struct {
	judge.Verdict
	text string
}

func widthOf(pieces []piece) int {
	n := 0
	for _, p := range pieces {
		n += text.StringWidthWithoutEscSequences(p.text)
	}
	return n
}

// pieces writes cells in a notation.
func (t *Table) pieces(c cells, n notation) []piece {
	var result []piece
	switch n {
	case each:
		for _, s := range c {
			result = append(result, piece{s.Verdict, strings.Repeat(t.symbol(s.Verdict), s.length)})
		}
	case inRow:
		const worthwhile = 4 // "·x3" is no shorter than three cells
		counted := false
		for i, s := range c {
			symbol, gap := t.symbol(s.Verdict), ""
			if i > 0 && (counted || s.length >= worthwhile) {
				gap = " "
			}
			counted = s.length >= worthwhile
			if counted {
				symbol += "x" + strconv.Itoa(s.length)
			} else {
				symbol = strings.Repeat(symbol, s.length)
			}
			result = append(result, piece{s.Verdict, gap + symbol})
		}
	case inAll:
		all := map[judge.Verdict]int{}
		for _, s := range c {
			all[s.Verdict] += s.length
		}
		gap := ""
		for _, s := range symbols {
			if all[s.Verdict] > 0 {
				result = append(result, piece{s.Verdict, gap + strconv.Itoa(all[s.Verdict]) + t.symbol(s.Verdict)})
				gap = " "
			}
		}
	}
	return result
}

// cellsWidth is how many columns cells take, of at most so many.
func (t *Table) cellsWidth(c cells, room int) int {
	for n := each; n <= inAll; n++ {
		if width := widthOf(t.pieces(c, n)); width <= room || n == inAll {
			return width
		}
	}
	return 0
}

// cellsText writes cells into so many columns, and notes in the legend what it used. Totals that do not
// fit are not cut: they would be wrong.
func (t *Table) cellsText(c cells, room int) string {
	n := each
	pieces := t.pieces(c, n)
	for n < inAll && widthOf(pieces) > room {
		n++
		pieces = t.pieces(c, n)
	}
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(t.paint(p.text, verdictColors[p.Verdict]))
	}
	t.legend.add(c, n)
	return b.String()
}

// legend is what has to be explained.
type legend struct {
	verdicts  map[judge.Verdict]bool
	notations [inAll + 1]bool
}

func (l *legend) add(c cells, n notation) {
	if len(c) == 0 {
		return
	}
	if l.verdicts == nil {
		l.verdicts = map[judge.Verdict]bool{}
	}
	for _, s := range c {
		l.verdicts[s.Verdict] = true
	}
	l.notations[n] = true
}

// text explains the symbols that were used, in a line or two; empty: none was.
func (l *legend) text(t *Table) string {
	var words []string
	for _, s := range symbols {
		if l.verdicts[s.Verdict] {
			words = append(words, t.paint(t.symbol(s.Verdict), verdictColors[s.Verdict])+" "+string(s.Verdict))
		}
	}
	if len(words) == 0 {
		return ""
	}
	accepted := t.symbol(judge.Accepted)
	if l.notations[inRow] {
		words = append(words, accepted+"x9 nine in a row")
	}
	if l.notations[inAll] {
		words = append(words, "9"+accepted+" nine in all")
	}
	return strings.Join(wrapWords(slices.Insert(words, 0, "tests:"), t.config.Width), "\n") + "\n\n"
}

// wrapWords joins words by two spaces, but the first by one, into lines of at most so many columns.
func wrapWords(words []string, width int) []string {
	lines := []string{words[0]}
	gap := " "
	for _, w := range words[1:] {
		last := len(lines) - 1
		if text.StringWidthWithoutEscSequences(lines[last]+gap+w) <= width {
			lines[last] += gap + w
		} else {
			lines = append(lines, strings.Repeat(" ", len(words[0])+1)+w)
		}
		gap = "  "
	}
	return lines
}
