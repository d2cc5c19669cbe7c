package report

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"math"
	"slices"
	"time"

	"judge/judge"
	"judge/limits"
)

// Bounds of what is shown at once. All beyond them is among the runs, which the script shows in pages.
const (
	htmlSubmissions = 1000  // rows of submissions in the whole report
	htmlTaskLeast   = 5     // but so many of each task
	htmlTaskMost    = 200   // and no more than so many of one
	htmlCells       = 10000 // of all matrices; those of later tasks the script makes when they are opened
	htmlDots        = 6000  // of each kind of plot
	htmlLook        = 50    // submissions that need a look
	htmlOpenTasks   = 6     // that are unfolded
)

// htmlPage is the page as the templates show it.
type htmlPage struct {
	Policy        string
	Style         template.CSS
	Script        template.JS
	Title         string
	Summary       string
	Good          bool // everything is as expected
	Unexpected    int
	Empty         bool
	Tiles         []htmlTile
	Counts        []htmlCount // of submissions, by verdict
	Verdicts      []htmlCell  // the legend
	PassAt        []string
	Judges        [][][2]string
	Look          []htmlRow
	LookMore      int
	Tasks         []*htmlTaskView
	Runs          int
	TextsLeftOut  bool
	AcceptedTexts string
	OneTask       bool
}

// htmlTile is a figure of the summary.
type htmlTile struct {
	Value, Name string
	Bad         bool
}

// htmlCount is how often there was a verdict, and its part of a bar of 1000.
type htmlCount struct {
	Cell       htmlCell
	N          int
	From, Wide float64
}

// htmlCell is a verdict as the matrix shows it.
type htmlCell struct {
	Verdict judge.Verdict
	Class   string
	Letter  string
	Run     int // -1: there is none
}

// htmlTaskView is a task as the templates show it.
type htmlTaskView struct {
	ID          int
	Name        string
	Open        bool
	Submissions int
	Runs        int
	Unexpected  int
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
	AsExpected                      bool
	CPUMeter, MemoryMeter           htmlMeter
	Groups                          []judge.GroupResult
	Cells                           []htmlCell
	Counts                          []htmlCount
}

// htmlLetters are the cells of a matrix: told apart by letter as well as by colour.
var htmlLetters = map[judge.Verdict]string{
	judge.Accepted: "✓", judge.WrongAnswer: "W", judge.TimeLimit: "T", judge.MemoryLimit: "M", judge.OutputLimit: "O",
	judge.RuntimeError: "R", judge.CompileError: "C", judge.Skipped: "–", judge.JudgeError: "!",
}

// htmlOrder is that of legends and bars: from good to bad.
var htmlOrder = []judge.Verdict{
	judge.Accepted, judge.WrongAnswer, judge.TimeLimit, judge.MemoryLimit, judge.OutputLimit, judge.RuntimeError,
	judge.CompileError, judge.Skipped, judge.JudgeError,
}

func cellOf(v judge.Verdict, run int) htmlCell {
	return htmlCell{Verdict: v, Class: "v-" + string(v), Letter: htmlLetters[v], Run: run}
}

func (b *htmlBatch) page(spool *htmlSpool) *htmlPage {
	script := htmlRunScript + htmlScript
	p := &htmlPage{
		Policy: fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'", sourceHash(htmlStyle), sourceHash(script)),
		Style:  template.CSS(htmlStyle), Script: template.JS(script),
		Title: "judge", Summary: Summary(b.totals), Good: b.totals.Submissions == b.totals.AsExpected, Empty: b.totals.Submissions == 0,
		Unexpected: b.totals.Submissions - b.totals.AsExpected,
		Tiles:      b.tiles(), Runs: b.runs, TextsLeftOut: spool.cut, AcceptedTexts: limits.FormatSize(htmlTextsAccepted),
		OneTask: len(b.tasks) == 1,
	}
	if p.OneTask {
		p.Title = judge.Visible(b.tasks[0].name) + " – judge"
	}
	for _, v := range htmlOrder {
		p.Verdicts = append(p.Verdicts, cellOf(v, -1))
	}
	var all []judge.Verdict
	for _, t := range b.tasks {
		for _, s := range t.submissions {
			all = append(all, s.verdict)
		}
	}
	p.Counts = countsOf(all)
	for _, info := range b.judges {
		p.Judges = append(p.Judges, mechanisms(info))
	}
	for _, pass := range b.passAt {
		p.PassAt = append(p.PassAt, passAtText([]judge.PassAt{pass}))
	}
	b.fillTasks(p)
	return p
}

