package isolate

import "golang.org/x/sys/unix"

// flags are the namespaces for clone(2) and setns(2).
func (s Share) flags() (flags uintptr) {
	for i, flag := range [shares]uintptr{unix.CLONE_NEWNET, unix.CLONE_NEWIPC, unix.CLONE_NEWUTS} {
		if s&(1<<i) != 0 {
			flags |= flag
		}
	}
	return flags
}
