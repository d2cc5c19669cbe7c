package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"judge/judge"
	"judge/limits"
)

// htmlDetail is what the report shows of one run. Everything in it is made to be seen: control characters
// and those that reverse the direction of writing are escapes.
type htmlDetail struct {
	Label    string       `json:"label"` // verdict and reason
	Message  string       `json:"message,omitempty"`
	Figures  []htmlFigure `json:"figures,omitempty"`
	Facts    [][2]string  `json:"facts,omitempty"`
	Given    int          `json:"given,omitempty"`  // number of what it was given
	Judge    int          `json:"judge,omitempty"`  // number of who judged
	Answer   *htmlMark    `json:"answer,omitempty"` // the difference, in the answer
	Texts    []htmlText   `json:"texts,omitempty"`
	Samples  [][]string   `json:"samples,omitempty"`
	Timeline []htmlMoment `json:"timeline,omitempty"`
	Note     string       `json:"note,omitempty"` // on the timeline
}

// htmlFigure is what was used of a limit.
type htmlFigure struct {
	Name  string  `json:"name"`
	Used  string  `json:"used"`
	Limit string  `json:"limit,omitempty"` // empty: there was none
	Share float64 `json:"share"`           // of the limit
	Over  bool    `json:"over,omitempty"`
}

// htmlText is a text with its name.
type htmlText struct {
	Name string    `json:"name"`
	Note string    `json:"note,omitempty"` // how long it was, if this is not all
	Text string    `json:"text"`
	Mark *htmlMark `json:"mark,omitempty"`
}

// htmlMark is a part of a text, in UTF-16 units as JavaScript counts.
type htmlMark [2]int

// htmlMoment is a message, or the end of a process, of an interaction.
type htmlMoment struct {
	At   string `json:"at"`
	From string `json:"from"`
	To   string `json:"to,omitempty"` // empty: From has ended
	Text string `json:"text"`
	Left bool   `json:"left,omitempty"` // the interactor's side
}

// newHTMLDetail makes the details of a run; of each text so many bytes are kept. given is what the run was
// given, nil if its record does not say.
func newHTMLDetail(r *judge.Record, keep int) (d *htmlDetail, given *htmlGiven) {
	d = &htmlDetail{Label: verdictText(r), Message: judge.Visible(r.Message)}
	if r.Made() {
		d.Figures = figures(r)
		d.Facts = facts(r)
	}
	for _, s := range r.Samples {
		d.Samples = append(d.Samples, []string{
			millis(s.CPU), millis(s.Wall), limits.FormatSize(s.Memory), string(s.Verdict), judge.Visible(strings.Join(s.Disturbed, ", ")),
		})
	}
	if keep == 0 {
		return d, nil
	}
	d.timeline(r)
	inOutput, inAnswer := differences(r)
	for _, t := range []struct {
		name    string
		capture *judge.Capture
		mark    *span
	}{
		{"Standard output", r.Stdout, inOutput},
		{"Standard error", r.Stderr, nil},
		{"Checker, to the judges", r.JudgeMessage, nil},
		{"Checker, to the team", r.TeamMessage, nil},
	} {
		if t.capture != nil && (t.capture.Bytes > 0 || t.name == "Standard output") {
			d.Texts = append(d.Texts, *newHTMLText(t.name, t.capture, t.mark))
		}
	}
	if r.Input == nil && r.Answer == nil {
		return d, nil
	}
	given = &htmlGiven{Input: newHTMLText("Input", r.Input, nil), Answer: newHTMLText("Expected output", r.Answer, nil)}
	if inAnswer != nil {
		d.Answer = markOf(r.Answer.Text, *inAnswer)
	}
	return d, given
}

// differences are where output and answer of a wrong answer differ first; nil: that is not known.
func differences(r *judge.Record) (inOutput, inAnswer *span) {
	if r.Verdict != judge.WrongAnswer || r.Stdout == nil || r.Answer == nil {
		return nil, nil
	}
	output, answer, ok := firstDifference(r.Checker, r.Stdout.Text, r.Answer.Text)
	// Where one text is cut, its end is none.
	if !ok || r.Stdout.Truncated && output.from == len(r.Stdout.Text) || r.Answer.Truncated && answer.from == len(r.Answer.Text) {
		return nil, nil
	}
	return &output, &answer
}

func newHTMLText(name string, c *judge.Capture, mark *span) *htmlText {
	if c == nil {
		return nil
	}
	t := &htmlText{Name: name, Text: judge.VisibleLines(c.Text)}
	switch {
	case c.Truncated:
		t.Note = fmt.Sprintf("the beginning of %s", limits.FormatSize(c.Bytes))
	case c.Bytes > 0:
		t.Note = limits.FormatSize(c.Bytes)
	}
	if mark != nil {
		t.Mark = markOf(c.Text, *mark)
	}
	return t
}

// markOf is where a part of a text is in what is shown of it.
func markOf(text string, s span) *htmlMark {
	units := func(s string) int { return len(utf16.Encode([]rune(judge.VisibleLines(s)))) }
	from := units(text[:s.from])
	return &htmlMark{from, from + units(text[s.from:s.to])}
}

