package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"judge/judge"
	"judge/limits"
)

// htmlPlot is a picture of dots on logarithmic axes, in the units of its SVG element.
type htmlPlot struct {
	Title, About  string
	Width, Height float64
	Left, Right   float64 // where the area begins and ends
	Top, Bottom   float64
	XTicks        []htmlTick
	YTicks        []htmlTick
	Limits        []htmlTick // lines, upright unless Level
	Level         bool
	Rows          []htmlPlotRow
	Dots          []htmlDot
	Note          string
}

type htmlTick struct {
	At    float64
	Label string
}

// htmlPlotRow is the distribution of a submission.
type htmlPlotRow struct {
	Submission             int
	Name                   string
	Y                      float64
	Low, High, Q1, Q3, Mid float64
	Box                    bool
	Spread                 string // in words
}

type htmlDot struct {
	X, Y float64
	Good bool
	Run  int
}

// Bounds of a plot, so that it stays a picture.
const (
	htmlPlotRows    = 24
	htmlPlotDots    = 1500 // of one plot
	htmlPlotRowDots = 60   // of a row; above that its box tells more
)

// logAxis maps values to an axis, logarithmically.
type logAxis struct{ low, high, from, to float64 }

func (a logAxis) at(v float64) float64 {
	v = min(max(v, a.low), a.high)
	at := a.from + (a.to-a.from)*math.Log(v/a.low)/math.Log(a.high/a.low)
	return math.Round(at*10) / 10
}

// newLogAxis spans the values, and the limits if there are any.
func newLogAxis(low, high, from, to float64) logAxis {
	if high <= low*1.5 {
		high, low = high*1.5, low/1.5
	}
	return logAxis{low / 1.15, high * 1.15, from, to}
}

// ticks are round values on the axis: 1, 10, 100, or with 2 and 5 between when there are few.
func (a logAxis) ticks(scale float64, show func(float64) string) []htmlTick {
	var ticks []htmlTick
	steps := []float64{1, 2, 5}
	if a.high/a.low > 1000 {
		steps = steps[:1]
	}
	for decade := math.Pow(10, math.Floor(math.Log10(a.low/scale))); decade*scale <= a.high; decade *= 10 {
		for _, step := range steps {
			if v := decade * step * scale; v >= a.low && v <= a.high {
				ticks = append(ticks, htmlTick{a.at(v), show(v)})
			}
		}
	}
	return ticks
}

// binaryTicks are powers of two, as sizes have them.
func (a logAxis) binaryTicks(show func(float64) string) []htmlTick {
	step := 1.0
	for math.Log2(a.high/a.low)/step > 8 {
		step++
	}
	var ticks []htmlTick
	for e := math.Ceil(math.Log2(a.low)/step) * step; math.Exp2(e) <= a.high; e += step {
		ticks = append(ticks, htmlTick{a.at(math.Exp2(e)), show(math.Exp2(e))})
	}
	return ticks
}

// htmlMeasure is a figure of runs that is plotted.
type htmlMeasure struct {
	title, about string
	value, limit func(*htmlRun) float64
	least        float64
	show         func(float64) string
	ticks        func(logAxis) []htmlTick
}

func showDuration(v float64) string { return limits.FormatDuration(time.Duration(v)) }
func showSize(v float64) string     { return limits.FormatSize(int64(v)) }

var (
	htmlTime = htmlMeasure{
		"CPU time", "each dot is a run",
		func(r *htmlRun) float64 { return float64(r.cpu) }, func(r *htmlRun) float64 { return float64(r.cpuLimit) },
		float64(100 * time.Microsecond), showDuration,
		func(a logAxis) []htmlTick { return a.ticks(float64(time.Millisecond), showDuration) },
	}
	htmlMemory = htmlMeasure{
		"Memory", "each dot is a run",
		func(r *htmlRun) float64 { return float64(r.memory) }, func(r *htmlRun) float64 { return float64(r.memLimit) },
		64 << 10, showSize,
		func(a logAxis) []htmlTick { return a.binaryTicks(showSize) },
	}
)

// plots are the pictures of a task, each of so many dots at most; none without two runs.
func (t *htmlTask) plots(dots int) []*htmlPlot {
	var plots []*htmlPlot
	for _, m := range []htmlMeasure{htmlTime, htmlMemory} {
		if p := t.distribution(m, dots); p != nil {
			plots = append(plots, p)
		}
	}
	if p := t.growth(dots); p != nil {
		plots = append(plots, p)
	}
	return plots
}

