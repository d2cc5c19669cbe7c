package selftest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"judge/fixtures/hostile"
	"judge/judge"
)

// Result is what became of one hostile program.
type Result struct {
	Program hostile.Program
	Needs   string        // why it was not run; empty: it was
	Verdict judge.Verdict // of the first run that is not as it should be, else of the last one
	Reason  string
	Broken  []string // what did not hold, a sentence each
	Took    time.Duration
}

// Held says whether the program was run, and everything withstood it.
func (r Result) Held() bool { return r.Needs == "" && len(r.Broken) == 0 }

// apart is what did not hold if the two runs of a pair did not meet.
const apart = "the runs were not at the same time: nothing is known"

// evidence is what is known after a program was run.
type evidence struct {
	records  []timed // of the program, in their order
	control  []timed // of the harmless program
	grace    time.Duration
	host     []string // what is different on the host
	contacts []string // canaries that were touched
}

// timed is a record and how long after the one before, or after the start, it came.
type timed struct {
	*judge.Record
	after time.Duration
}

// conclude says what the evidence means.
func conclude(p hostile.Program, e evidence) Result {
	r := Result{Program: p}
	r.Verdict, r.Reason = judge.Skipped, judge.ReasonCancelled
	for _, record := range e.records {
		if record.Kind != judge.KindRun && record.Kind != judge.KindCompile {
			continue // a conclusion from the others
		}
		if record.Kind == judge.KindRun || record.Verdict != judge.Accepted {
			if len(r.Broken) == 0 {
				r.Verdict, r.Reason = record.Verdict, record.Reason
			}
			r.Broken = append(r.Broken, wrongVerdict(p, record.Record)...)
		}
		r.Broken = append(r.Broken, late(record, e.grace)...)
		r.Broken = append(r.Broken, proofs(p, record.Record)...)
	}
	if p.Stage == hostile.StagePair && len(r.Broken) == 0 && !overlap(e.records) {
		r.Broken = append(r.Broken, apart)
	}
	if r.Verdict == judge.Skipped && len(r.Broken) == 0 {
		r.Broken = append(r.Broken, "it has no verdict")
	}
	for _, record := range e.control {
		if record.Kind == judge.KindSubmission && record.Verdict != judge.Accepted {
			r.Broken = append(r.Broken, fmt.Sprintf("the next program: %s: %s", record.Verdict, record.Message))
		}
	}
	if len(e.control) == 0 {
		r.Broken = append(r.Broken, "the next program was not judged")
	}
	for _, change := range e.host {
		r.Broken = append(r.Broken, "host: "+change)
	}
	for _, contact := range e.contacts {
		r.Broken = append(r.Broken, "canary: "+contact)
	}
	return r
}

// overlap says whether there was a time at which all runs went on, long enough for a message.
func overlap(records []timed) bool {
	const enough = 300 * time.Millisecond
	var last, first time.Time
	for _, r := range records {
		if r.Kind != judge.KindRun || r.StartedAt == nil {
			continue
		}
		if r.StartedAt.After(last) {
			last = *r.StartedAt
		}
		if end := r.StartedAt.Add(time.Duration(r.Wall)); first.IsZero() || end.Before(first) {
			first = end
		}
	}
	return first.Sub(last) >= enough
}

func wrongVerdict(p hostile.Program, r *judge.Record) []string {
	if slices.Contains(p.Expect, string(r.Verdict)) && r.Verdict != judge.JudgeError {
		return nil
	}
	which := ""
	if len(p.Stdin)*p.Runs > 1 && r.Test != "" {
		which = " of test " + r.Test
	}
	message := fmt.Sprintf("verdict%s %s, want %s", which, r.Verdict, strings.Join(p.Expect, " or "))
	if r.Message != "" {
		message += " (" + r.Message + ")"
	}
	return []string{message}
}

// allowance is how much later than its wall limit a verdict may come.
const allowance = time.Second

// late compares when the record came, not what it says of the time.
func late(r timed, grace time.Duration) []string {
	if r.Limits == nil || r.Limits.Wall == 0 {
		return nil
	}
	if limit := time.Duration(r.Limits.Wall); r.after > limit+allowance+grace {
		return []string{fmt.Sprintf("the verdict came after %s, the wall limit is %s", r.after.Round(10*time.Millisecond), limit)}
	}
	return nil
}

// marks stand in the output of a program that got somewhere, or that holds what a canary does.
var marks = []string{"ESCAPED", "LEAK", canaryMark}

// proofs looks for marks where the program would leave them: in its output and, if it attacks the
// compiler, in the messages. Other messages may quote the program's source, marks included.
func proofs(p hostile.Program, r *judge.Record) []string {
	var found []string
	look := func(c *judge.Capture, marks ...string) {
		if c == nil {
			return
		}
		for line := range strings.Lines(c.Text) {
			if slices.ContainsFunc(marks, func(m string) bool { return strings.Contains(line, m) }) {
				found = append(found, "it printed: "+judge.Visible(strings.TrimSpace(line)))
				return
			}
		}
	}
	switch {
	case r.Kind == judge.KindRun:
		look(r.Stdout, marks...)
		look(r.Stderr, canaryMark)
	case p.Stage == hostile.StageCompile:
		look(r.Stderr, canaryMark, "root:x:0:0:root:/root")
	}
	return found
}
