//go:build linux

package selftest

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// timeZone returns what settimeofday(2) would set beside the time. The C library hides it, and so
// does x/sys.
func timeZone() []string {
	var zone struct{ minutesWest, dst int32 }
	unix.Syscall(unix.SYS_GETTIMEOFDAY, 0, uintptr(unsafe.Pointer(&zone)), 0)
	return []string{fmt.Sprintf("%d minutes west, %d", zone.minutesWest, zone.dst)}
}
