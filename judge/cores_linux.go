package judge

import (
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// usableCPUs are those that this process may run on (sched_getaffinity(2)), ascending.
func usableCPUs() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("CPUs that judge may use: %w", err)
	}
	var cpus []int
	for cpu := 0; len(cpus) < set.Count(); cpu++ {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// stayOn calls f on a thread that stays on one CPU, if it may run there: somebody may have taken the CPU from us since
// we began. It is no more than advice: what fails is left as it is. It is not the first thread of the process: where
// that may run, the whole process may, for isolate, and for people who look.
func stayOn(cpu int, f func()) {
	runtime.LockOSThread()
	if unix.Gettid() == unix.Getpid() {
		var other sync.WaitGroup
		other.Go(func() { stayOn(cpu, f) }) // on another thread, because this one is taken
		other.Wait()
		runtime.UnlockOSThread()
		return
	}
	var before, home unix.CPUSet
	home.Set(cpu)
	moved := unix.SchedGetaffinity(0, &before) == nil && before.IsSet(cpu) && unix.SchedSetaffinity(0, &home) == nil
	f()
	if !moved || unix.SchedSetaffinity(0, &before) == nil {
		runtime.UnlockOSThread() // else the thread ends with its goroutine
	}
}
