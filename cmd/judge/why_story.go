package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"judge/judge"
	"judge/limits"
)

// story is what is told about a record, in paragraphs.
type story struct{ strings.Builder }

func (s *story) line(format string, args ...any) { fmt.Fprintf(s, format+"\n", args...) }

// tell says how the verdict of a record came about; of a submission, with what is related to it.
func tell(r *judge.Record, related *relatedRecords) string {
	var s story
	switch r.Kind {
	case judge.KindRun:
		s.line("%s on test %s: %s", recordTitle(r), r.Test, verdictText(r.Verdict, r.Reason))
		s.run(r)
	case judge.KindCompile:
		s.line("%s, compiling: %s", recordTitle(r), verdictText(r.Verdict, r.Reason))
		s.compile(r)
	case judge.KindSubmission:
		s.line("%s: %s", recordTitle(r), verdictText(r.Verdict, r.Reason))
		s.submission(r, related)
	default:
		s.line("This is the summary of all: it has no verdict.")
	}
	return s.String()
}

func recordTitle(r *judge.Record) string {
	return judge.Visible(r.Task) + "/" + judge.Visible(r.Submission)
}

func verdictText(v judge.Verdict, reason string) string {
	if reason == "" {
		return string(v)
	}
	return fmt.Sprintf("%s (%s)", v, reason)
}

// submission tells what decided, and then about that.
func (s *story) submission(r *judge.Record, related *relatedRecords) {
	if r.SameAs != "" {
		s.line("\nIt is identical to %s, which was judged in its place.", judge.Visible(r.SameAs))
		return
	}
	compiled, run := related.compiled, related.deciding
	s.line("")
	switch {
	case r.Verdict == judge.Accepted:
		s.line("It was accepted on each test that was run.")
	case r.Verdict == judge.Skipped:
		s.line("Judge was ended before the submission was decided.")
	case r.Test != "":
		s.line("Test %s decided: it is the first in the order of the plan that was not accepted.", r.Test)
	case compiled != nil && compiled.Verdict != judge.Accepted:
		s.line("It was not run on any test, because it could not be compiled.")
	}
	s.scores(r)
	s.skips(related.skipped)
	s.expectation(r)
	switch {
	case r.Test != "" && run != nil:
		s.line("\nOn test %s: %s", r.Test, verdictText(run.Verdict, run.Reason))
		s.run(run)
	case r.Test == "" && compiled != nil && compiled.Verdict != judge.Accepted:
		s.compile(compiled)
	case r.Verdict != judge.Accepted && r.Message != "":
		s.line("\n%s", judge.Visible(r.Message))
	}
}

// scores tells what each group gave.
func (s *story) scores(r *judge.Record) {
	if r.Score == nil {
		return
	}
	s.line("It has %v%s.", *r.Score, outOf(r.MaxScore))
	for _, g := range r.Groups {
		why := ""
		switch {
		case g.Verdict == judge.Skipped:
			why = ": skipped"
		case g.Test != "":
			why = fmt.Sprintf(": %s on test %s", g.Verdict, g.Test)
		}
		s.line("  group %s: %v%s%s", g.Name, g.Score, outOf(g.MaxScore), why)
	}
}

// skips tells which tests were not run, and why.
func (s *story) skips(skipped []*judge.Record) {
	var reasons []string
	tests := map[string][]string{}
	for _, r := range skipped {
		reason := skippedBecause(r, judge.Visible(r.Message))
		if tests[reason] == nil {
			reasons = append(reasons, reason)
		}
		tests[reason] = append(tests[reason], r.Test)
	}
	const shown = 5
	for _, reason := range reasons {
		names := tests[reason]
		more := ""
		if len(names) > shown {
			more = fmt.Sprintf(" and %d more", len(names)-shown)
		}
		s.line("Not run: %s%s, %s", strings.Join(names[:min(len(names), shown)], ", "), more, reason)
	}
}

