package isolate

import (
	"bytes"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// network is a network namespace of the slot's. One run has it at a time; the next one has it when
// nothing of the last is left in it.
type network struct {
	ns      *os.File // the namespace
	sockets *os.File // its /proc/net/sockstat
	busy    bool
}

// enterNetwork puts this thread, and so what it clones, into a network that no run has. Making one is
// dear (0.4 ms), so they are used again: two, when the next sandbox is made while a program runs.
func (m *intermediate) enterNetwork() (*network, error) {
	if m.config.Share.has(ShareNetwork) {
		return nil, nil
	}
	if i := slices.IndexFunc(m.networks, func(n *network) bool { return !n.busy }); i >= 0 {
		n := m.networks[i]
		n.busy = true
		return n, os.NewSyscallError("enter network namespace", unix.Setns(int(n.ns.Fd()), unix.CLONE_NEWNET))
	}
	if m.left { // the first run has the namespace that we were started in
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return nil, os.NewSyscallError("make network namespace", err)
		}
	}
	m.left = true
	if m.config.Network == Loopback {
		if err := loopbackUp(); err != nil {
			return nil, err
		}
	}
	n := &network{busy: true}
	var err error
	if n.ns, err = os.Open("/proc/thread-self/ns/net"); err != nil {
		return nil, err
	}
	if n.sockets, err = os.Open("/proc/thread-self/net/sockstat"); err != nil {
		n.ns.Close()
		return nil, err
	}
	m.networks = append(m.networks, n)
	return n, nil
}

// leaveNetwork takes a network back from a run that is over, or gives it up if a socket is left in it: they are counted
// for each network since Linux 4.16. Programs have only UNIX sockets, which end with them, but for those that wait in
// each other's queues: the kernel collects such some time later, and until then their names are taken. A loopback
// remembers in many ways.
func (m *intermediate) leaveNetwork(n *network) error {
	var counts [512]byte
	size, err := unix.Pread(int(n.sockets.Fd()), counts[:], 0)
	if err != nil {
		return fmt.Errorf("read %s: %w", n.sockets.Name(), err)
	}
	if m.config.Network == NoNetwork && bytes.HasPrefix(counts[:size], []byte("sockets: used 0\n")) {
		n.busy = false
		return nil
	}
	n.ns.Close()
	n.sockets.Close()
	m.networks = slices.DeleteFunc(m.networks, func(other *network) bool { return other == n })
	return nil
}
