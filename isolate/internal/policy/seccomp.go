package policy

import "fmt"

// Seccomp is a policy for system calls. The zero value is the default policy, which compilers and
// the usual runtimes pass: everything is refused that is not known to be harmless. A Seccomp is a
// plain value; its methods may be called concurrently.
type Seccomp struct {
	// Mode is what a forbidden call leads to; zero: it fails with EPERM.
	Mode Mode
	// Inet allows IPv4 and IPv6 sockets, for sandboxes with a network.
	Inet bool
	// TCP allows of these those of TCP alone, for sandboxes in which Landlock holds the ports.
	TCP bool
	// SharedFiles says that some files are another sandbox's as well, the host's device nodes or what is bound:
	// no file is locked or watched then, because either can be seen through another open file.
	SharedFiles bool
}

// Mode is what a forbidden call leads to.
type Mode uint8

const (
	// Refuse lets a forbidden call fail with EPERM.
	Refuse Mode = iota
	// Kill ends the process with SIGSYS (Linux 4.14). Its status does not say which call it was,
	// its parent in the sandbox may go on, and the kernel logs a line ("audit: type=1326").
	Kill
	// Notify asks the listener (seccomp_unotify(2), Linux 5.0), which sees the call's number and
	// says what it returns, or ends the run. Without a listener the call fails with ENOSYS.
	Notify
)

func (m Mode) String() string {
	switch m {
	case Refuse:
		return "refuse"
	case Kill:
		return "kill"
	case Notify:
		return "notify"
	}
	return fmt.Sprintf("mode %d", uint8(m))
}

// String shows all that is set.
func (s Seccomp) String() string {
	return fmt.Sprintf("seccomp mode=%s inet=%t tcp=%t shared=%t", s.Mode, s.Inet, s.TCP, s.SharedFiles)
}
