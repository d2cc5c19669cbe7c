package isolate

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/child"
	"judge/isolate/internal/handshake"
)

// Sandbox is a slot: an intermediate, with the namespaces that a program cannot change, which
// makes a fresh process, mount and IPC namespace for each run. It is for one run at a time and not
// safe for concurrent use. Close ends it.
type Sandbox struct {
	process *os.Process
	conn    *handshake.Conn
	ids     ids
	root    *Root    // attached in the intermediate
	spec    rootSpec // of root
	next    *held    // prepared by Prepare
	broken  error    // why the intermediate cannot be used any more
	null    *os.File
}

// Deadlines for our own machinery; a host under heavy load still meets them.
const (
	startTimeout = 30 * time.Second
	stepTimeout  = 20 * time.Second
)

// New starts a sandbox. What the intermediate has to say when it dies goes to our standard error.
func New() (s *Sandbox, err error) {
	s = &Sandbox{}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.null, err = os.OpenFile(os.DevNull, os.O_RDWR, 0); err != nil {
		return nil, err
	}
	conn, peer, err := handshake.Pair()
	if err != nil {
		return nil, err
	}
	s.conn = conn
	defer peer.Close()
	s.process, err = os.StartProcess("/proc/self/exe", []string{intermediateName}, &os.ProcAttr{
		Env:   []string{},
		Dir:   "/",
		Files: []*os.File{s.null, s.null, os.Stderr, peer},
		Sys:   intermediateAttributes(),
	})
	if err != nil {
		return nil, fmt.Errorf("start the intermediate: %w", explainClone(err))
	}
	if err := s.introduce(); err != nil {
		return nil, fmt.Errorf("start the intermediate: %w", err)
	}
	return s, nil
}

// intermediateAttributes makes the namespaces of a slot. All capabilities are ambient, so that the
// intermediate keeps them over exec although its ids are not mapped yet.
func intermediateAttributes() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS |
			syscall.CLONE_NEWCGROUP | syscall.CLONE_NEWIPC,
		Setsid: true,
	}
	for c := uintptr(0); c <= unix.CAP_LAST_CAP; c++ {
		if known, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, c, 0, 0, 0); err == nil && known >= 0 {
			a.AmbientCaps = append(a.AmbientCaps, c)
		}
	}
	return a
}

func explainClone(err error) error {
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EACCES) {
		return fmt.Errorf("%w: user namespaces are not available; see sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone and kernel.apparmor_restrict_unprivileged_userns", err)
	}
	return err
}

// introduce serves the new intermediate until it is ready.
func (s *Sandbox) introduce() error {
	deadline := time.Now().Add(startTimeout)
	if _, err := s.conn.Receive("identifier mapping", deadline, handshake.MappingPlease); err != nil {
		return peerError(err)
	}
	uidMap, err := os.Open("/proc/self/uid_map")
	if err != nil {
		return err
	}
	defer uidMap.Close()
	if s.ids, err = chooseIDs(uidMap, s.process.Pid); err != nil {
		return err
	}
	if err := writeMaps(s.process.Pid, s.ids); err != nil {
		return err
	}
	if err := s.conn.Send(handshake.Message{Kind: handshake.MappingWritten}); err != nil {
		return err
	}
	if _, err := s.conn.Receive("build the base", deadline, handshake.IntermediateReady); err != nil {
		return peerError(err)
	}
	return nil
}

// Close ends the intermediate and everything in the sandbox, and waits for it. It is idempotent.
func (s *Sandbox) Close() error {
	if s.next != nil {
		s.next.close()
		s.next = nil
	}
	if s.conn != nil {
		s.conn.Close() // the intermediate sees the end of file and exits; its inits die with it
		s.conn = nil
	}
	if s.process != nil {
		if s.broken != nil {
			s.process.Kill()
		}
		s.process.Wait()
		s.process = nil
	}
	if s.null != nil {
		s.null.Close()
		s.null = nil
	}
	if s.broken == nil {
		s.broken = os.ErrClosed
	}
	return nil
}

// Err says why the sandbox cannot be used any more; nil while it can.
func (s *Sandbox) Err() error { return s.broken }

