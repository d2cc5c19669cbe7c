package judge

import (
	"fmt"
	"strings"
	"syscall"

	"judge/limits"
)

func (f Facts) memoryMessage() string {
	switch {
	case f.Exec == syscall.ENOMEM:
		return fmt.Sprintf("start %s: its static data do not fit in %s", Visible(f.Path), limits.FormatSize(f.Limits.Memory))
	case f.OOM:
		return fmt.Sprintf("memory over %s", limits.FormatSize(f.Limits.Memory))
	case f.Memory > f.Limits.Memory:
		return fmt.Sprintf("memory %s of %s", limits.FormatSize(f.Memory), limits.FormatSize(f.Limits.Memory))
	case f.OutOfMemory != "":
		return fmt.Sprintf("memory %s of %s, then %s", limits.FormatSize(f.Memory), limits.FormatSize(f.Limits.Memory), Visible(f.OutOfMemory))
	}
	return fmt.Sprintf("memory %s of %s, then %s", limits.FormatSize(f.Memory), limits.FormatSize(f.Limits.Memory), f.ending())
}

// timeReason prefers cpu: whoever exceeds it is slow, whatever else it waited for.
func (f Facts) timeReason() string {
	switch {
	case f.overCPU():
		return ReasonCPU
	case f.Stop == StopDeadlock:
		return ReasonDeadlock
	case f.Stop != StopBusy && f.late().idle():
		return ReasonIdle
	}
	return ReasonWall
}

// late is what was used where the wall clock ran out: by this execution, unless only another was over its limit.
func (f Facts) late() Used {
	if f.Stop == "" && f.Wall <= f.Limits.Wall {
		return f.used()
	}
	return Used{CPU: f.CPU, Wall: f.Wall}
}

func (u Used) idle() bool { return float64(u.CPU) < idleShare*float64(u.Wall) }

func (f Facts) timeMessage() string {
	switch f.timeReason() {
	case ReasonCPU:
		return fmt.Sprintf("cpu %s of %s", limits.FormatDuration(f.used().CPU), limits.FormatDuration(f.Limits.CPU))
	case ReasonDeadlock:
		return f.Interaction.Deadlock
	}
	late := f.late()
	what := fmt.Sprintf("wall %s of %s, with cpu %s", limits.FormatDuration(late.Wall), limits.FormatDuration(f.Limits.Wall), limits.FormatDuration(late.CPU))
	switch {
	case !late.idle():
		return what
	case f.Stop == StopBusy:
		return what + ": it computed as far as the machine let it"
	case f.ForkRefused:
		return fmt.Sprintf("%s: it waited, with more than %d processes and threads refused", what, f.Limits.Processes)
	}
	return what + ": it waited"
}

func (f Facts) outputReason() string {
	switch {
	case f.overStdout():
		return ReasonStdout
	case f.overStderr():
		return ReasonStderr
	}
	return ReasonDiskLimit
}

func (f Facts) outputMessage() string {
	switch f.outputReason() {
	case ReasonStdout:
		return "standard output over " + limits.FormatSize(f.Limits.Output)
	case ReasonStderr:
		return "standard error over " + limits.FormatSize(f.Limits.Output)
	}
	return "a file at its largest size"
}

// failureReason names a refused process or a full disk only here: a program that copes with them is
// not blamed.
func (f Facts) failureReason() string {
	switch {
	case f.Exec != 0:
		return ReasonExec
	case f.Signal == "SIGSYS":
		return ReasonForbiddenSyscall
	case f.ForkRefused:
		return ReasonProcessLimit
	case f.DiskFull:
		return ReasonDiskLimit
	case f.Signal != "":
		return ReasonSignal
	}
	return ReasonExitCode
}

func (f Facts) failureMessage() string {
	switch f.failureReason() {
	case ReasonExec:
		return f.execMessage()
	case ReasonProcessLimit:
		return fmt.Sprintf("more than %d processes and threads refused, then %s", f.Limits.Processes, f.ending())
	case ReasonDiskLimit:
		return fmt.Sprintf("disk of %s and %d files full, then %s", limits.FormatSize(f.Limits.Disk), f.Limits.Inodes, f.ending())
	}
	return f.ending()
}

// execMessage explains ENOENT, which the kernel also gives when the interpreter is what is missing.
func (f Facts) execMessage() string {
	if f.Exec == syscall.ENOENT && f.Interpreter != "" {
		return fmt.Sprintf("start %s: its interpreter %s is missing", Visible(f.Path), Visible(f.Interpreter))
	}
	return fmt.Sprintf("start %s: %v", Visible(f.Path), f.Exec)
}

func (f Facts) ending() string {
	if f.Signal != "" {
		return "ended by " + f.Signal
	}
	return fmt.Sprintf("exit code %d", f.ExitCode)
}

// firstError returns the line of a compiler's messages that says most: the first that mentions an
// error, else the first that is not blank.
func firstError(messages string) string {
	first := ""
	for line := range strings.Lines(messages) {
		line = strings.TrimSpace(line)
		if strings.Contains(strings.ToLower(line), "error") {
			return visibleLine(line)
		}
		if first == "" {
			first = line
		}
	}
	return visibleLine(first)
}

// messageLimit bounds a line of somebody else's text in a message, in bytes.
const messageLimit = 400

func visibleLine(line string) string {
	cut := CutText([]byte(line), messageLimit)
	if len(cut) < len(line) {
		cut += "…"
	}
	return Visible(cut)
}
