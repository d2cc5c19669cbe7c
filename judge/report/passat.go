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
