package main

import (
	"fmt"
	"strings"

	"judge/judge"
	"judge/limits"
)

// becauseOf says in a paragraph why a run has its verdict.
func becauseOf(r *judge.Record) string {
	message := judge.Visible(r.Message)
	switch r.Verdict {
	case judge.Accepted:
		return "The program ended by itself with exit code 0, within all limits, and " + checkerText(r) + " accepted what it did."
	case judge.WrongAnswer:
		return "The program broke no limit before " + checkerText(r) + " refused what it did: " + message + "."
	case judge.TimeLimit:
		return timeBecause(r, message)
	case judge.MemoryLimit:
		return fmt.Sprintf("Memory of %s was used up: %s. That decides however it shows: by the kernel's kill, "+
			"by memory that is refused, or by a program that does not fit.", sizeOrNone(r.Limits.Memory), message)
	case judge.OutputLimit:
		return outputBecause(r, message)
	case judge.RuntimeError:
		return runtimeBecause(r, message)
	case judge.Skipped:
		return "It has no result, " + skippedBecause(r, message)
	case judge.JudgeError:
		return "Judge, its host or a program of the task's setter failed, which is no fault of the submission: " + message
	}
	return message
}

func checkerText(r *judge.Record) string {
	switch kind, _, _ := strings.Cut(r.Checker, " "); kind {
	case "interactor":
		return r.Checker
	case "none":
		return "the checker none, which accepts everything,"
	}
	return "the checker " + judge.Visible(r.Checker)
}

func timeBecause(r *judge.Record, message string) string {
	switch r.Reason {
	case judge.ReasonCPU:
		return fmt.Sprintf("The program and all that it started used %s of CPU time, and were allowed %s.", milliseconds(r.CPU), milliseconds(r.Limits.CPU))
	case judge.ReasonWall:
		return fmt.Sprintf("The program was there for %s of %s, and computed for %s of it: it did not end in time, though not "+
			"for want of its own CPU time alone.", milliseconds(r.Wall), milliseconds(r.Limits.Wall), milliseconds(r.CPU))
	case judge.ReasonIdle:
		return fmt.Sprintf("The program was there for %s of %s, but computed for %s only: it slept, or waited for input that "+
			"does not come or for another process.", milliseconds(r.Wall), milliseconds(r.Limits.Wall), milliseconds(r.CPU))
	case judge.ReasonDeadlock:
		return "Nobody could go on any more: " + message + "."
	}
	return message
}

func outputBecause(r *judge.Record, message string) string {
	if r.Reason == judge.ReasonDiskLimit {
		return "A file was as large as a file may be: " + message + "."
	}
	return fmt.Sprintf("The program wrote more than %s: %s. It was ended there.", sizeOrNone(r.Limits.Output), message)
}

func runtimeBecause(r *judge.Record, message string) string {
	broken := "The program broke no limit on time, memory or output. "
	switch r.Reason {
	case judge.ReasonExitCode:
		return broken + "It ended by itself with an exit code other than 0, by which it says that it failed: " + message + "."
	case judge.ReasonSignal:
		return broken + "A signal ended it: " + r.Signal + signalMeaning[r.Signal] + "."
	case judge.ReasonForbiddenSyscall:
		return broken + "The filter of system calls ended it: " + message + "."
	case judge.ReasonProcessLimit:
		return "A process or thread more than the limit was refused, and then the program failed: " + message + "."
	case judge.ReasonDiskLimit:
		return "There was no room any more in what it may write to, and then the program failed: " + message + "."
	case judge.ReasonExec:
		return "The program could not be started: " + message + "."
	}
	return broken + message
}

var signalMeaning = map[string]string{
	"SIGSEGV": ", for an access to memory that is not its own, such as beyond an array or through a null pointer, or a stack overflow",
	"SIGABRT": ", which it sent to itself: abort, a failed assertion, or an exception that nobody caught",
	"SIGFPE":  ", for an arithmetic error such as a division by zero",
	"SIGILL":  ", for an instruction that the processor does not have",
	"SIGBUS":  ", for an access to memory that is not there",
	"SIGPIPE": ", for writing to a pipe that nobody reads",
	"SIGKILL": ", sent by one of its own processes: judge did not end it",
	"SIGXCPU": ", for CPU time",
}

// skippedBecause says, as the end of a sentence, why a test was not run.
func skippedBecause(r *judge.Record, message string) string {
	switch r.Reason {
	case judge.ReasonDecided:
		return "because the submission's outcome could not change any more: " + message + ". With --all-tests nothing is left out."
	case judge.ReasonGroup:
		return "because the score of its group could not change any more: " + message + ". With --all-tests nothing is left out."
	case judge.ReasonDepends:
		return "because its group depends on another: " + message + "."
	case judge.ReasonCancelled:
		return "because judge was ended: " + message + ". judge run --resume goes on there."
	}
	return message
}

// circumstances are the sentences beside the verdict.
func circumstances(r *judge.Record) []string {
	var list []string
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	var others []string
	for _, f := range r.Flags {
		if f != r.Reason && !(f == judge.ReasonWall && r.Reason == judge.ReasonIdle) {
			others = append(others, f)
		}
	}
	if len(others) > 0 {
		add("It also exceeded: %s. Of several, memory decides before time, time before output, and output before how it ended.", strings.Join(others, ", "))
	}
	if len(r.Refused) > 0 {
		add("It tried system calls that are refused here: %s.", strings.Join(r.Refused, ", "))
	}
	if len(r.Samples) > 1 {
		add("%s", samplesText(r.Samples))
	}
	if r.Passes > 1 {
		add("It was run in %d passes; the figures are the largest of them.", r.Passes)
	}
	if r.Score != nil {
		add("What it is worth in its group, or its points: %v.", *r.Score)
	}
	if m := r.JudgeMessage; m != nil && strings.TrimSpace(m.Text) != "" {
		add("The checker's message to the setter:\n%s", indented(firstLines(m.Text, 10)))
	}
	if e := r.Stderr; e != nil && strings.TrimSpace(e.Text) != "" && r.Verdict != judge.Accepted {
		add("Its standard error begins:\n%s", indented(firstLines(e.Text, 5)))
	}
	return list
}

// samplesText says which of several runs counts.
func samplesText(samples []judge.Sample) string {
	var b strings.Builder
	fmt.Fprintf(&b, "It was run %d times:", len(samples))
	for _, s := range samples {
		fmt.Fprintf(&b, "\n  cpu %s, wall %s, memory %s: %s", milliseconds(s.CPU), milliseconds(s.Wall), limits.FormatSize(s.Memory), s.Verdict)
		if len(s.Disturbed) > 0 {
			fmt.Fprintf(&b, ", disturbed by %s", strings.Join(s.Disturbed, ", "))
		}
	}
	b.WriteString("\nA run that is not accepted counts before others; of those made again because of doubt, the one with the least CPU time.")
	return b.String()
}
