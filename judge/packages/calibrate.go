package packages

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"judge/judge"
)

// calibration says how a time limit follows from what the jury's submissions need.
type calibration struct {
	multiplier float64
	resolution time.Duration // the limit is a multiple of it
	nearest    bool          // the nearest multiple, but at least one; else the next one from there on
}

// generous is the time limit under which submissions are measured.
const generous = 30 * time.Second

// limit is the time limit when the slowest run took so long.
func (c *calibration) limit(slowest time.Duration) time.Duration {
	exact := float64(slowest) * c.multiplier / float64(c.resolution)
	steps := math.Ceil(exact)
	if c.nearest {
		steps = math.Floor(exact + 0.5)
	}
	return time.Duration(max(1, steps)) * c.resolution
}

// Calibrated tells that the package leaves its time limit to a calibration.
func (p *Package) Calibrated() bool { return p.calibration != nil }

// Calibrate measures the jury's submissions with a batch and sets the time limit, unless the package fixes
// it. It returns what it found, in one line. It is an error where no submission that should be accepted is, and where one
// takes longer than is generous; other errors are those of the batch.
func (p *Package) Calibrate(ctx context.Context, b judge.Batch) (found string, err error) {
	if p.calibration == nil {
		return "", nil
	}
	tasks, err := p.toMeasure()
	if err != nil {
		return "", err
	}
	b.AllTests = true
	var m measurement
	if _, err := b.Run(ctx, tasks, &m); err != nil {
		return "", fmt.Errorf("calibrate %s: %w", p.Name(), err)
	}
	if failure := m.hindrance(); failure != "" {
		return "", p.tree.fail(p.manifest, "calibrate the time limit: %s", failure)
	}
	p.time = p.calibration.limit(m.slowest)
	p.measured = fmt.Sprintf("time limit %s: %s needs %s on test %s, times %g", duration(p.time), m.submission,
		m.slowest.Round(time.Millisecond), m.test, p.calibration.multiplier)
	return p.measured, nil
}

// toMeasure are the submissions that are within the time limit, with a generous one.
func (p *Package) toMeasure() ([]judge.Task, error) {
	own := *p
	own.time = generous
	own.submissions = nil
	for _, s := range p.submissions {
		if s.calibrates {
			own.submissions = append(own.submissions, s)
		}
	}
	if len(own.submissions) == 0 {
		return nil, p.tree.fail(p.manifest, "the time limit is to be calibrated, and there is no accepted submission to do it with")
	}
	file := own.TaskFile()
	tasks, err := judge.LoadFiles(file)
	return tasks, Plain(err, []judge.TaskFile{file})
}

// measurement is a sink that keeps the slowest run, and what is wrong with submissions.
type measurement struct {
	slowest          time.Duration
	submission, test string

	sound   bool   // one was accepted, as it should be
	failed  string // the first that should be and was not
	endless string // the first without end, or that could not be judged
}

func (m *measurement) Write(r *judge.Record) error {
	switch {
	case r.Kind == judge.KindRun && r.Made() && (m.test == "" || time.Duration(r.CPU) > m.slowest):
		m.slowest, m.submission, m.test = time.Duration(r.CPU), r.Submission, r.Test
	case r.Kind != judge.KindSubmission || r.AsExpected == nil:
	case *r.AsExpected:
		m.sound = m.sound || r.Verdict == judge.Accepted
	case r.Verdict == judge.TimeLimit || r.Verdict == judge.JudgeError:
		m.endless = cmp.Or(m.endless, surprise(r))
	case slices.Contains(r.Expected, judge.Accepted):
		m.failed = cmp.Or(m.failed, surprise(r))
	}
	return nil
}

// surprise says what became of a submission from which something else was expected.
func surprise(r *judge.Record) string {
	text := fmt.Sprintf("%s: %s", r.Submission, r.Verdict)
	if r.Test != "" {
		text += " on test " + r.Test
	}
	if r.Message != "" {
		text += ": " + strings.TrimSpace(r.Message)
	}
	if r.Verdict == judge.TimeLimit {
		text += fmt.Sprintf(" (of %s)", generous)
	}
	return text
}

// hindrance is why no time limit can be said; empty: nothing is. What else is not as expected shows when the package
// is judged.
func (m *measurement) hindrance() string {
	switch {
	case m.endless != "":
		return m.endless
	case !m.sound && m.failed != "":
		return m.failed
	case m.submission == "":
		return "no submission could be run"
	}
	return ""
}

func (m *measurement) Close() error { return nil }
