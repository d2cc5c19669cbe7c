package isolate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/child"
	"judge/isolate/internal/handshake"
)

// intermediate is the process of a slot that clones the inits. It is root in the slot's user
// namespace only, has an empty environment, and cannot be traced.
type intermediate struct {
	conn  *handshake.Conn
	arena *child.Arena
	spec  rootSpec
	init  int // pid; 0: none
	pidfd int
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
	if sendErr := conn.Send(handshake.Message{Kind: handshake.Error, Args: [][]byte{[]byte(err.Error())}}); sendErr != nil {
		return err
	}
	return nil
}

func serve(conn *handshake.Conn) error {
	if err := becomeSlotRoot(conn); err != nil {
		return err
	}
	if err := buildBase(); err != nil {
		return fmt.Errorf("build the base: %w", err)
	}
	arena, err := child.NewArena()
	if err != nil {
		return err
	}
	if err := conn.Send(handshake.Message{Kind: handshake.IntermediateReady}); err != nil {
		return err
	}
	m := &intermediate{conn: conn, arena: arena}
	for {
		if err := m.next(); err != nil {
			return err
		}
	}
}

// becomeSlotRoot has the parent map the identifiers, takes those of the slot's root, and gives up
// for itself and all children what no run needs.
func becomeSlotRoot(conn *handshake.Conn) error {
	if err := conn.Send(handshake.Message{Kind: handshake.MappingPlease}); err != nil {
		return err
	}
	if _, err := conn.Receive("mapping", time.Time{}, handshake.MappingWritten); err != nil {
		return err
	}
	none := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	all := [2]unix.CapUserData{{Effective: 1<<32 - 1, Permitted: 1<<32 - 1}, {Effective: 1<<32 - 1, Permitted: 1<<32 - 1}}
	for _, step := range []struct {
		name string
		do   func() error
	}{
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
		{"sethostname", func() error { return unix.Sethostname([]byte("sandbox")) }},
		{"setdomainname", func() error { return unix.Setdomainname([]byte("(none)")) }},
		{"reset signals", resetIgnoredSignals},
	} {
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	unix.Umask(0o022)
	return nil
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

// next serves the parent's next message, or the end of init, whichever comes first.
func (m *intermediate) next() error {
	fds := []unix.PollFd{{Fd: controlFD, Events: unix.POLLIN}, {Fd: int32(m.pidfd), Events: unix.POLLIN}}
	if m.init == 0 {
		fds = fds[:1]
	}
	if _, err := unix.Poll(fds, -1); err != nil && err != unix.EINTR {
		return os.NewSyscallError("poll", err)
	}
	if m.init != 0 && fds[1].Revents != 0 {
		return m.reap()
	}
	if fds[0].Revents == 0 {
		return nil
	}
	msg, err := m.conn.Receive("serve", time.Time{}, handshake.SetRoot, handshake.Prepare)
	if err != nil {
		return err
	}
	defer msg.CloseFiles()
	if m.init != 0 {
		return fmt.Errorf("serve: got %v while init %d is alive", msg.Kind, m.init)
	}
	if msg.Kind == handshake.SetRoot {
		return m.setRoot(msg)
	}
	return m.prepare(msg)
}

// setRoot attaches the mounts of the runs to come in place of those before.
func (m *intermediate) setRoot(msg handshake.Message) error {
	var spec rootSpec
	if err := json.Unmarshal(msg.Args[0], &spec); err != nil {
		return fmt.Errorf("set-root: %w", err)
	}
	targets := attached(m.spec)
	for i := range targets {
		if err := unix.Unmount(targets[len(targets)-1-i], unix.MNT_DETACH); err != nil {
			return fmt.Errorf("detach %s: %w", targets[len(targets)-1-i], err)
		}
	}
	m.spec = rootSpec{}
	targets = attached(spec)
	if len(targets) != len(msg.Files) {
		return fmt.Errorf("set-root: expected %d mounts, got %d descriptors", len(targets), len(msg.Files))
	}
	for i, target := range targets {
		if err := attach(msg.Files[i], target); err != nil {
			return err
		}
	}
	m.spec = spec
	return m.conn.Send(handshake.Message{Kind: handshake.RootReady})
}

// attached lists where the mounts of a root go, in the order of their descriptors.
func attached(spec rootSpec) []string {
	var targets []string
	for i := range spec.Layers {
		targets = append(targets, layerDir(i))
	}
	if spec.Upper {
		targets = append(targets, upperDir)
	}
	for i := range spec.Binds {
		targets = append(targets, bindDir(i))
	}
	return targets
}

// attach mounts what a descriptor of open_tree or fsmount refers to.
func attach(mount *os.File, target string) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(mount.Fd()), &st); err != nil {
		return fmt.Errorf("stat the mount for %s: %w", target, err)
	}
	// What an earlier mount was attached to may be of the other type.
	unix.Unlink(target)
	unix.Rmdir(target)
	var err error
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		err = unix.Mkdir(target, 0o755)
	} else {
		err = unix.Mknod(target, unix.S_IFREG|0o600, 0)
	}
	if err != nil {
		return fmt.Errorf("make the mount point %s: %w", target, err)
	}
	if err := unix.MoveMount(int(mount.Fd()), "", unix.AT_FDCWD, target, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return fmt.Errorf("attach the mount at %s: %w", target, err)
	}
	return nil
}

// prepare clones init, which inherits the run's socket.
func (m *intermediate) prepare(msg handshake.Message) error {
	plan, err := plan(m.spec, int(msg.Files[0].Fd()))
	if err != nil {
		return err
	}
	pid, err := m.arena.Start(plan)
	if err != nil {
		return err
	}
	fd, err := unix.PidfdOpen(pid, 0) // init is our child and not reaped: the pid is its own
	if err != nil {
		return fmt.Errorf("pidfd_open of init: %w", err)
	}
	m.init, m.pidfd = pid, fd
	return nil
}

// reap waits for init, which has ended, and tells the parent. The kernel lets init end only when
// every other process of its namespace has.
func (m *intermediate) reap() error {
	gone := goneInfo{}
	var status unix.WaitStatus
	var usage unix.Rusage
	for {
		_, err := unix.Wait4(m.init, &status, 0, &usage)
		if err == nil {
			break
		}
		if err != unix.EINTR {
			return fmt.Errorf("wait for init: %w", err)
		}
	}
	unix.Close(m.pidfd)
	m.init = 0
	gone.Status, gone.User, gone.System, gone.MaxRSS = uint32(status), usage.Utime.Nano(), usage.Stime.Nano(), usage.Maxrss
	arg, err := json.Marshal(gone)
	if err != nil {
		return err
	}
	return m.conn.Send(handshake.Message{Kind: handshake.Gone, Args: [][]byte{arg}})
}

// goneInfo is the argument of gone: how init ended and what it and all that it reaped used.
type goneInfo struct {
	Status       uint32
	User, System int64 // nanoseconds
	MaxRSS       int64 // KiB
}

// plan puts the steps of a run together.
func plan(spec rootSpec, socket int) (child.Plan, error) {
	program, err := programSteps(spec)
	return child.Plan{
		Flags:   unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWIPC,
		Init:    initSteps(spec, socket),
		After:   afterSteps(),
		Program: program,
	}, err
}