// distribution shows a figure of the submissions that use most of it, a row each.
func (t *htmlTask) distribution(m htmlMeasure, dots int) *htmlPlot {
	type row struct {
		s      *htmlSubmission
		runs   []*htmlRun
		values []float64
	}
	var rows []row
	low, high, runs := math.Inf(1), 0.0, 0
	bounds := []float64{}
	for _, s := range t.submissions {
		r := row{s: s}
		for i := range s.runs {
			run := &s.runs[i]
			if !run.made || m.value(run) <= 0 {
				continue
			}
			v := max(m.value(run), m.least)
			r.runs, r.values = append(r.runs, run), append(r.values, v)
			low, high = min(low, v), max(high, v)
			if limit := m.limit(run); limit > 0 && !slices.Contains(bounds, limit) && len(bounds) < 4 {
				bounds = append(bounds, limit)
				high = max(high, limit)
			}
		}
		if runs += len(r.runs); len(r.runs) > 0 {
			slices.Sort(r.values)
			rows = append(rows, r)
		}
	}
	if runs < 2 {
		return nil
	}
	p := &htmlPlot{Title: m.title, About: m.about, Width: 760, Left: 190, Right: 740, Top: 26}
	if len(rows) > htmlPlotRows {
		p.Note = fmt.Sprintf("The %d of %d submissions that used most.", htmlPlotRows, len(rows))
		slices.SortStableFunc(rows, func(a, b row) int {
			return cmp.Compare(b.values[len(b.values)-1], a.values[len(a.values)-1])
		})
		rows = rows[:htmlPlotRows]
	}
	axis := newLogAxis(low, high, p.Left, p.Right)
	const height = 24
	for i, r := range rows {
		y := p.Top + height*(float64(i)+0.5)
		n := len(r.values)
		median := (r.values[(n-1)/2] + r.values[n/2]) / 2
		p.Rows = append(p.Rows, htmlPlotRow{
			Submission: r.s.id, Name: shorten(judge.Visible(r.s.name), 22), Y: y,
			Low: axis.at(r.values[0]), High: axis.at(r.values[n-1]), Mid: axis.at(median),
			Q1: axis.at(r.values[n/4]), Q3: axis.at(r.values[n*3/4]), Box: n >= 4,
			Spread: fmt.Sprintf("%s: %s to %s, median %s", judge.Visible(r.s.name), m.show(r.values[0]), m.show(r.values[n-1]), m.show(median)),
		})
		if n > htmlPlotRowDots || n >= 4 && len(p.Dots)+n > dots {
			continue
		}
		for _, run := range r.runs {
			p.Dots = append(p.Dots, htmlDot{axis.at(m.value(run)), y, run.verdict == judge.Accepted, run.id})
		}
	}
	p.Bottom = p.Top + height*float64(len(rows))
	p.Height = p.Bottom + 24
	p.XTicks = m.ticks(axis)
	for _, limit := range bounds {
		p.Limits = append(p.Limits, htmlTick{axis.at(limit), "limit " + m.show(limit)})
	}
	return p
}

// growth shows time against the size of the input; nil when sizes are not known or all alike.
func (t *htmlTask) growth(dots int) *htmlPlot {
	var runs []*htmlRun
	sizes := map[int64]bool{}
	lowX, highX, lowY, highY := math.Inf(1), 0.0, math.Inf(1), 0.0
	limit := 0.0
	for _, s := range t.submissions {
		for i := range s.runs {
			r := &s.runs[i]
			if !r.made || r.input <= 0 || r.cpu <= 0 {
				continue
			}
			runs = append(runs, r)
			sizes[r.input] = true
			y := max(float64(r.cpu), htmlTime.least)
			lowX, highX = min(lowX, float64(r.input)), max(highX, float64(r.input))
			lowY, highY = min(lowY, y), max(highY, y)
			limit = max(limit, float64(r.cpuLimit))
		}
	}
	if len(sizes) < 2 {
		return nil
	}
	p := &htmlPlot{
		Title: "CPU time and size of the input", About: "each dot is a run", Level: true,
		Width: 760, Height: 320, Left: 70, Right: 740, Top: 20, Bottom: 286,
	}
	if len(runs) > dots {
		p.Note = fmt.Sprintf("The %d of %d runs that took longest.", dots, len(runs))
		slices.SortStableFunc(runs, func(a, b *htmlRun) int { return cmp.Compare(b.cpu, a.cpu) })
		runs = runs[:dots]
	}
	x := newLogAxis(lowX, highX, p.Left, p.Right)
	y := newLogAxis(lowY, max(highY, limit), p.Bottom, p.Top)
	for _, r := range runs {
		p.Dots = append(p.Dots, htmlDot{x.at(float64(r.input)), y.at(float64(r.cpu)), r.verdict == judge.Accepted, r.id})
	}
	p.XTicks, p.YTicks = x.binaryTicks(showSize), htmlTime.ticks(y)
	if limit > 0 {
		p.Limits = []htmlTick{{y.at(limit), "limit " + showDuration(limit)}}
	}
	return p
}
