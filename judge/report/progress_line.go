package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"judge/judge"
)

// standing is what a line of progress is made of.
type standing struct {
	judge.Progress
	first   judge.Progress // to measure from
	elapsed time.Duration  // since the beginning
	watched time.Duration  // since first
}

// line says it in at most so many columns:
//
//	━━━━━━━━────────  1234 of 4560 runs  38/s  1m28s left  sum/solutions/slow.py/7 and 1 more
func (s standing) line(columns int, unicode bool) string {
	var parts []string
	if bar := s.bar(columns/5, unicode); bar != "" {
		parts = append(parts, bar)
	}
	parts = append(parts, s.counted())
	if rate := s.rate(); rate > 0 {
		format := "%.1f/s"
		if rate >= 10 {
			format = "%.0f/s"
		}
		parts = append(parts, fmt.Sprintf(format, rate))
	}
	if left := s.left(); left > 0 {
		parts = append(parts, durationText(left)+" left")
	} else {
		parts = append(parts, durationText(s.elapsed))
	}
	line := strings.Join(parts, "  ")
	if room := columns - width(line) - gap; room >= usefulName {
		line += strings.Repeat(" ", gap) + s.running(room)
	}
	return strings.TrimRight(text.Trim(line, max(columns, 0)), " ")
}

// share is how much of the plan is done; 0 as well when that is not known.
func (s standing) share() float64 {
	switch {
	case s.AllRuns > 0:
		return min(float64(s.Runs)/float64(s.AllRuns), 1)
	case s.AllSubmissions > 0:
		return min(float64(s.Submissions)/float64(s.AllSubmissions), 1)
	}
	return 0
}

func (s standing) bar(columns int, unicode bool) string {
	if columns < 8 || s.AllRuns == 0 && s.AllSubmissions == 0 {
		return ""
	}
	done, left := "#", "."
	if unicode {
		done, left = "━", "─"
	}
	n := int(s.share() * float64(columns))
	return strings.Repeat(done, n) + strings.Repeat(left, columns-n)
}

func (s standing) counted() string {
	switch {
	case s.AllRuns > 0:
		return fmt.Sprintf("%d of %s", s.Runs, count(s.AllRuns, "run"))
	case s.AllSubmissions > 0:
		return fmt.Sprintf("%d of %s, %s", s.Submissions, count(s.AllSubmissions, "submission"), count(s.Runs, "run"))
	}
	return count(s.Runs, "run")
}

// rate is in runs a second; 0: not known yet.
func (s standing) rate() float64 {
	if s.watched < time.Second {
		return 0
	}
	return float64(s.Runs-s.first.Runs) / s.watched.Seconds()
}

// left estimates the time that is left, as if the rest took as long as what was seen; 0: not known.
func (s standing) left() time.Duration {
	before := standing{Progress: s.first}.share()
	if s.watched < time.Second || s.share() <= before || s.share() >= 1 {
		return 0
	}
	return time.Duration(float64(s.watched) * (1 - s.share()) / (s.share() - before))
}

// running names the first that is being done, which has often been for longest, and counts the others.
func (s standing) running(room int) string {
	if len(s.Running) == 0 {
		return ""
	}
	r := s.Running[0]
	name, others := r.Task+"/"+r.Submission, ""
	if r.Test != "" {
		name += "/" + r.Test
	} else {
		name = "compiling " + name
	}
	if n := len(s.Running) - 1; n > 0 {
		others = fmt.Sprintf(" and %d more", n)
	}
	return cutLeft(judge.Visible(name), room-width(others)) + others
}

// durationText is a duration as precisely as one cares to know: 9s, 1m28s, 2h05m.
func durationText(d time.Duration) string {
	seconds := int(d.Round(time.Second) / time.Second)
	switch {
	case seconds < 60:
		return fmt.Sprintf("%ds", seconds)
	case seconds < 3600:
		return fmt.Sprintf("%dm%02ds", seconds/60, seconds%60)
	}
	return fmt.Sprintf("%dh%02dm", seconds/3600, seconds/60%60)
}
