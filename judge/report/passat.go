package report

import (
	"fmt"
	"strings"

	"judge/judge"
)

// passAtText says in a line each what pass@k came to:
//
//	pass@1 0.532, 95% interval 0.421 to 0.640 (20 problems, 10000 answers, 3 excluded for judge-errors)
func passAtText(list []judge.PassAt) string {
	var b strings.Builder
	for _, p := range list {
		notes := []string{count(p.Problems, "problem"), count(p.Answers, "answer")}
		if p.LeftOut > 0 {
			notes = append(notes, fmt.Sprintf("%d left out for too few", p.LeftOut))
		}
		if p.Excluded > 0 {
			notes = append(notes, fmt.Sprintf("%d excluded for judge-errors", p.Excluded))
		}
		fmt.Fprintf(&b, "pass@%d %.3f, 95%% interval %.3f to %.3f (%s)\n", p.K, p.Value, p.Low, p.High, strings.Join(notes, ", "))
	}
	return b.String()
}

// maxRows bounds the rows of a table: more would not be read, and take memory until they are printed.
const maxRows = 1000

func (t *Table) addRow(r *judge.Record) {
	if len(t.rows) == maxRows {
		t.hidden++
		return
	}
	t.rows = append(t.rows, r)
}

// more says how many rows a table would have further, in a line.
func (t *Table) more() string {
	if t.hidden == 0 {
		return ""
	}
	return fmt.Sprintf("and %s more; --out FILE has their records\n", count(t.hidden, "submission"))
}
