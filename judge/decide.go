package judge

import (
	"fmt"
	"slices"
	"syscall"
	"time"

	"judge/limits"
)

// Facts is everything that is known about one execution, of a program or of a compiler, when its
// verdict is decided. The zero value is a program that ended with exit code 0 and was not checked.
type Facts struct {
	Err    error         // what our own machinery did wrong; nil: nothing
	Limits limits.Limits // what was allowed; zero fields: no limit
	Stop   Stop          // why the judge ended the run; empty: it ended by itself

	Exec        syscall.Errno // why the program was never started; zero: it was started
	Path        string        // with Exec: what was to be started
	Interpreter string        // with Exec: what the script or executable names as its interpreter; empty: unknown

	ExitCode int    // with Signal empty
	Signal   string // "SIGSEGV"; empty: ended by exit

	CPU, Wall      time.Duration // used
	Waits          int64         // how often a process gave up its CPU by itself, to wait for something
	Memory         int64         // bytes, the largest at one time
	Processes      int           // and threads, the largest number at one time; zero: not known
	OOM            bool          // the kernel killed for memory, the first process or any other
	Stdout, Stderr int64         // bytes written, or more than the limit if the run was ended for it
	ForkRefused    bool          // the process limit refused a process or thread
	ForkFlood      bool          // it refused so many that what is left of them may have filled the memory
	Refused        []string      // system calls that the filter forbade
	DiskFull       bool          // no byte or no inode was left on the run's disk

	Others Used // by earlier passes, or other processes of an interaction

	Interaction *Interaction // with an interactor; nil: there was none

	OutOfMemory string // the words by which its runtime gave up for want of memory; empty: it said nothing of that

	Outcome  *Outcome // of the checker; nil if the run failed before it had its say, and for a compiler
	Messages string   // of the compiler
	Artifact string   // a file that the compiler should have written and did not; empty: it is there
}

// Used is the most that one of several executions used.
type Used struct {
	CPU, Wall time.Duration
	Memory    int64 // bytes
	Processes int
}

// Interaction is what is known of the interactor when its run is decided.
type Interaction struct {
	First    bool   // it ended without having been shown the end of the submission's output
	Deadlock string // with StopDeadlock: who should have written
}

// refused tells whether the interactor did not accept whatever became of the submission after that.
func (i *Interaction) refused(word *Outcome) bool {
	return i != nil && i.First && word != nil && !word.Correct
}

// Stop says for what the judge ended a run. The signal that then ended the program was ours.
type Stop string

const (
	StopCPU       Stop = "cpu"
	StopWall      Stop = "wall"
	StopBusy      Stop = "busy" // the wall clock ran out while a thread of it ran, or waited for a CPU
	StopStdout    Stop = "stdout"
	StopStderr    Stop = "stderr"
	StopDisk      Stop = "disk"
	StopChecker   Stop = "checker"   // a wrong answer was certain
	StopPeer      Stop = "peer"      // another process of the interaction has decided it
	StopDeadlock  Stop = "deadlock"  // all processes of the interaction wait for each other
	StopCancelled Stop = "cancelled" // the judge itself was asked to end
)

// Decision is what we conclude from Facts.
type Decision struct {
	Verdict Verdict
	Reason  string
	Flags   []string // the Reasons of everything exceeded, in the order of the constants
	Message string   // one printable line; empty when there is nothing to add
}

// idleShare of the wall time is the CPU time below which a run that ran out of wall time was idle:
// with default limits a program that computes reaches a third of it, and then its CPU limit.
const idleShare = 0.25

// memoryBatch is how far below the limit the kernel may refuse memory: it charges 64 pages at once.
const memoryBatch = 64 * 4096

// Decide concludes from the facts of a run, in the order of Verdicts.
func Decide(f Facts) Decision {
	d := Decision{Flags: f.exceeded()}
	switch {
	case f.internal(&d):
	case f.Stop == StopCancelled:
		d.set(Skipped, ReasonCancelled, "the judge was ended during this run")
	case f.Interaction.refused(f.Outcome): // what it broke after that is a matter of chance
		d.Flags = nil
		f.Outcome.decide(&d, "")
	case f.overMemory():
		d.set(MemoryLimit, ReasonOOM, f.memoryMessage())
	case f.overTime():
		d.set(TimeLimit, f.timeReason(), f.timeMessage())
	case f.overOutput():
		d.set(OutputLimit, f.outputReason(), f.outputMessage())
	case f.failed():
		d.set(RuntimeError, f.failureReason(), f.failureMessage())
	case f.Outcome == nil:
		d.set(JudgeError, ReasonInternal, "bug: the program ended well and nothing checked its output")
	default:
		f.Outcome.decide(&d, f.Stop)
	}
	return d
}

// decide concludes from a checker's word, when nothing else has decided.
func (o *Outcome) decide(d *Decision, stop Stop) {
	switch {
	case o.Failure != "":
		d.set(JudgeError, ReasonChecker, o.Failure)
	case !o.Correct && stop == StopChecker:
		d.set(WrongAnswer, ReasonChecker, o.Message+"; the run was ended there")
	case !o.Correct:
		d.set(WrongAnswer, ReasonChecker, o.Message)
	default:
		d.set(Accepted, "", o.Message)
	}
}

