package isolate

import (
	"fmt"
	"strings"
)

// Share is a set of namespaces of the caller's that programs are in instead of fresh ones: walls that
// are not there. There are no others: process, mount, user and cgroup namespace are always fresh.
// The zero value shares nothing.
type Share uint

const (
	// ShareNetwork lets programs reach all that the caller can, the host's loopback and abstract sockets
	// included; sockets of TCP and UDP are allowed then.
	ShareNetwork Share = 1 << iota
	// ShareIPC lets programs use the caller's System V objects and POSIX message queues. What they make
	// stays behind.
	ShareIPC
	// ShareUTS shows the caller's host name.
	ShareUTS

	shares = iota
)

// shareNames are those of the namespaces, in the order of the constants.
var shareNames = [shares]string{"network", "ipc", "uts"}

// String names the namespaces.
func (s Share) String() string {
	var names []string
	for i, name := range shareNames {
		if s&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	if rest := s >> shares << shares; rest != 0 {
		names = append(names, fmt.Sprintf("%#x", uint(rest)))
	}
	return strings.Join(names, ", ")
}

// others names, each after a comma, the namespaces that are fresh but could be shared.
func (s Share) others() (text string) {
	for i, name := range shareNames {
		if s&(1<<i) == 0 {
			text += ", " + name
		}
	}
	return text
}

// has tells whether another set is part of this one.
func (s Share) has(other Share) bool { return s&other != 0 }

// checkShare refuses what cannot be shared, and what contradicts it.
func (c Config) checkShare() error {
	switch {
	case c.Share>>shares != 0:
		return fmt.Errorf("share namespaces %v: only network, ipc and uts can be shared", c.Share)
	case c.Share.has(ShareNetwork) && c.Network != NoNetwork:
		return fmt.Errorf("share namespaces %v: the host's network is no place for network %q", c.Share, c.Network)
	case c.Share.has(ShareUTS) && c.Hostname != "":
		return fmt.Errorf("share namespaces %v: the host's name cannot be %q", c.Share, c.Hostname)
	}
	return nil
}
