package isolate

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/child"
	"judge/isolate/internal/handshake"
	"judge/isolate/internal/policy"
)

// intermediate is the process of a slot that clones the inits. It is root in the slot's user
// namespace only, has an empty environment, and cannot be traced.
type intermediate struct {
	config   Config
	conn     *handshake.Conn
	spec     rootSpec
	plans    map[planKey]*child.Plan // of spec
	runs     []clone                 // alive, or not reaped yet
	free     []*child.Arena          // of runs that are over
	networks []*network
	left     bool // the network namespace that we were started in has its run
}

// serveIntermediate is the whole life of an intermediate. It ends with nil when the parent is gone.
func serveIntermediate() error {
	// Inits are children of this thread, whose death signal they wait for, and inherit its
	// capability bounding set and securebits, which are per thread.
	runtime.LockOSThread()
	debug.SetGCPercent(400)
	conn, err := handshake.NewConn(os.NewFile(controlFD, "control"))
	if err != nil {
		return err
	}
	err = serve(conn)
	if errors.Is(err, io.EOF) || errors.Is(err, unix.EPIPE) || errors.Is(err, unix.ECONNRESET) {
		return nil
	}
	if sendErr := conn.Send(handshake.Message{Kind: handshake.Error, Args: [][]byte{[]byte(cutError(err.Error()))}}); sendErr != nil {
		return err
	}
	return nil
}

// cutError bounds what the parent is told of an error, so that it can receive the message even if all has to be
// escaped.
func cutError(text string) string {
	const longest = handshake.MaxSizeToParent / 8
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}

func serve(conn *handshake.Conn) error {
	config, files, err := ourConfig()
	if err != nil {
		return err
	}
	if err := enterGroups(files); err != nil {
		return err
	}
	dev, err := becomeSlotRoot(conn, config)
	if err != nil {
		return err
	}
	err = buildBase(dev, config.IDs)
	if dev != nil {
		dev.Close()
	}
	if err != nil {
		return fmt.Errorf("build the base: %w", err)
	}
	if err := policy.InstallStanding(); err != nil {
		return fmt.Errorf("install the system call filter: %w", err)
	}
	if err := conn.Send(handshake.Message{Kind: handshake.IntermediateReady}); err != nil {
		return err
	}
	m := &intermediate{conn: conn, config: config}
	for {
		if err := m.next(); err != nil {
			return err
		}
	}
}

// becomeSlotRoot has the parent map the identifiers, takes those of the slot's root, and gives up
// for itself and all children what no run needs. It returns the slot's /dev, if the parent made one.
func becomeSlotRoot(conn *handshake.Conn, config Config) (dev *os.File, err error) {
	if err := conn.Send(handshake.Message{Kind: handshake.MappingPlease}); err != nil {
		return nil, err
	}
	m, err := conn.Receive("mapping", time.Time{}, handshake.MappingWritten)
	if err != nil {
		return nil, err
	}
	if len(m.Files) > 0 {
		dev = m.Files[0]
	}
	none := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	all := [2]unix.CapUserData{{Effective: 1<<32 - 1, Permitted: 1<<32 - 1}, {Effective: 1<<32 - 1, Permitted: 1<<32 - 1}}
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"prctl PR_SET_TIMERSLACK", func() error { return unix.Prctl(unix.PR_SET_TIMERSLACK, usualTimerSlack, 0, 0, 0) }},
		{"take our ids", takeSlotIDs},
		{"prctl PR_SET_DUMPABLE", func() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }},
		{"prctl PR_CAP_AMBIENT_CLEAR_ALL", func() error {
			return unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
		}},
		{"prctl PR_CAPBSET_DROP", dropBoundingSet},
		{"prctl PR_SET_SECUREBITS", func() error { return unix.Prctl(unix.PR_SET_SECUREBITS, secureBits, 0, 0, 0) }},
		{"prctl PR_SET_NO_NEW_PRIVS", func() error { return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }},
		{"capset", func() error {
			if err := unix.Capget(&none, &all[0]); err != nil {
				return err
			}
			all[0].Inheritable, all[1].Inheritable = 0, 0
			return unix.Capset(&none, &all[0])
		}},
		// Huge pages are there or not, by luck: they make the memory of equal runs differ by megabytes.
		{"prctl PR_SET_THP_DISABLE", func() error { return unix.Prctl(unix.PR_SET_THP_DISABLE, 1, 0, 0, 0) }},
		{"setrlimit RLIMIT_CORE", func() error {
			return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: coreLimit(), Max: coreLimit()})
		}},
		{"sethostname", func() error { return nameHost(config) }},
		{"reset signals", resetIgnoredSignals},
	} {
		if err := step.do(); err != nil {
			return dev, fmt.Errorf("%s: %w", step.name, err)
		}
	}
	unix.Umask(0o022)
	return dev, nil
}

// nameHost sets the names of a UTS namespace of our own.
func nameHost(config Config) error {
	if config.Share.has(ShareUTS) {
		return nil
	}
	return errors.Join(unix.Sethostname([]byte(config.Hostname)), unix.Setdomainname([]byte("(none)")))
}

// takeSlotIDs becomes the slot's root and leaves all groups, or stays who it is, when the parent had
// only one id to map.
func takeSlotIDs() error {
	if err := unix.Setresgid(initID, initID, initID); err != nil {
		if err == unix.EINVAL { // not mapped
			return nil
		}
		return os.NewSyscallError("setresgid", err)
	}
	if err := unix.Setresuid(initID, initID, initID); err != nil {
		return os.NewSyscallError("setresuid", err)
	}
	return os.NewSyscallError("setgroups", unix.Setgroups(nil))
}

// secureBits lets no program gain a capability by being root or by executing a file, for ever
// (capabilities(7)): NOROOT, NO_CAP_AMBIENT_RAISE and their locks.
const secureBits = 1<<0 | 1<<1 | 1<<6 | 1<<7

// dropBoundingSet drops every capability that the kernel knows from the thread's bounding set.
func dropBoundingSet() error {
	for c := uintptr(0); ; c++ {
		switch err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); {
		case err == unix.EINVAL && c > 0:
			return nil
		case err != nil:
			return err
		}
	}
}
