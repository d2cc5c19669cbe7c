package policy

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ruleset makes the calls of a sandbox for a plan that is not of nothing, with paths as this process sees them. The caller
// closes the descriptor.
func (p Plan) ruleset() (fd int, err error) {
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