func outOf(most *float64) string {
	if most == nil {
		return " points"
	}
	return fmt.Sprintf(" of %v points", *most)
}

func (s *story) expectation(r *judge.Record) {
	if r.AsExpected == nil {
		return
	}
	expected := joined(r.Expected, " or ")
	if r.ExpectedScore != nil {
		expected = strings.TrimPrefix(fmt.Sprintf("%s, a score from %v to %v", expected, r.ExpectedScore[0], r.ExpectedScore[1]), ", ")
	}
	if *r.AsExpected {
		s.line("The task file expects that: %s.", expected)
		return
	}
	s.line("The task file expects something else: %s.", cmp.Or(expected, "nothing"))
}

// run tells how a run's verdict came about.
func (s *story) run(r *judge.Record) {
	s.line("\n%s", becauseOf(r))
	for _, sentence := range circumstances(r) {
		s.line("%s", sentence)
	}
	if r.Made() {
		s.usage(r)
		s.events(r)
	}
}

func (s *story) compile(r *judge.Record) {
	switch {
	case r.Verdict == judge.Accepted && r.Cached:
		s.line("\nIt was compiled earlier, and the result kept.")
	case r.Verdict == judge.Accepted:
		s.line("\nThe compiler ended well%s.", inCompilerTime(r))
	case r.Verdict == judge.JudgeError:
		s.line("\nIt could not be tried, which is no fault of the submission: %s", judge.Visible(r.Message))
	default:
		s.line("\n%s", cmp.Or(compileReasons[r.Reason], "The compiler failed.")+detail(r))
	}
	if r.Compiler != "" {
		s.line("The compiler was %s.", judge.Visible(r.Compiler))
	}
	if r.Stderr != nil && r.Stderr.Text != "" && r.Verdict != judge.Accepted {
		s.line("\nIt said:\n%s", indented(firstLines(r.Stderr.Text, 10)))
	}
}

func inCompilerTime(r *judge.Record) string {
	return fmt.Sprintf(", in %s of CPU time", limits.FormatDuration(time.Duration(r.CPU)))
}

var compileReasons = map[string]string{
	judge.ReasonCompileTime:   "The compiler used up its time.",
	judge.ReasonCompileMemory: "The compiler used up its memory.",
	judge.ReasonCompileOutput: "The compiler wrote more than it may.",
	judge.ReasonNoArtifact:    "The compiler ended well, but what it should have written is not there.",
	judge.ReasonExitCode:      "The compiler said that it failed.",
	judge.ReasonSignal:        "The compiler was ended by a signal.",
}

func detail(r *judge.Record) string {
	if r.Message == "" {
		return ""
	}
	return " In short: " + judge.Visible(r.Message)
}

// firstLines is the beginning of a text, with what is left out said.
func firstLines(text string, n int) string {
	lines := strings.Split(strings.TrimRight(judge.VisibleLines(text), "\n"), "\n")
	if len(lines) > n {
		lines = append(lines[:n:n], fmt.Sprintf("… and %s", counted(len(lines)-n, "line")))
	}
	return strings.Join(lines, "\n")
}

func indented(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }

func endingText(code *int, signal string) string {
	switch {
	case signal != "":
		return "signal " + signal
	case code != nil:
		return fmt.Sprintf("exit code %d", *code)
	}
	return "it is not known how"
}

// stoppedFor says for what judge ended the program; empty: it ended by itself.
func stoppedFor(r *judge.Record) string {
	if r.Signal != "SIGKILL" {
		return ""
	}
	switch r.Verdict {
	case judge.TimeLimit, judge.OutputLimit:
		return "judge ended all its processes (SIGKILL), because of this limit"
	case judge.MemoryLimit:
		return "all its processes were ended (SIGKILL), because memory was used up"
	case judge.Skipped:
		return "judge ended all its processes (SIGKILL), because judge itself was ended"
	}
	return ""
}
