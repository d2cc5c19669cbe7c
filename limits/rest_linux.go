package limits

import (
	"time"

	"golang.org/x/sys/unix"
)

// rest sleeps for less than the millisecond to which the runtime's timers are true.
func rest(d time.Duration) {
	t := unix.NsecToTimespec(int64(d))
	_ = unix.Nanosleep(&t, nil) // a signal only makes it shorter
}