// held is a program that waits at the gate, in a sandbox made for it.
type held struct {
	root    *Root
	conn    *handshake.Conn
	pid     int      // of the program
	pidfd   *os.File // of init
	address uint64   // of the go message
}

// close lets a program go that was never released: it sees the end of file and exits.
func (h *held) close() {
	h.conn.Close()
	h.pidfd.Close()
}

// kill ends init, and with it everything in its namespaces.
func (h *held) kill() {
	unix.PidfdSendSignal(int(h.pidfd.Fd()), unix.SIGKILL, nil, 0)
}

// Prepare makes the sandbox of the next run ahead: all but the program itself. The gate is called
// with the pid of the process that will become the program. Calling Run with the same root uses
// it, with another throws it away. An error leaves the sandbox as it was, if Err says nothing else.
func (s *Sandbox) Prepare(root *Root, gate Gate) error {
	if err := s.Discard(); err != nil {
		return err
	}
	h, err := s.prepare(root)
	if err != nil {
		return err
	}
	s.next = h
	if gate == nil {
		return nil
	}
	if err := gate(h.pid); err != nil {
		return errors.Join(fmt.Errorf("admit pid %d: %w", h.pid, err), s.Discard())
	}
	return nil
}

// Prepared tells whether Run with this root would use what Prepare made.
func (s *Sandbox) Prepared(root *Root) bool {
	return s.next != nil && s.broken == nil && root != nil && s.next.root == root
}

// Discard ends a sandbox that was prepared and is not wanted, if there is one.
func (s *Sandbox) Discard() error {
	if s.broken != nil {
		return fmt.Errorf("sandbox: %w", s.broken)
	}
	if s.next == nil {
		return nil
	}
	s.next.kill()
	s.next.close()
	s.next = nil
	_, err := s.gone()
	return err
}

// gone waits until the intermediate has reaped init: nothing of the run is left then.
func (s *Sandbox) gone() (goneInfo, error) {
	var info goneInfo
	m, err := s.conn.Receive("end of the run", time.Now().Add(stepTimeout), handshake.Gone)
	if err == nil {
		err = json.Unmarshal(m.Args[0], &info)
	}
	if err != nil {
		return info, s.breaks(peerError(err))
	}
	return info, nil
}

// breaks marks the sandbox as unusable: the intermediate does not do what it should.
func (s *Sandbox) breaks(err error) error {
	if s.broken == nil {
		s.broken = err
	}
	return err
}

// prepare makes a sandbox up to the gate.
func (s *Sandbox) prepare(root *Root) (*held, error) {
	if root == nil {
		root = &Root{}
	}
	if root != s.root {
		if err := s.setRoot(root); err != nil {
			return nil, err
		}
	}
	conn, peer, err := handshake.Pair()
	if err != nil {
		return nil, err
	}
	err = s.conn.Send(handshake.Message{Kind: handshake.Prepare, Files: []*os.File{peer}})
	peer.Close()
	if err != nil {
		conn.Close()
		return nil, s.breaks(err)
	}
	m, err := conn.Receive("make the sandbox", time.Now().Add(stepTimeout), handshake.Ready)
	if err != nil {
		conn.Close()
		return nil, s.prepareFailed(err)
	}
	return &held{
		root: root, conn: conn, pid: m.PID, pidfd: m.Files[0],
		address: binary.LittleEndian.Uint64(m.Args[0]),
	}, nil
}

// prepareFailed explains why init did not get to the gate. A failed step leaves the intermediate
// fit for the next run; init's socket ending without a word means that something killed it.
func (s *Sandbox) prepareFailed(err error) error {
	var peer *handshake.PeerError
	if errors.As(err, &peer) {
		if _, goneErr := s.gone(); goneErr != nil {
			return errors.Join(err, goneErr)
		}
		return s.stepError(peer, nil)
	}
	if errors.Is(err, io.EOF) {
		info, goneErr := s.gone()
		if goneErr != nil {
			return goneErr
		}
		return fmt.Errorf("make the sandbox: init died: %v", describe(syscall.WaitStatus(info.Status)))
	}
	return s.breaks(err)
}

