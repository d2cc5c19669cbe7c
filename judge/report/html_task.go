package report

import (
	"math"
	"slices"

	"judge/judge"
	"judge/limits"
)

// htmlTaskView is a task as the templates show it.
type htmlTaskView struct {
	ID          int
	Name        string
	Words       htmlWords
	Open        bool
	Submissions int
	Runs        int
	Bad         int // submissions that need a look
	Counts      []htmlCount
	Rows        []htmlRow
	More        int // submissions without a row
	Scored      bool
	Compile     bool     // the matrix has a column for compilations
	Tests       []string // columns of the matrix
	Cells       bool     // the matrix is made; else the script makes it
	Plots       []*htmlPlot
}

// htmlRow is a submission.
type htmlRow struct {
	ID, Run                         int // Run: the one that decides; -1: none
	Task                            string
	Name, Language, Label, Test     string
	Class, Message, Score, Expected string
	SameAs                          string
	Good                            bool
	CPUMeter, MemoryMeter           htmlMeter
	Groups                          []judge.GroupResult
	Cells                           []htmlCell
	Counts                          []htmlCount
}

// fillTasks shows each task, and first of all what needs a look.
func (b *htmlBatch) fillTasks(p *htmlPage) {
	perTask := min(max(htmlSubmissions/max(len(b.tasks), 1), htmlTaskLeast), htmlTaskMost)
	cells, open := 0, 0
	for i, t := range b.tasks {
		v := &htmlTaskView{ID: i, Name: judge.Visible(t.name), Words: p.Words, Submissions: len(t.submissions), Runs: t.runs, Tests: visibleAll(t.tests)}
		shown := t.shown(perTask)
		v.More = len(t.submissions) - len(shown)
		width := len(t.tests)
		v.Cells = cells+len(shown)*width <= htmlCells
		if v.Cells {
			cells += len(shown) * width
		}
		var verdicts []judge.Verdict
		for _, s := range t.submissions {
			verdicts = append(verdicts, s.verdict)
			if !s.good {
				v.Bad++
				if len(p.Look) < htmlLook {
					p.Look = append(p.Look, t.row(s))
				} else {
					p.LookMore++
				}
			}
			v.Compile = v.Compile || s.compile != nil && s.compile.verdict != judge.Accepted
			v.Scored = v.Scored || s.score != ""
		}
		v.Counts = countsOf(verdicts)
		for _, s := range shown {
			row := t.row(s)
			if v.Cells {
				row.Cells = t.cells(s, v.Compile)
			} else {
				row.Counts = t.runCounts(s)
			}
			v.Rows = append(v.Rows, row)
		}
		v.Open = len(b.tasks) <= htmlOpenTasks || v.Bad > 0 && open < htmlOpenTasks
		if v.Open {
			open++
		}
		v.Plots = t.plots(min(htmlDots/len(b.tasks), htmlPlotDots))
		p.Tasks = append(p.Tasks, v)
	}
}

// shown are the submissions that have rows, in plan order: first of all those that need a look.
func (t *htmlTask) shown(most int) []*htmlSubmission {
	if len(t.submissions) <= most {
		return t.submissions
	}
	var kept []*htmlSubmission
	for _, good := range []bool{false, true} {
		for _, s := range t.submissions {
			if s.good == good && len(kept) < most {
				kept = append(kept, s)
			}
		}
	}
	slices.SortFunc(kept, func(a, b *htmlSubmission) int { return a.id - b.id })
	return kept
}

func (t *htmlTask) row(s *htmlSubmission) htmlRow {
	row := htmlRow{
		ID: s.id, Run: s.decisive(t), Task: judge.Visible(t.name), Name: judge.Visible(s.name), Language: s.language,
		Label: s.label, Test: judge.Visible(s.test), Class: "v-" + string(s.verdict), Message: s.message, Score: s.score,
		Expected: s.expectation, SameAs: judge.Visible(s.sameAs), Good: s.good, Groups: s.groups, // whose names are safe to show
	}
	var cpu, memory htmlRun
	made := false
	for _, r := range s.runs {
		if !r.made {
			continue
		}
		made = true
		if share(r.cpu, r.cpuLimit) >= share(cpu.cpu, cpu.cpuLimit) {
			cpu = r
		}
		if share(r.memory, r.memLimit) >= share(memory.memory, memory.memLimit) {
			memory = r
		}
	}
	if made {
		row.CPUMeter = htmlMeter{Used: millis(cpu.cpu), Share: 100 * share(cpu.cpu, cpu.cpuLimit)}
		row.MemoryMeter = htmlMeter{Used: limits.FormatSize(memory.memory), Share: 100 * share(memory.memory, memory.memLimit)}
		if cpu.cpuLimit > 0 {
			row.CPUMeter.Limit = millis(cpu.cpuLimit)
		}
		if memory.memLimit > 0 {
			row.MemoryMeter.Limit = limits.FormatSize(memory.memLimit)
		}
	}
	return row
}

// htmlMeter is what was used of a limit; empty: nothing was.
type htmlMeter struct {
	Used, Limit string
	Share       float64 // of 100
}

// share is how much of a limit was used, at most all of it.
func share[T judge.Millis | int64](used, limit T) float64 {
	if limit <= 0 {
		return 0
	}
	return math.Round(1000*min(float64(used)/float64(limit), 1)) / 1000
}

// cells are a submission's row of the matrix. A test without a record has an empty cell.
func (t *htmlTask) cells(s *htmlSubmission, compile bool) []htmlCell {
	var cells []htmlCell
	if compile {
		cell := htmlCell{Run: -1}
		if s.compile != nil {
			cell = cellOf(s.compile.verdict, s.compile.id)
		}
		cells = append(cells, cell)
	}
	first := len(cells)
	for range t.tests {
		cells = append(cells, htmlCell{Run: -1})
	}
	for _, r := range s.runs {
		cells[first+r.test] = cellOf(r.verdict, r.id)
	}
	return cells
}

func (t *htmlTask) runCounts(s *htmlSubmission) []htmlCount {
	verdicts := make([]judge.Verdict, len(s.runs))
	for i, r := range s.runs {
		verdicts[i] = r.verdict
	}
	return countsOf(verdicts)
}
