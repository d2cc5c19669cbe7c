package report

import (
	"github.com/jedib0t/go-pretty/v6/text"

	"judge/judge"
)

var verdictColors = map[judge.Verdict]text.Colors{
	judge.Accepted:     {text.FgGreen},
	judge.WrongAnswer:  {text.FgRed},
	judge.TimeLimit:    {text.FgYellow},
	judge.MemoryLimit:  {text.FgBlue},
	judge.OutputLimit:  {text.FgCyan},
	judge.RuntimeError: {text.FgMagenta},
	judge.CompileError: {text.FgCyan},
	judge.JudgeError:   {text.FgHiWhite, text.BgRed},
	judge.Skipped:      {text.Faint},
}

func markColor(r *row) text.Colors {
	if r.asExpected() {
		return text.Colors{text.FgGreen}
	}
	return text.Colors{text.FgRed, text.Bold}
}

// shareColor is for what was used of a limit: from four fifths on it is close.
func shareColor(share float64) text.Colors {
	switch {
	case share >= 1:
		return text.Colors{text.FgRed}
	case share >= 0.8:
		return text.Colors{text.FgYellow}
	}
	return nil
}

// paint colours s. Colors.Sprint would also ask the environment, which is our caller's to judge.
func (t *Table) paint(s string, c text.Colors) string {
	if !t.config.Color || s == "" || len(c) == 0 {
		return s
	}
	return text.Escape(s, c.EscapeSeq())
}
