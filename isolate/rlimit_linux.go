package isolate

import (
	"sync"

	"golang.org/x/sys/unix"
)

// HardLimit returns this process's hard limit of a resource (getrlimit(2)), as it was when somebody first asked:
// above it no program can be given one without CAP_SYS_RESOURCE. A resource that the kernel does not know has
// none.
func HardLimit(resource int) uint64 {
	limits := hardLimits()
	if resource < 0 || resource >= len(limits) {
		return unix.RLIM_INFINITY
	}
	return limits[resource]
}

var hardLimits = sync.OnceValue(func() (limits []uint64) {
	for resource := 0; ; resource++ {
		var l unix.Rlimit
		if err := unix.Getrlimit(resource, &l); err != nil {
			return limits
		}
		limits = append(limits, l.Max)
	}
})
