package isolate

import "golang.org/x/sys/unix"

// HardLimit returns this process's hard limit of a resource (getrlimit(2)), above which no program
// can be given one without CAP_SYS_RESOURCE. A resource that the kernel does not know has none.
func HardLimit(resource int) uint64 {
	var l unix.Rlimit
	if err := unix.Getrlimit(resource, &l); err != nil {
		return unix.RLIM_INFINITY
	}
	return l.Max
}
