package judge

import (
	"slices"
	"strconv"
	"strings"
)

// waitState says what a thread waits for, as far as /proc/PID/task/TID/syscall (proc(5)) tells.
type waitState int

const (
	running   waitState = iota // or it cannot be looked at
	waitSoon                   // for something that will come: a timer, a disk
	waitInput                  // in a read of one of the descriptors that were asked for
	waitEvent                  // in poll, select or epoll, which may be for input, without a timeout
	waitTimed                  // in poll, select or epoll with a timeout
	waitOther                  // for another thread or process, or a signal, without a timeout
)

// callKind says how a system call waits, and which argument tells for how long.
type callKind struct {
	waits   waitState
	timeout int // index of the argument that is negative or, as a pointer, zero when it waits forever; -1: it always does
	pointer bool
}

// parseSyscall reads the line of a thread: the number of the call that it waits in and its arguments.
// inputs are the descriptors that the thread's process gets input from.
func parseSyscall(line string, calls []map[int]callKind, inputs []int) waitState {
	fields := strings.Fields(line)
	if len(fields) < 7 { // "running", or "-1 SP PC": not in a system call
		return running
	}
	number, err := strconv.Atoi(fields[0])
	if err != nil {
		return running
	}
	call, ok := find(calls, number)
	if !ok {
		return waitSoon
	}
	if call.waits == waitInput {
		if slices.Contains(inputs, int(argument(fields, 0))) {
			return waitInput
		}
		return waitOther // of a pipe between its own processes, if it is one
	}
	if call.timeout < 0 {
		return call.waits
	}
	value := argument(fields, call.timeout)
	if forever := call.pointer && value == 0 || !call.pointer && int32(value) < 0; forever {
		return call.waits
	}
	if call.waits == waitEvent {
		return waitTimed
	}
	return waitSoon
}

func find(calls []map[int]callKind, number int) (callKind, bool) {
	for _, table := range calls {
		if call, ok := table[number]; ok {
			return call, true
		}
	}
	return callKind{}, false
}

func argument(fields []string, i int) uint64 {
	n, err := strconv.ParseUint(strings.TrimPrefix(fields[1+i], "0x"), 16, 64)
	if err != nil {
		return 1 // never forever
	}
	return n
}

// threads is what the threads of a process, or of all processes of a run, wait for.
type threads struct {
	forever bool // all of them, as far as the kernel tells, and nothing but input can wake them
	input   bool // at least one of them waits for input
	asleep  bool // none of them runs or could
	awake   bool // at least one of them does
	unknown bool // the kernel does not tell: nothing else is said here
}

// gather joins what single threads wait for.
func gather(states []waitState) threads {
	t := threads{forever: len(states) > 0, asleep: len(states) > 0}
	for _, s := range states {
		switch s {
		case waitInput, waitEvent:
			t.input = true
		case waitTimed:
			t.input, t.forever = true, false
		case waitSoon:
			t.forever = false
		case running:
			t.forever, t.asleep, t.awake = false, false, true
		}
	}
	t.forever = t.forever && t.input
	return t
}
