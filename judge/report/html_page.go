package report

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
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
	Words         htmlWords
	Bad           int // submissions that need a look
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
		Title: "judge", Summary: b.summary(), Words: b.words(), Bad: b.totals.Submissions - b.good, Empty: b.totals.Submissions == 0,
		Tiles: b.tiles(), Runs: b.runs, TextsLeftOut: spool.cut, AcceptedTexts: limits.FormatSize(htmlTextsAccepted),
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

// htmlWords say which submissions are good and which need a look.
type htmlWords struct{ Good, Bad, Short string }

// words are those of a batch: a setter knows what is to be expected of submissions, a service of strangers' ones does not.
func (b *htmlBatch) words() htmlWords {
	if b.expects {
		return htmlWords{"as expected", "not as expected", "unexpected"}
	}
	return htmlWords{"accepted", "not accepted", "not accepted"}
}

// summary is Summary in the words of the batch.
func (b *htmlBatch) summary() string {
	if b.expects {
		return Summary(b.totals)
	}
	return fmt.Sprintf("%s, %s, %d accepted", count(b.totals.Submissions, "submission"), count(b.totals.Runs, "run"), b.good)
}

// tiles are the figures at the top.
func (b *htmlBatch) tiles() []htmlTile {
	bad, words := b.totals.Submissions-b.good, b.words()
	var tiles []htmlTile
	if len(b.tasks) > 1 {
		tiles = append(tiles, htmlTile{fmt.Sprint(len(b.tasks)), "tasks", false})
	}
	tiles = append(tiles,
		htmlTile{fmt.Sprint(b.totals.Submissions), noun(b.totals.Submissions, "submission"), false},
		htmlTile{fmt.Sprint(b.totals.Runs), noun(b.totals.Runs, "run"), false},
		htmlTile{fmt.Sprint(b.good), words.Good, false},
		htmlTile{fmt.Sprint(bad), words.Bad, bad > 0},
	)
	if b.totals.JudgeErrors > 0 {
		tiles = append(tiles, htmlTile{fmt.Sprint(b.totals.JudgeErrors), noun(b.totals.JudgeErrors, "judge-error"), true})
	}
	if b.ended.After(b.began) {
		tiles = append(tiles, htmlTile{limits.FormatDuration(b.ended.Sub(b.began).Round(time.Millisecond)), "from first to last run", false})
	}
	return tiles
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
