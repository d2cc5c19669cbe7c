package main

import (
	"math"

	"golang.org/x/sys/unix"
)

// hostMemory is the memory of this machine in bytes, the largest number where it is not known.
func hostMemory() int64 {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return math.MaxInt64
	}
	return int64(uint64(info.Totalram) * uint64(info.Unit))
}