// tiles are the figures at the top.
func (b *htmlBatch) tiles() []htmlTile {
	unexpected := b.totals.Submissions - b.totals.AsExpected
	var tiles []htmlTile
	if len(b.tasks) > 1 {
		tiles = append(tiles, htmlTile{fmt.Sprint(len(b.tasks)), "tasks", false})
	}
	tiles = append(tiles,
		htmlTile{fmt.Sprint(b.totals.Submissions), noun(b.totals.Submissions, "submission"), false},
		htmlTile{fmt.Sprint(b.totals.Runs), noun(b.totals.Runs, "run"), false},
		htmlTile{fmt.Sprint(b.totals.AsExpected), "as expected", false},
		htmlTile{fmt.Sprint(unexpected), "not as expected", unexpected > 0},
	)
	if b.totals.JudgeErrors > 0 {
		tiles = append(tiles, htmlTile{fmt.Sprint(b.totals.JudgeErrors), noun(b.totals.JudgeErrors, "judge-error"), true})
	}
	if b.ended.After(b.began) {
		tiles = append(tiles, htmlTile{limits.FormatDuration(b.ended.Sub(b.began).Round(time.Millisecond)), "from first to last run", false})
	}
	return tiles
}

func noun(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

// fillTasks shows each task, and first of all what is not as expected.
func (b *htmlBatch) fillTasks(p *htmlPage) {
	perTask := min(max(htmlSubmissions/max(len(b.tasks), 1), htmlTaskLeast), htmlTaskMost)
	cells, open := 0, 0
	for i, t := range b.tasks {
		v := &htmlTaskView{ID: i, Name: judge.Visible(t.name), Submissions: len(t.submissions), Runs: t.runs, Tests: visibleAll(t.tests)}
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
			if !s.asExpected {
				v.Unexpected++
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
		v.Open = len(b.tasks) <= htmlOpenTasks || v.Unexpected > 0 && open < htmlOpenTasks
		if v.Open {
			open++
		}
		v.Plots = t.plots(min(htmlDots/len(b.tasks), htmlPlotDots))
		p.Tasks = append(p.Tasks, v)
	}
}

// shown are the submissions that have rows, in plan order: first of all those that are not as expected.
func (t *htmlTask) shown(most int) []*htmlSubmission {
	if len(t.submissions) <= most {
		return t.submissions
	}
	var kept []*htmlSubmission
	for _, unexpected := range []bool{true, false} {
		for _, s := range t.submissions {
			if s.asExpected != unexpected && len(kept) < most {
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
		Expected: s.expectation, SameAs: judge.Visible(s.sameAs), AsExpected: s.asExpected, Groups: s.groups, // whose names are safe to show
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

// countsOf counts verdicts, and divides a bar of 1000 among them.
func countsOf(verdicts []judge.Verdict) []htmlCount {
	n := map[judge.Verdict]int{}
	for _, v := range verdicts {
		n[v]++
	}
	var counts []htmlCount
	from := 0.0
	for _, v := range htmlOrder {
		if n[v] > 0 {
			wide := 1000 * float64(n[v]) / float64(len(verdicts))
			counts = append(counts, htmlCount{cellOf(v, -1), n[v], from, wide})
			from += wide
		}
	}
	return counts
}

// sourceHash is how a Content-Security-Policy allows one inline script or style.
func sourceHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
