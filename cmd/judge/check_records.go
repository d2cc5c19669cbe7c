package main

import (
	"time"

	"judge/judge"
	"judge/limits"
)

// need is how much of a limit the good submissions of a task have used at most.
type need struct {
	share      float64 // of what was allowed
	used       int64   // nanoseconds or bytes
	allowed    int64
	submission string
	test       string
}

func (n *need) see(used, allowed int64, r *judge.Record) {
	if allowed <= 0 {
		return
	}
	if share := float64(used) / float64(allowed); share > n.share {
		*n = need{share, used, allowed, r.Submission, r.Test}
	}
}

// needs are those of a task.
type needs struct{ time, memory need }

// readNeeds learns from records of a run what each task's good submissions need: those that were accepted, as
// expected. A limit that is not known counts as not needed.
func readNeeds(file string) (map[string]*needs, error) {
	good := map[[2]string]bool{}
	err := eachRecord(file, func(_ int, r *judge.Record) {
		if r.Kind == judge.KindSubmission && r.Verdict == judge.Accepted && r.AsExpected != nil && *r.AsExpected {
			good[[2]string{r.Task, r.Submission}] = true
		}
	})
	if err != nil {
		return nil, err
	}
	found := map[string]*needs{}
	err = eachRecord(file, func(_ int, r *judge.Record) {
		if r.Kind != judge.KindRun || r.Limits == nil || !r.Made() || !good[[2]string{r.Task, r.Submission}] {
			return
		}
		n := found[r.Task]
		if n == nil {
			n = &needs{}
			found[r.Task] = n
		}
		n.time.see(int64(r.CPU), int64(r.Limits.CPU), r)
		n.memory.see(r.Memory, r.Limits.Memory, r)
	})
	return found, err
}

// Shares of a limit beyond which it is doubtful. A program takes twice as long on another machine, and a slow one
// on purpose is ten times slower than it has to be.
const (
	tightShare = 0.5
	looseShare = 0.02
)

// needs compares the limits with what was used.
func (l *linter) needs(n *needs) {
	if n == nil {
		return
	}
	for _, of := range []struct {
		name     string
		need     need
		smallest int64 // a limit that is no larger is never too loose
		text     func(int64) string
	}{
		{"time", n.time, int64(time.Second), func(v int64) string { return limits.FormatDuration(time.Duration(v)) }},
		{"memory", n.memory, 256 << 20, limits.FormatSize},
	} {
		switch {
		case of.need.share > tightShare:
			l.find("tight-limit", "", "%s: %s needs %s of %s on test %s: on another machine it may not be enough", of.name,
				judge.Visible(of.need.submission), of.text(of.need.used), of.text(of.need.allowed), of.need.test)
		case of.need.share > 0 && of.need.share < looseShare && of.need.allowed > of.smallest:
			l.find("loose-limit", "", "%s: no good submission needs more than %s of %s: the limit could be lower", of.name,
				of.text(of.need.used), of.text(of.need.allowed))
		}
	}
}
