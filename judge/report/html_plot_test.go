package report

import (
	"testing"

	"judge/judge"
)

// Of submissions that used the same, the first ones are shown: a report of the same records is the same.
func TestDistributionOfEqualsKeepsTheirOrder(t *testing.T) {
	task := &htmlTask{name: "sum"}
	for id := range 2 * htmlPlotRows {
		run := htmlRun{id: id, verdict: judge.Accepted, made: true, cpu: 1e6}
		task.submissions = append(task.submissions, &htmlSubmission{id: id, name: "a", runs: []htmlRun{run}})
	}
	plot := task.distribution(htmlTime, htmlPlotDots)
	if len(plot.Rows) != htmlPlotRows {
		t.Fatalf("%d rows, want %d", len(plot.Rows), htmlPlotRows)
	}
	for i, r := range plot.Rows {
		if r.Submission != i {
			t.Errorf("row %d is of submission %d", i, r.Submission)
		}
	}
}