// stepError turns the phase, index and errno of a child's error into words. The steps are known,
// because they follow from the root and the program.
func (s *Sandbox) stepError(peer *handshake.PeerError, release []child.Step) error {
	phase, index, errno, err := child.ParseError(peer.Arg)
	if err != nil {
		return fmt.Errorf("%s: %w", peer.State, err)
	}
	p, err := plan(s.spec, child.Socket)
	if err != nil {
		return err
	}
	lists := map[child.Phase][]child.Step{
		child.PhaseInit:    p.Init,
		child.PhaseClone:   {{Name: "clone the program"}},
		child.PhaseAfter:   p.After,
		child.PhaseProgram: p.Program,
		child.PhaseRelease: release,
	}
	list := lists[phase]
	if phase == child.PhaseInit && index > 0 {
		list = list[:len(list):len(list)]
	}
	if index >= len(list) {
		return &StepError{Step: fmt.Sprintf("step %d of phase %d", index, phase), Err: errno}
	}
	return &StepError{Step: list[index].Name, Call: list[index].String(), Err: errno}
}

// setRoot has the intermediate attach a root's mounts.
func (s *Sandbox) setRoot(root *Root) error {
	spec, mounts, err := s.openRoot(root)
	defer func() {
		for _, m := range mounts {
			m.Close()
		}
	}()
	if err != nil {
		return err
	}
	arg, err := json.Marshal(spec)
	if err != nil {
		return err
	}
	s.root = nil
	if err := s.conn.Send(handshake.Message{Kind: handshake.SetRoot, Args: [][]byte{arg}, Files: mounts}); err != nil {
		return s.breaks(err)
	}
	if _, err := s.conn.Receive("attach the root's mounts", time.Now().Add(stepTimeout), handshake.RootReady); err != nil {
		return s.breaks(peerError(err))
	}
	s.root, s.spec = root, spec
	return nil
}

// specOf says of a root what does not depend on the host's files.
func specOf(root *Root) rootSpec {
	spec := rootSpec{Base: !root.NoBase, Layers: len(root.Layers), Upper: root.Upper != nil, Size: root.Size, Inodes: root.Inodes}
	if spec.Base {
		spec.Moves = toolchainMounts()
	}
	if spec.Size == 0 {
		spec.Size = defaultSize
	}
	if spec.Inodes == 0 {
		spec.Inodes = defaultInodes
	}
	return spec
}

// openRoot opens what a root is made of. The parent does it, because only it may: the paths can
// lie where a slot's root may not look.
func (s *Sandbox) openRoot(root *Root) (rootSpec, []*os.File, error) {
	spec := specOf(root)
	m, err := theMounter()
	if err != nil {
		return spec, nil, err
	}
	var mounts []*os.File
	open := func(path string, attributes uint64) error {
		f, err := m.tree(path, attributes)
		if err == nil {
			mounts = append(mounts, f)
		}
		return err
	}
	const readOnly = unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV
	for _, l := range root.Layers {
		path := l.Path
		if l.Scratch != nil {
			path = l.Scratch.place + "/upper"
		}
		if err := open(path, readOnly); err != nil {
			return spec, mounts, fmt.Errorf("layer %s: %w", l.Path, err)
		}
	}
	if root.Upper != nil {
		if err := root.Upper.give(s.ids); err != nil {
			return spec, mounts, err
		}
		if err := open(root.Upper.place, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV); err != nil {
			return spec, mounts, err
		}
	}
	for _, b := range root.Binds {
		info, err := os.Stat(b.Source)
		if err != nil {
			return spec, mounts, fmt.Errorf("bind: %w", err)
		}
		attributes := uint64(readOnly)
		if b.Writable {
			attributes &^= unix.MOUNT_ATTR_RDONLY
		}
		if err := open(b.Source, attributes); err != nil {
			return spec, mounts, fmt.Errorf("bind %s: %w", b.Source, err)
		}
		spec.Binds = append(spec.Binds, bindSpec{Target: filepath.Clean(b.Target), File: !info.IsDir(), Writable: b.Writable})
	}
	return spec, mounts, nil
}

// peerError makes an error of what the intermediate says of itself.
func peerError(err error) error {
	var peer *handshake.PeerError
	if errors.As(err, &peer) {
		return fmt.Errorf("%s: the intermediate reports: %s", peer.State, peer.Arg)
	}
	return err
}

