package isolate

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/child"
	"judge/isolate/internal/handshake"
)

// clone is an init, or what joined the namespaces of one, that was cloned and not reaped.
type clone struct {
	number  cloneNumber
	pid     int
	arena   *child.Arena
	network *network // nil: that of the run that it joined
}

// cloneNumber is what the parent calls a clone; none is 0.
type cloneNumber uint64

// noClone in a list of numbers is in the place of one.
const noClone cloneNumber = 0

// encodeNumbers returns the argument of prepare, join and reap: the clone that the message is about, and those that are
// dead, and nobody else will ask for.
func encodeNumbers(about cloneNumber, dead []cloneNumber) []byte {
	arg := binary.LittleEndian.AppendUint64(nil, uint64(about))
	for _, n := range dead {
		arg = binary.LittleEndian.AppendUint64(arg, uint64(n))
	}
	return arg
}

func parseNumbers(arg []byte) (about cloneNumber, dead []cloneNumber, err error) {
	if len(arg) == 0 || len(arg)%8 != 0 {
		return 0, nil, fmt.Errorf("numbers of %d bytes: want 8 for each clone", len(arg))
	}
	for i := 8; i < len(arg); i += 8 {
		dead = append(dead, cloneNumber(binary.LittleEndian.Uint64(arg[i:])))
	}
	return cloneNumber(binary.LittleEndian.Uint64(arg)), dead, nil
}

// next serves the parent's next message.
func (m *intermediate) next() error {
	msg, err := m.conn.Receive("serve", time.Time{}, handshake.SetRoot, handshake.Prepare, handshake.Join, handshake.Reap)
	if err != nil {
		return err
	}
	defer msg.CloseFiles()
	if msg.Kind == handshake.SetRoot {
		return m.setRoot(msg)
	}
	about, err := m.reapDead(msg)
	if err != nil {
		return err
	}
	switch msg.Kind {
	case handshake.Reap:
		return m.tellEnd(about)
	case handshake.Join:
		var spec rootSpec
		if err := json.Unmarshal(msg.Args[2], &spec); err != nil {
			return fmt.Errorf("join: %w", err)
		}
		plan, err := joinPlan(spec, wants(msg), int(msg.Files[0].Fd()), int(msg.Files[1].Fd()))
		if err != nil {
			return err
		}
		return m.start(about, &plan, nil)
	}
	key := planKey{admission: wants(msg), socket: int(msg.Files[0].Fd())}
	for i, f := range msg.Files[1:] {
		key.tasks[i] = int(f.Fd())
	}
	plan, err := m.plan(key)
	if err != nil {
		return err
	}
	n, err := m.enterNetwork()
	if err != nil {
		return err
	}
	return m.start(about, plan, n)
}

// admission says whether the parent wants to put the program into groups; it is an argument of
// prepare and join.
type admission string

const (
	noAdmission   admission = ""
	withAdmission admission = "admit"
)

func wants(m handshake.Message) admission { return admission(m.Args[1]) }

// start clones a process with a plan; it inherits what has come with the message.
func (m *intermediate) start(number cloneNumber, plan *child.Plan, n *network) (err error) {
	c := clone{number: number, network: n}
	if n := len(m.free); n > 0 {
		c.arena, m.free = m.free[n-1], m.free[:n-1]
	} else if c.arena, err = child.NewArena(); err != nil {
		return err
	}
	if c.pid, err = c.arena.Start(plan); err != nil {
		return err
	}
	goAnywhere(m.spec)
	m.runs = append(m.runs, c)
	return nil
}

// reapDead reaps the clones that a message says are dead, and returns the one that it is about.
func (m *intermediate) reapDead(msg handshake.Message) (about cloneNumber, err error) {
	about, dead, err := parseNumbers(msg.Args[0])
	if err != nil {
		return noClone, fmt.Errorf("%v: %w", msg.Kind, err)
	}
	for _, number := range dead {
		if _, err := m.reap(number); err != nil {
			return noClone, err
		}
	}
	return about, nil
}

