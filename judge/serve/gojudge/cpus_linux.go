package gojudge

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// checkCPUs says whether programs may be bound to CPUs here; nil is always possible.
func checkCPUs(cpus []int) error {
	var ours unix.CPUSet
	if err := unix.SchedGetaffinity(0, &ours); err != nil {
		return fmt.Errorf("CPUs of this worker: %w", err)
	}
	for _, cpu := range cpus {
		if !ours.IsSet(cpu) {
			return fmt.Errorf("cpuSetLimit: CPU %d is not among the %d of this worker", cpu, ours.Count())
		}
	}
	return nil
}
