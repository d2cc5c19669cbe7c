package policy

import (
	"sync"

	"golang.org/x/sys/unix"
)

// ABI returns the version of Landlock that this kernel offers; 0: none, it was not compiled in or
// not enabled at boot (lsm=). It asks the kernel once.
var ABI = sync.OnceValue(func() int {
	version, _, errno := unix.RawSyscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(version)
})
