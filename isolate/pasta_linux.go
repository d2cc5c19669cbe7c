package isolate

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/child"
	"judge/isolate/internal/handshake"
	"judge/isolate/internal/policy"
)

// gateway is a pasta(1): a process on the host's side that carries TCP between the network namespace
// of a run and what the host can reach. It has its sockets in our network namespace and its rights in
// the user namespace of the slot alone, as the slot's root; it shuts itself into an empty root and a
// filter. The kernel kills it when we die (PR_SET_PDEATHSIG).
type gateway struct {
	pid    int
	pidfd  int
	output *os.File     // what it says; nobody reads it to the end, so it may not block
	arena  *child.Arena // its memory until execve
}

// checkNetwork finds out whether this host can do what a configuration asks for.
func (c Config) checkNetwork() error {
	switch c.Network {
	case NoNetwork, Loopback:
		if len(c.Ports) > 0 {
			return fmt.Errorf("network %q: ports %v are for network %q", c.Network, c.Ports, User)
		}
		return nil
	case User:
		_, lookErr := exec.LookPath(pastaName)
		return errors.Join(portsError(policy.ABI()), pastaError(lookErr))
	}
	return fmt.Errorf("network %q: want %q, %q or %q", c.Network, NoNetwork, Loopback, User)
}

// portsError says that a version of Landlock cannot hold TCP ports.
func portsError(abi int) error {
	const needed = 4
	if abi >= needed {
		return nil
	}
	return fmt.Errorf("network %q: Landlock of this kernel cannot hold TCP ports (version %d of %d): it takes Linux 6.7, "+
		"with Landlock in CONFIG_LSM or the boot parameter lsm=", User, abi, needed)
}

const pastaName = "pasta"

func pastaError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("network %q: it takes pasta(1): type \"sudo apt-get install passt\" or the like: %w", User, err)
}

// pastaArgs give it the namespace at its standard input, from which nothing but TCP goes anywhere, and
// nothing comes. The address of the router does not lead to the host (no-map-gw). It writes its pid to
// its standard output when the namespace is set up.
var pastaArgs = []string{pastaName, "--foreground", "--quiet", "--pid", "/proc/self/fd/1",
	"--netns-only", "--netns", "/proc/self/fd/0", "--no-netns-quit", "--config-net", "--ns-ifname", "user",
	"--tcp-ports", "none", "--udp-ports", "none", "--tcp-ns", "none", "--udp-ns", "none", "--no-map-gw",
	"--no-udp", "--no-icmp", "--no-dhcp", "--no-dhcpv6", "--no-ndp", "--no-ra", "--dns", "none", "--search", "none"}

// connect gives a held program's network namespace a gateway, if its sandbox has one at all.
func (s *Sandbox) connect(h *held) error {
	if s.config.Network != User {
		return nil
	}
	ns, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", h.clonePID))
	if err != nil {
		return err
	}
	defer ns.Close()
	if err := h.signal(0); err != nil { // then the pid may have been another's
		return fmt.Errorf("init died: %w", err)
	}
	h.gateway, err = startGateway(ns, h.pidfd, h.spec.OneID, s.deadline(stepTimeout))
	return err
}

// startGateway returns when the namespace is set up. The caller stops the gateway.
func startGateway(ns, init *os.File, oneID bool, deadline time.Time) (g *gateway, err error) {
	path, err := exec.LookPath(pastaName)
	if err != nil {
		return nil, pastaError(err)
	}
	output, outputPeer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer outputPeer.Close()
	conn, peer, err := handshake.Pair()
	if err != nil {
		return nil, errors.Join(err, output.Close())
	}
	defer conn.Close()
	defer peer.Close()
	g = &gateway{pidfd: -1, output: output}
	defer func() {
		if err != nil {
			err = fmt.Errorf("start pasta: %w", err)
			g.stop() // it may have ended, and said why
			g = nil
		}
	}()
	if err := outputPeer.Chmod(0o222); err != nil { // it opens it again, under another id
		return g, err
	}
	var steps []child.Step
	theSpawner().do(func() {
		files, closeAll, dupErr := moveUp(ns, outputPeer, peer, init)
		defer closeAll()
		if err = dupErr; err != nil {
			return
		}
		steps = pastaSteps(path, files, oneID, !tunIsOpen() && os.Geteuid() == 0)
		err = g.spawn(steps)
	})
	if err != nil {
		return g, err
	}
	outputPeer.Close() // or its end would be no end of file
	peer.Close()
	if err := executed(conn, steps, deadline); err != nil {
		return g, err
	}
	return g, g.awaitReady(deadline)
}

