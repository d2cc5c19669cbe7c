//go:build linux

package isolate

import (
	"bytes"
	"unsafe"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/child"
)

// A busy kernel lets whom it wakes run where he ran last. For an intermediate that is often the CPU which the program
// has just got, and what was to be made ready beside that program would wait for its end. So the intermediate is woken
// on the CPU of the thread that asks it and then sleeps; or on any other, if that thread is about to wake a program,
// which then has its CPU. It, init and the program stay there until the program is made, and then may run anywhere again.

// place chooses where the intermediate, which sleeps, will wake up. It is no more than advice: what fails is left as it
// is.
func (s *Sandbox) place() {
	var cpu uint32
	if s.spec.CPUs == nil {
		return
	}
	if _, _, errno := unix.RawSyscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&cpu)), 0, 0); errno != 0 {
		return
	}
	var set unix.CPUSet
	if s.opening {
		copy(bytesOf(&set), s.spec.CPUs)
		set.Clear(int(cpu))
	}
	if set.Count() == 0 {
		set.Set(int(cpu))
	}
	unix.SchedSetaffinity(s.process.Pid, &set)
}

// goAnywhere ends for the intermediate what place began. Its only fault is that of a step of anywhere.
func goAnywhere(spec rootSpec) {
	if spec.CPUs != nil {
		unix.RawSyscall(unix.SYS_SCHED_SETAFFINITY, 0, uintptr(len(spec.CPUs)), uintptr(unsafe.Pointer(&spec.CPUs[0])))
	}
}

// anywhere is the step that ends it for init, and for the program.
func anywhere(spec rootSpec) []child.Step {
	if spec.CPUs == nil {
		return nil
	}
	step := call("run on any CPU", unix.SYS_SCHED_SETAFFINITY, 0, len(spec.CPUs), spec.CPUs)
	step.Want = child.MayBeInvalid // none of them is left to us: the kernel has chosen others
	return []child.Step{step}
}

// ownCPUs are those that this process, its first thread, may run on, as sched_setaffinity(2) wants them; nil if it may not choose among
// them, or if there are more than a CPUSet has.
func ownCPUs() []byte {
	var own unix.CPUSet
	if !mayChooseCPUs() || unix.SchedGetaffinity(unix.Getpid(), &own) != nil {
		return nil
	}
	return append([]byte(nil), bytesOf(&own)...)
}

// mayChooseCPUs tells whether a filter around us lets sched_setaffinity through: the kernel itself refuses an empty set
// with EINVAL.
func mayChooseCPUs() bool {
	_, _, errno := unix.RawSyscall(unix.SYS_SCHED_SETAFFINITY, 0, 0, 0)
	return errno == unix.EINVAL
}

// onOwnCPUs tells whether anywhere still leads to the CPUs that this process may run on: its cpuset may have changed.
func (spec *rootSpec) onOwnCPUs() bool {
	var own unix.CPUSet
	return spec.CPUs == nil || unix.SchedGetaffinity(unix.Getpid(), &own) == nil && bytes.Equal(bytesOf(&own), spec.CPUs)
}

func bytesOf(set *unix.CPUSet) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(set)), unsafe.Sizeof(*set))
}
