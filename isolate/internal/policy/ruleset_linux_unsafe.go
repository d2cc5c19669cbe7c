//go:build linux

package policy

import (
	"fmt"
	"sync"
	"unsafe"

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

// Ruleset makes a ruleset of the plan with paths as the calling process sees them. The caller
// closes the descriptor. It is for a process that restricts itself, or its children in the same
// mount namespace, with landlock_restrict_self(fd, 0); a sandbox makes the same calls inside.
// The error is for plans of ABI 0, too.
func (p Plan) Ruleset() (fd int, err error) {
	if p.ABI == 0 {
		return -1, fmt.Errorf("landlock: %w", unix.EOPNOTSUPP)
	}
	attr := p.Attr()
	r, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr[0])), uintptr(len(attr)), 0)
	if errno != 0 {
		return -1, fmt.Errorf("landlock_create_ruleset: %w", errno)
	}
	defer func() {
		if err != nil {
			unix.Close(int(r))
		}
	}()
	for _, port := range p.Ports {
		if err := addRule(int(r), RuleNetPort, port.Attr()); err != nil {
			return -1, fmt.Errorf("landlock rule for port %d: %w", port.Port, err)
		}
	}
	for _, path := range p.Paths {
		if err := addPath(int(r), path); err != nil {
			return -1, fmt.Errorf("landlock rule for %s: %w", path.Path, err)
		}
	}
	return int(r), nil
}

func addPath(ruleset int, rule PathRule) error {
	fd, err := unix.Open(rule.Path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return addRule(ruleset, RulePathBeneath, rule.Attr(fd))
}

func addRule(ruleset, kind int, attr []byte) error {
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), uintptr(kind), uintptr(unsafe.Pointer(&attr[0])), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