// moveUp copies descriptors to where no step puts one.
func moveUp(files ...*os.File) (fds []int, closeAll func(), err error) {
	const above = 2 * child.Socket
	closeAll = func() {
		for _, fd := range fds {
			unix.Close(fd)
		}
	}
	for _, f := range files {
		raw, err := f.SyscallConn()
		if err != nil {
			return fds, closeAll, err
		}
		var dupErr error
		err = raw.Control(func(fd uintptr) {
			var n int
			if n, dupErr = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, above); dupErr == nil {
				fds = append(fds, n)
			}
		})
		if err = errors.Join(err, dupErr); err != nil {
			return fds, closeAll, fmt.Errorf("copy descriptor: %w", err)
		}
	}
	return fds, closeAll, nil
}

// pastaSteps returns what a clone of ours does to become a pasta. The files are the network namespace,
// the pipe for its output, the socket for errors, and init's pidfd, which leads to the user namespace.
func pastaSteps(path string, files []int, oneID, ownTun bool) []child.Step {
	const initFD = child.Socket + 1
	steps := []child.Step{
		call("start a session", unix.SYS_SETSID),
		call("place the network namespace", unix.SYS_DUP3, files[0], 0, 0),
		call("place the output", unix.SYS_DUP3, files[1], 1, 0),
		call("place the output", unix.SYS_DUP3, files[1], 2, 0),
		call("place the socket", unix.SYS_DUP3, files[2], child.Socket, unix.O_CLOEXEC),
		call("place the pidfd", unix.SYS_DUP3, files[3], initFD, unix.O_CLOEXEC),
		call("close descriptors", unix.SYS_CLOSE_RANGE, 3, child.Socket-1, 0),
		call("close descriptors", unix.SYS_CLOSE_RANGE, initFD+1, 1<<32-1, 0),
	}
	if ownTun {
		steps = append(steps, tunSteps()...)
	}
	steps = append(steps, call("join the slot's user namespace", unix.SYS_SETNS, initFD, unix.CLONE_NEWUSER))
	if oneID {
		steps = append(steps, ambientSteps(unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN, unix.CAP_NET_BIND_SERVICE,
			unix.CAP_SETPCAP, unix.CAP_SYS_PTRACE)...)
	} else {
		steps = append(steps,
			call("set group id", unix.SYS_SETRESGID, initID, initID, initID),
			call("leave all groups", unix.SYS_SETGROUPS, 0, 0),
			call("set user id", unix.SYS_SETRESUID, initID, initID, initID))
	}
	alive := call("see that the judge is alive", unix.SYS_GETPPID)
	alive.Want = os.Getpid() + 1
	return append(steps,
		call("die with the judge", unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, int(unix.SIGKILL)), // new ids have forgotten it
		alive,
		call("unblock signals", unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, make([]byte, 8), 0, 8),
		call("execute "+path, unix.SYS_EXECVE, path, pastaArgs, []string{}))
}

// tunIsOpen tells whether everybody may open the device that pasta needs, as on most hosts.
func tunIsOpen() bool {
	info, err := os.Stat("/dev/net/tun")
	return err != nil || info.Mode().Perm()&0o006 == 0o006
}