// figures are what was used, and of what limit.
func figures(r *judge.Record) []htmlFigure {
	l := r.Limits
	if l == nil {
		l = &judge.RecordLimits{}
	}
	duration := func(n float64) string { return limits.FormatDuration(time.Duration(n)) }
	size := func(n float64) string { return limits.FormatSize(int64(n)) }
	number := func(n float64) string { return strconv.Itoa(int(n)) }
	list := []htmlFigure{
		figure("CPU time", float64(r.CPU), float64(l.CPU), duration, slices.Contains(r.Flags, judge.ReasonCPU)),
		figure("Wall time", float64(r.Wall), float64(l.Wall), duration, slices.Contains(r.Flags, judge.ReasonWall)),
		figure("Memory", float64(r.Memory), float64(l.Memory), size, slices.Contains(r.Flags, judge.ReasonOOM)),
	}
	if r.Stdout != nil {
		list = append(list, figure("Standard output", float64(r.Stdout.Bytes), float64(l.Output), size, slices.Contains(r.Flags, judge.ReasonStdout)))
	}
	if r.Stderr != nil {
		list = append(list, figure("Standard error", float64(r.Stderr.Bytes), float64(l.Output), size, slices.Contains(r.Flags, judge.ReasonStderr)))
	}
	if r.Processes > 0 {
		list = append(list, figure("Processes and threads", float64(r.Processes), float64(l.Processes), number, slices.Contains(r.Flags, judge.ReasonProcessLimit)))
	}
	return list
}

func figure(name string, used, limit float64, show func(float64) string, over bool) htmlFigure {
	f := htmlFigure{Name: name, Used: show(used), Over: over}
	if limit > 0 {
		f.Limit, f.Share = show(limit), min(used/limit, 1)
		f.Share = float64(int(f.Share*1000)) / 1000
	}
	return f
}

// facts are what else tells how the run ended, each with its name.
func facts(r *judge.Record) [][2]string {
	var list [][2]string
	add := func(name, value string) {
		if value != "" {
			list = append(list, [2]string{name, judge.Visible(value)})
		}
	}
	switch {
	case r.Signal != "":
		add("Ended by", r.Signal)
	case r.ExitCode != nil:
		add("Exit code", strconv.Itoa(*r.ExitCode))
	}
	add("Limits reached", strings.Join(r.Flags, ", "))
	add("Refused system calls", strings.Join(r.Refused, ", "))
	add("Checker", r.Checker)
	if r.Score != nil {
		add("Score", points(*r.Score))
	}
	if r.Passes > 0 {
		add("Passes", strconv.Itoa(r.Passes))
	}
	if r.InputBytes > 0 {
		add("Input", limits.FormatSize(r.InputBytes))
	}
	if l := r.Limits; l != nil {
		if l.Stack > 0 {
			add("Stack limit", limits.FormatSize(l.Stack))
		}
		if l.Disk > 0 {
			add("Disk limit", fmt.Sprintf("%s, %d files", limits.FormatSize(l.Disk), l.Inodes))
		}
		if l.OpenFiles > 0 {
			add("Open files limit", strconv.Itoa(l.OpenFiles))
		}
	}
	add("Compiler", r.Compiler)
	if r.Cached {
		add("Compiled", "by an earlier run of judge; its figures are not known")
	}
	if t := r.Timing; t != nil {
		text := fmt.Sprintf("median %s of %d runs, %s to %s", millis(t.Median), t.Runs, millis(t.Min), millis(t.Max))
		if t.Interval != nil {
			text += fmt.Sprintf("; 95%% interval %s to %s", millis(t.Interval[0]), millis(t.Interval[1]))
		}
		add("CPU time of all", text)
	}
	if r.StartedAt != nil && !r.StartedAt.IsZero() {
		add("Started", r.StartedAt.Format("2006-01-02 15:04:05.000 -0700"))
	}
	return list
}

func millis(m judge.Millis) string { return limits.FormatDuration(time.Duration(m)) }

// htmlMoments bounds a timeline: a reader sees its beginning and its end.
const htmlMoments = 400

// timeline shows what the processes of an interaction said, and how they ended.
func (d *htmlDetail) timeline(r *judge.Record) {
	messages := r.Transcript
	omitted := 0
	if len(messages) > htmlMoments {
		omitted = len(messages) - htmlMoments
	}
	for i := range messages {
		if omitted > 0 && i >= htmlMoments/2 && i < htmlMoments/2+omitted {
			continue
		}
		m := &messages[i]
		content := m.Content()
		if len(content) == 0 { // an end of output
			continue
		}
		text := judge.VisibleLines(judge.CutText(content, judge.KeepOutput/4))
		if len(content) > judge.KeepOutput/4 {
			text += "…"
		}
		d.Timeline = append(d.Timeline, htmlMoment{
			At: millis(m.At), From: judge.Visible(m.From), To: judge.Visible(m.To), Text: text, Left: m.From == judge.InteractorName,
		})
	}
	switch {
	case omitted > 0:
		d.Note = fmt.Sprintf("%s in the middle are left out", count(omitted, "message"))
	case r.TranscriptCut:
		d.Note = "the transcript was cut here: there was more"
	}
	for _, e := range r.Exits {
		text := "exit code 0"
		switch {
		case e.Signal != "":
			text = "ended by " + e.Signal
		case e.ExitCode != nil:
			text = fmt.Sprintf("exit code %d", *e.ExitCode)
		}
		d.Timeline = append(d.Timeline, htmlMoment{
			At: millis(e.Wall), From: judge.Visible(e.Process), Left: e.Process == judge.InteractorName,
			Text: fmt.Sprintf("%s, cpu %s, memory %s", text, millis(e.CPU), limits.FormatSize(e.Memory)),
		})
	}
}

// mechanisms lists what limits and measures runs, in order.
func mechanisms(info *judge.JudgeInfo) [][2]string {
	list := [][2]string{
		{"judge", judge.Visible(info.Version)}, {"host", judge.Visible(info.Host)}, {"kernel", judge.Visible(info.Kernel)},
	}
	for _, name := range slices.Sorted(maps.Keys(info.Mechanisms)) {
		list = append(list, [2]string{judge.Visible(name), judge.Visible(info.Mechanisms[name])})
	}
	return list
}
