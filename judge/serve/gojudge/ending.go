package gojudge

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"judge/isolate"
	"judge/limits"
)

// Causes of which we end a program.
var (
	errOutput = errors.New("more output than a collector takes")
	errTime   = errors.New("time is up")
	errMemory = errors.New("out of memory")
)

func causeOf(a limits.Alarm) error {
	switch a {
	case limits.AlarmCPU:
		return errTime
	case limits.AlarmMemory:
		return errMemory
	}
	return fmt.Errorf("watch: %s", a)
}

// ending is how a program has ended.
type ending struct {
	exec      error // it could not be executed; nil: it was
	signal    syscall.Signal
	exitCode  int // when there is no signal
	cpu, wall time.Duration
	memory    int64
	processes int
	outOf     error    // errOutput, errTime, errMemory, or nil
	refused   []string // system calls
}

// newEnding puts together what is known of a run that is over. The error is one of our machinery, or the
// cause for which the context is over.
func newEnding(exit isolate.Exit, runErr error, usage limits.Usage, usageErr error) (ending, error) {
	e := ending{cpu: usage.CPU, wall: exit.Wall, memory: usage.Memory, processes: usage.Processes, refused: exit.Refused}
	var exec *isolate.ExecError
	switch {
	case errors.As(runErr, &exec):
		e.exec = exec
	case runErr != nil && usageErr == nil && usage.OOM: // memory ran out before it was executed
		e.signal, e.outOf = syscall.SIGKILL, errMemory
		return e, nil
	case runErr != nil:
		return e, runErr
	}
	if usageErr != nil {
		return e, usageErr
	}
	if !usage.HasCPU {
		e.cpu = time.Duration(exit.Rusage.Utime.Nano() + exit.Rusage.Stime.Nano())
	}
	if !usage.HasMemory {
		e.memory = exit.Rusage.Maxrss << 10
	}
	if exit.Status.Signaled() {
		e.signal = exit.Status.Signal()
	} else {
		e.exitCode = exit.Status.ExitStatus()
	}
	for _, known := range []error{errOutput, errTime, errMemory} {
		if errors.Is(exit.Cause, known) {
			e.outOf = known
		}
	}
	switch {
	case exit.Cause != nil && e.outOf == nil:
		return e, exit.Cause
	case usage.OOM:
		e.outOf = errMemory
	case usage.HostOOM:
		return e, errors.New("the host ran out of memory and killed a process of the run")
	}
	return e, nil
}

// status concludes how a command ended: limits first, memory before time, then the program's own end, and
// then what could not be copied out of it.
func (e ending) status(l limits.Limits, fileErrors []FileError) (status Status, exitStatus int, message string) {
	exitStatus = e.exitCode
	if e.signal != 0 {
		exitStatus = int(e.signal)
	}
	switch {
	case e.exec != nil && e.outOf == nil:
		return StatusInternalError, 0, e.exec.Error()
	case e.outOf == errMemory || e.memory > l.Memory:
		return StatusMemoryLimitExceeded, exitStatus, ""
	case e.outOf == errTime || e.cpu > l.CPU || e.wall > l.Wall || e.signal == syscall.SIGXCPU:
		return StatusTimeLimitExceeded, exitStatus, ""
	case e.outOf == errOutput || e.signal == syscall.SIGXFSZ:
		return StatusOutputLimitExceeded, exitStatus, ""
	case e.signal != 0:
		return StatusSignalled, exitStatus, e.forbidden()
	case e.exitCode != 0:
		return StatusNonzeroExitStatus, exitStatus, e.forbidden()
	}
	for _, f := range fileErrors {
		if f.Type == CollectSizeExceeded {
			return StatusOutputLimitExceeded, exitStatus, f.Message
		}
	}
	if len(fileErrors) > 0 {
		return StatusFileError, exitStatus, fileErrors[0].Message
	}
	return StatusAccepted, exitStatus, ""
}

// forbidden names the system calls that were refused, which may be why a program has failed.
func (e ending) forbidden() string {
	if len(e.refused) == 0 {
		return ""
	}
	return "refused system calls: " + strings.Join(e.refused, ", ")
}