func describe(status syscall.WaitStatus) string {
	if status.Signaled() {
		return "killed by " + unix.SignalName(status.Signal())
	}
	return fmt.Sprintf("exit status %d", status.ExitStatus())
}

// Run executes a program in a fresh sandbox and waits until it and everything that it started is
// gone. The gate is called when all is ready; the clocks start when it returns. Cancelling the
// context kills; Exit.Cause then says why. A program that could not be executed is an *ExecError;
// any other error is the fault of host or judge.
func (s *Sandbox) Run(ctx context.Context, p Program, gate Gate) (Exit, error) {
	h, err := s.take(p.Root)
	if err != nil {
		return Exit{}, err
	}
	exit, err := s.run(ctx, h, p, gate)
	h.kill() // nothing to do after a normal end: init exits by itself
	h.close()
	info, goneErr := s.gone()
	if err != nil || goneErr != nil {
		return Exit{}, errors.Join(err, goneErr)
	}
	if exit.Cause != nil || exit.Rusage == (syscall.Rusage{}) {
		exit.Rusage.Utime = syscall.NsecToTimeval(info.User)
		exit.Rusage.Stime = syscall.NsecToTimeval(info.System)
		exit.Rusage.Maxrss = info.MaxRSS
	}
	return exit, nil
}

// take returns a sandbox for the root at the gate: the prepared one, if it is for this root.
func (s *Sandbox) take(root *Root) (*held, error) {
	if s.Prepared(root) {
		h := s.next
		s.next = nil
		return h, nil
	}
	if err := s.Discard(); err != nil {
		return nil, err
	}
	return s.prepare(root)
}

// run releases a held program and waits for its end.
func (s *Sandbox) run(ctx context.Context, h *held, p Program, gate Gate) (Exit, error) {
	steps := releaseSteps(p)
	release, err := child.Release(steps, h.address)
	if err != nil {
		return Exit{}, err
	}
	files := make([]*os.File, 0, 3+len(p.Files))
	for _, f := range []*os.File{p.Stdin, p.Stdout, p.Stderr} {
		if f == nil {
			f = s.null
		}
		files = append(files, f)
	}
	files = append(files, p.Files...)
	if gate != nil {
		if err := gate(h.pid); err != nil {
			return Exit{}, fmt.Errorf("admit pid %d: %w", h.pid, err)
		}
	}
	stop := context.AfterFunc(ctx, h.kill)
	defer stop()
	started, clock := time.Now(), monotonic()
	if err := h.conn.Send(handshake.Message{Kind: handshake.Go, Args: [][]byte{release}, Files: files}); err != nil {
		return Exit{}, err
	}
	m, err := h.conn.Receive("run", time.Time{}, handshake.Exit)
	if err == nil {
		end, err := child.ParseExit(m.Args[0])
		return Exit{
			Status: end.Status, Rusage: end.Rusage, Started: started, Wall: end.Clock - clock,
			DiskFull: end.BytesFree == 0 || end.InodesFree == 0,
		}, err
	}
	var peer *handshake.PeerError
	if errors.As(err, &peer) {
		return Exit{}, s.execError(peer, p, steps)
	}
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, io.EOF) {
		return Exit{Status: syscall.WaitStatus(unix.SIGKILL), Started: started, Wall: monotonic() - clock, Cause: cause}, nil
	}
	return Exit{}, fmt.Errorf("init died: %w", err)
}

// monotonic is the clock by which init says when the program ended.
func monotonic() time.Duration {
	var t unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) // does not fail
	return time.Duration(t.Nano())
}

// execError tells a failed execve from a failed step before it.
func (s *Sandbox) execError(peer *handshake.PeerError, p Program, steps []child.Step) error {
	err := s.stepError(peer, steps)
	var step *StepError
	if errors.As(err, &step) {
		for _, name := range []string{execStep, findStep, interpreterStep} {
			if len(step.Step) > len(name) && step.Step[:len(name)+1] == name+" " {
				return &ExecError{Path: p.Path, Interpreter: name == interpreterStep, Err: step.Err}
			}
		}
	}
	return err
}