// tunSteps make a device of its own in a mount namespace of its own: the host's is root's alone.
func tunSteps() []child.Step {
	const dir, node = "/dev/net", "/dev/net/tun"
	return []child.Step{
		call("make a mount namespace", unix.SYS_UNSHARE, unix.CLONE_NEWNS),
		mountStep("/ private", "", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		mountStep("tmpfs on "+dir, "tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NOEXEC, "size=4k,nr_inodes=4,mode=755"),
		call("make "+node, unix.SYS_MKNODAT, unix.AT_FDCWD, node, unix.S_IFCHR|0o600, int(unix.Mkdev(10, 200))),
		call("open "+node+" to all", unix.SYS_FCHMODAT, unix.AT_FDCWD, node, 0o666),
	}
}

// ambientSteps keep capabilities over execve for who is not root.
func ambientSteps(capabilities ...int) []child.Step {
	header := binary.NativeEndian.AppendUint32(nil, unix.LINUX_CAPABILITY_VERSION_3)
	every := bytes.Repeat([]byte{0xff}, 24)
	steps := []child.Step{call("make capabilities inheritable", unix.SYS_CAPSET, append(header, 0, 0, 0, 0), every)}
	for _, c := range capabilities {
		steps = append(steps, call(fmt.Sprintf("keep capability %d", c), unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, c, 0, 0))
	}
	return steps
}

// spawn starts the process, on the spawner's thread.
func (g *gateway) spawn(steps []child.Step) (err error) {
	if g.arena, err = child.NewArena(); err != nil {
		return err
	}
	if g.pid, err = g.arena.Start(&child.Plan{Init: steps}); err != nil {
		return err
	}
	g.pidfd, err = unix.PidfdOpen(g.pid, 0) // it is our child and not reaped: the pid is its own
	return os.NewSyscallError("pidfd_open", err)
}

// executed waits for the end of the socket, which execve closes.
func executed(conn *handshake.Conn, steps []child.Step, deadline time.Time) error {
	_, err := conn.Receive("execute pasta", deadline)
	var peer *handshake.PeerError
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case !errors.As(err, &peer):
		return err
	}
	_, index, errno, err := child.ParseError(peer.Arg)
	if err != nil || index < 0 || index >= len(steps) {
		return cmp.Or(err, error(errno))
	}
	return &StepError{Step: steps[index].Name, Call: steps[index].String(), Err: errno}
}

// awaitReady waits for its pid, a line of digits. Anything else that it says is why it cannot work, for
// instance that the host has no way out.
func (g *gateway) awaitReady(deadline time.Time) error {
	if err := g.output.SetReadDeadline(deadline); err != nil {
		return err
	}
	var complaint []byte
	lines := bufio.NewScanner(io.LimitReader(g.output, 4096))
	for lines.Scan() {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) > 0 && len(bytes.Trim(line, "0123456789")) == 0 {
			return nil
		}
		complaint = append(append(complaint, line...), ' ')
	}
	return cmp.Or(lines.Err(), fmt.Errorf("%s", bytes.TrimSpace(complaint)))
}

// stop kills the process and waits for its end. It tells if that had come before: the program was
// then without network, through no fault of its own.
func (g *gateway) stop() (err error) {
	if g == nil {
		return nil
	}
	g.output.Close()
	if g.pidfd >= 0 {
		fds := []unix.PollFd{{Fd: int32(g.pidfd), Events: unix.POLLIN}}
		if n, _ := unix.Poll(fds, 0); n > 0 {
			err = errors.New("pasta ended before the run did")
		}
		unix.PidfdSendSignal(g.pidfd, unix.SIGKILL, nil, 0)
		for unix.Waitid(unix.P_PIDFD, g.pidfd, nil, unix.WEXITED, nil) == unix.EINTR {
		}
		unix.Close(g.pidfd)
	}
	if g.arena != nil {
		g.arena.Close() // nobody uses it any more
	}
	return err
}

// spawner is a thread that starts gateways: they get their death signal when the thread that has
// cloned them ends, so it is one that never does.
type spawner struct{ calls chan func() }

var theSpawner = sync.OnceValue(func() spawner {
	s := spawner{make(chan func())}
	go func() {
		runtime.LockOSThread() // see above; never unlocked
		for f := range s.calls {
			f()
		}
	}()
	return s
})

// do runs f on the thread.
func (s spawner) do(f func()) {
	done := make(chan struct{})
	s.calls <- func() { defer close(done); f() }
	<-done
}
