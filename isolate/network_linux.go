package isolate

import (
	"bytes"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// freshNetwork leaves nothing in the slot's network namespace that the next run could find. Programs
// have only UNIX sockets, which end with them, but for those that wait in each other's queues:
// the kernel collects such some time later, and until then their names are taken. Making a new
// namespace is dear (0.4 ms), so it is done only when there is such a remainder, and after each run with
// a loopback, which remembers in many ways.
func (m *intermediate) freshNetwork() error {
	if m.config.Network == Loopback {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return os.NewSyscallError("unshare network namespace", err)
		}
		return loopbackUp()
	}
	if m.net == nil {
		f, err := os.Open("/proc/thread-self/net/unix")
		if err != nil {
			return err
		}
		m.net = f
	}
	var list [512]byte
	n, err := unix.Pread(int(m.net.Fd()), list[:], 0)
	if err != nil {
		return fmt.Errorf("read %s: %w", m.net.Name(), err)
	}
	if bytes.Count(list[:n], []byte("\n")) <= 1 { // the heading
		return nil
	}
	m.net.Close()
	m.net = nil
	return os.NewSyscallError("unshare network namespace", unix.Unshare(unix.CLONE_NEWNET))
}