// DecideCompile concludes from the facts of a compilation: accepted, compile-error, skipped or judge-error.
func DecideCompile(f Facts) Decision {
	d := Decision{Flags: f.exceeded()}
	switch {
	case f.internal(&d):
	case f.Stop == StopCancelled:
		d.set(Skipped, ReasonCancelled, "the judge was ended during the compilation")
	case f.overMemory():
		d.set(CompileError, ReasonCompileMemory, f.memoryMessage())
	case f.overTime():
		d.set(CompileError, ReasonCompileTime, f.timeMessage())
	case f.overOutput():
		d.set(CompileError, ReasonCompileOutput, f.outputMessage())
	case f.failed():
		d.set(CompileError, f.failureReason(), f.failureMessage())
		if line := firstError(f.Messages); line != "" {
			d.Message = line
		}
	case f.Artifact != "":
		d.set(CompileError, ReasonNoArtifact, "the compiler did not write "+Visible(f.Artifact))
	default:
		d.set(Accepted, "", "")
	}
	return d
}

func (d *Decision) set(v Verdict, reason, message string) {
	d.Verdict, d.Reason, d.Message = v, reason, message
}

// exceeded returns a flag for each limit that was reached, whether it decided the verdict or not.
func (f Facts) exceeded() []string {
	var flags []string
	for _, c := range []struct {
		reached bool
		flag    string
	}{
		{f.overMemory(), ReasonOOM},
		{f.overCPU(), ReasonCPU},
		{f.overWall(), ReasonWall},
		{f.overStdout(), ReasonStdout},
		{f.overStderr(), ReasonStderr},
		{f.ForkRefused, ReasonProcessLimit},
		{f.DiskFull || f.overFileSize(), ReasonDiskLimit},
	} {
		if c.reached {
			flags = append(flags, c.flag)
		}
	}
	return flags
}

// internal decides judge-error, for what went wrong on our side of the sandbox.
func (f Facts) internal(d *Decision) bool {
	switch {
	case f.Err != nil:
		d.set(JudgeError, ReasonInternal, Visible(f.Err.Error()))
	case slices.Contains(hostErrnos, f.Exec) && f.Exec != 0:
		d.set(JudgeError, ReasonInternal, fmt.Sprintf("start %s: %v", Visible(f.Path), f.Exec))
	default:
		return false
	}
	return true
}

// hostErrnos are the reasons for which exec fails although the program may be fine.
var hostErrnos = []syscall.Errno{syscall.EAGAIN, syscall.EIO, syscall.EMFILE, syscall.ENFILE, syscall.ETXTBSY}

// overMemory includes a program that fails after memory was refused: the kernel does not kill for
// a refused mmap or fork, but the peak then stands at the limit. A runtime that has a heap of the size
// that the limit leaves ends with words of its own. It does not include one that forks on and on although it is refused:
// when the kernel frees what that leaves, and whether memory runs out before the time, is a matter of chance.
func (f Facts) overMemory() bool {
	limit := f.Limits.Memory
	switch {
	case f.ForkFlood:
		return false
	case f.OOM || f.Exec == syscall.ENOMEM:
		return true
	case limit == 0:
		return false
	case f.Memory > limit:
		return true
	}
	return f.failed() && (f.Memory >= max(limit-memoryBatch, limit/2) || f.OutOfMemory != "")
}

func (f Facts) overTime() bool {
	return f.overCPU() || f.overWall() || f.Stop == StopDeadlock
}

// overCPU includes the signal by which the kernel ends a program where no control group counts: its own
// count is coarser than ours.
func (f Facts) overCPU() bool {
	limit := f.Limits.CPU
	if limit == 0 {
		return f.Stop == StopCPU
	}
	return f.Stop == StopCPU || f.used().CPU > limit || f.Stop == "" && f.Signal == "SIGXCPU" && f.CPU > limit*3/4
}

func (f Facts) overWall() bool {
	return f.Stop == StopWall || f.Stop == StopBusy || f.Limits.Wall > 0 && f.used().Wall > f.Limits.Wall
}

func (f Facts) overOutput() bool {
	return f.overStdout() || f.overStderr() || f.overFileSize()
}

func (f Facts) overStdout() bool {
	return f.Stop == StopStdout || f.Limits.Output > 0 && f.Stdout > f.Limits.Output
}

func (f Facts) overStderr() bool {
	return f.Stop == StopStderr || f.Limits.Output > 0 && f.Stderr > f.Limits.Output
}

// overFileSize: a file at its size limit gives SIGXFSZ, unless the program ignores it.
func (f Facts) overFileSize() bool {
	return f.Stop == StopDisk || f.Stop == "" && f.Signal == "SIGXFSZ"
}

// bad tells whether the program broke a limit or came to a bad end of its own.
func (f Facts) bad() bool { return f.overMemory() || f.overTime() || f.overOutput() || f.failed() }

// used is the most that was used, by this execution or others.
func (f Facts) used() Used {
	return f.Others.most(Used{CPU: f.CPU, Wall: f.Wall, Memory: f.Memory, Processes: f.Processes})
}

func (u Used) most(v Used) Used {
	return Used{
		CPU: max(u.CPU, v.CPU), Wall: max(u.Wall, v.Wall),
		Memory: max(u.Memory, v.Memory), Processes: max(u.Processes, v.Processes),
	}
}

// with adds another run, that of an earlier pass: the facts are then those of this one. How it ended is not a
// matter of what the other used.
func (f Facts) with(other Facts) Facts {
	f.Others = f.Others.most(other.used())
	for _, call := range other.Refused {
		if !slices.Contains(f.Refused, call) {
			f.Refused = append(f.Refused, call)
		}
	}
	return f
}

// failed tells whether the program came to a bad end of its own, or one of its processes did for its refused forks.
func (f Facts) failed() bool {
	return f.Exec != 0 || f.Stop == "" && (f.Signal != "" || f.ExitCode != 0 || f.OOM && f.ForkFlood)
}