// tellEnd waits for the end of a clone, which the parent has seen to, and tells it. The kernel lets an init end only
// when every other process of its namespace has.
func (m *intermediate) tellEnd(number cloneNumber) error {
	var info goneInfo
	if number != noClone {
		var err error
		if info, err = m.reap(number); err != nil {
			return err
		}
	}
	return m.conn.Send(handshake.Message{Kind: handshake.Gone, Args: [][]byte{info.encode()}})
}

// reap waits for a clone.
func (m *intermediate) reap(number cloneNumber) (goneInfo, error) {
	i := slices.IndexFunc(m.runs, func(c clone) bool { return c.number == number })
	if i < 0 {
		return goneInfo{}, fmt.Errorf("reap: there is no clone %d", number)
	}
	c := m.runs[i]
	var status unix.WaitStatus
	var usage unix.Rusage
	for {
		_, err := unix.Wait4(c.pid, &status, 0, &usage)
		if err == nil {
			break
		}
		if err != unix.EINTR {
			return goneInfo{}, fmt.Errorf("wait for a clone: %w", err)
		}
	}
	m.runs = append(m.runs[:i], m.runs[i+1:]...)
	m.free = append(m.free, c.arena)
	if c.network != nil {
		if err := m.leaveNetwork(c.network); err != nil {
			return goneInfo{}, err
		}
	}
	return goneInfo{
		Status: int64(status), User: usage.Utime.Nano(), System: usage.Stime.Nano(), MaxRSS: usage.Maxrss,
	}, nil
}

// goneInfo is the argument of gone: how a clone ended and what it and all that it reaped used.
type goneInfo struct {
	Status       int64
	User, System int64 // nanoseconds
	MaxRSS       int64 // KiB
}

// encode returns the fields in their order, little endian.
func (g goneInfo) encode() []byte {
	arg, _ := binary.Append(nil, binary.LittleEndian, g) // of fields with a size cannot fail
	return arg
}

func parseGone(arg []byte) (info goneInfo, err error) {
	if want := binary.Size(info); len(arg) != want {
		return info, fmt.Errorf("message of %d bytes: want %d", len(arg), want)
	}
	_, err = binary.Decode(arg, binary.LittleEndian, &info)
	return info, err
}

// planKey is what the plans of runs on the same root depend on.
type planKey struct {
	admission admission
	socket    int
	tasks     [handshake.MaxTasks]int // descriptors of groups that the program enters; none is 0
}

// entered are the descriptors in tasks.
func (k *planKey) entered() []int {
	n := slices.Index(k.tasks[:], 0)
	if n < 0 {
		n = len(k.tasks)
	}
	return k.tasks[:n]
}

// plan returns the plan of a run, made once for each root and set of descriptors.
func (m *intermediate) plan(key planKey) (*child.Plan, error) {
	if p := m.plans[key]; p != nil {
		return p, nil
	}
	p, err := plan(m.spec, key)
	if err != nil {
		return nil, err
	}
	if m.plans == nil {
		m.plans = map[planKey]*child.Plan{}
	}
	m.plans[key] = &p
	return &p, nil
}

// plan puts the steps of a run together.
func plan(spec rootSpec, key planKey) (child.Plan, error) {
	tasks := key.entered()
	program, err := programSteps(spec, key.admission, len(tasks))
	return child.Plan{
		Flags:   (unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWIPC) &^ spec.Share.flags(),
		Init:    initSteps(spec, key.socket, tasks...),
		After:   afterSteps(spec),
		Program: program, Listener: listenerFD,
	}, err
}

// joinPlan is the plan of a process that joins the namespaces of a run, whose init's pidfd is given,
// and starts a second program there. It stays outside of the pid namespace itself, as its
// program's parent.
func joinPlan(spec rootSpec, a admission, socket, init int) (child.Plan, error) {
	program, err := programSteps(spec, a, 0)
	steps := []child.Step{
		call("die with the intermediate", unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, int(unix.SIGKILL)),
	}
	steps = append(steps, child.JoinDescriptors(socket, init)...) // what fails from now on can be told
	steps = append(steps, call("join the namespaces", unix.SYS_SETNS, child.Pidfd,
		(unix.CLONE_NEWPID|unix.CLONE_NEWNS|unix.CLONE_NEWIPC|unix.CLONE_NEWNET)&^spec.Share.flags()))
	return child.Plan{Init: steps, After: afterSteps(spec), Program: program, Listener: listenerFD}, err
}
