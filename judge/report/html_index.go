package report

import (
	"math"
	"time"

	"judge/judge"
)

// htmlIndex is what the script knows of all runs. Columns are shorter than objects, and quicker to read.
type htmlIndex struct {
	Verdicts    []judge.Verdict       `json:"verdicts"`
	Tasks       []htmlIndexTask       `json:"tasks"`
	Submissions []htmlIndexSubmission `json:"submissions"`
	Runs        htmlIndexRuns         `json:"runs"`
	Pieces      []int                 `json:"pieces"` // the first run of each
	Judges      [][][2]string         `json:"judges"`
}

type htmlIndexTask struct {
	Name  string   `json:"name"`
	Tests []string `json:"tests"`
}

type htmlIndexSubmission struct {
	Task     int    `json:"task"`
	Name     string `json:"name"`
	Language string `json:"language"`
	Verdict  int    `json:"verdict"`
	Good     bool   `json:"good"`
	Text     string `json:"text,omitempty"`
}

// htmlIndexRuns has a column for each figure, and in each the runs by their numbers.
type htmlIndexRuns struct {
	Submission []int     `json:"submission"` // -1: that of none
	Test       []int     `json:"test"`       // -1: the compilation
	Verdict    []int     `json:"verdict"`
	CPU        []float64 `json:"cpu"`    // milliseconds; -1: it was not made
	Memory     []float64 `json:"memory"` // MiB
}

// htmlIndexTextRunes bounds the message of a submission that can be searched for.
const htmlIndexTextRunes = 100

func (b *htmlBatch) index(pieces []int) *htmlIndex {
	x := &htmlIndex{Verdicts: judge.Verdicts, Pieces: pieces, Judges: [][][2]string{}}
	for _, info := range b.judges {
		x.Judges = append(x.Judges, mechanisms(info))
	}
	verdicts := map[judge.Verdict]int{}
	for i, v := range judge.Verdicts {
		verdicts[v] = i
	}
	x.Runs = htmlIndexRuns{
		Submission: make([]int, b.runs), Test: make([]int, b.runs), Verdict: make([]int, b.runs),
		CPU: make([]float64, b.runs), Memory: make([]float64, b.runs),
	}
	for i := range x.Runs.Submission {
		x.Runs.Submission[i] = -1
	}
	x.Submissions = make([]htmlIndexSubmission, 0, b.totals.Submissions)
	for t, task := range b.tasks {
		x.Tasks = append(x.Tasks, htmlIndexTask{judge.Visible(task.name), visibleAll(task.tests)})
		for _, s := range task.submissions {
			x.Submissions = append(x.Submissions, htmlIndexSubmission{
				Task: t, Name: judge.Visible(s.name), Language: s.language,
				Verdict: verdicts[s.verdict], Good: s.good, Text: shorten(s.message, htmlIndexTextRunes),
			})
			add := func(r *htmlRun) {
				x.Runs.Submission[r.id], x.Runs.Test[r.id], x.Runs.Verdict[r.id] = s.id, r.test, verdicts[r.verdict]
				x.Runs.CPU[r.id] = -1
				if r.made {
					x.Runs.CPU[r.id] = float64(time.Duration(r.cpu).Microseconds()) / 1000
					x.Runs.Memory[r.id] = math.Round(float64(r.memory)/(1<<20)*100) / 100
				}
			}
			if s.compile != nil {
				add(s.compile)
			}
			for i := range s.runs {
				add(&s.runs[i])
			}
		}
	}
	return x
}

func visibleAll(names []string) []string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = judge.Visible(name)
	}
	return list
}
