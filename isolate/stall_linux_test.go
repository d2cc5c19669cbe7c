package isolate

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"judge/isolate/internal/handshake"
)

// state is a place of the ladder, where a message is awaited, and what the parent says when something
// else happens.
type state struct {
	kind   handshake.Kind
	args   int
	files  int    // the most that it may have
	says   string // the state of who waits for it, as the parent names or quotes it
	waits  string // for a message to the peer: the state of the parent meanwhile
	breaks bool   // the slot's conversation is over after a fault, not just the run's
	second bool   // of a second program, which joins a first
}

var (
	makes       = "make the sandbox: expected admit or hooks or ready"
	makesSecond = "make the sandbox: expected admit or ready"
	afterSecond = "make the sandbox: expected ready"
	afterAdmit  = "make the sandbox: expected hooks or ready"
	serves      = "serve: expected set-root or prepare or join or reap"
	ends        = "end of the run: expected gone"
	keeps       = "keep mounts: expected scratch-please or mount-please"
	asks        = "ask the keeper of mounts: expected "
)

// ladder are the states in their order.
var ladder = []state{
	{kind: handshake.MappingPlease, says: "identifier mapping: expected mapping-please"},
	{kind: handshake.MappingWritten, files: 1, says: "mapping: expected mapping-written", waits: "build the base: expected intermediate-ready"},
	{kind: handshake.IntermediateReady, says: "build the base: expected intermediate-ready"},
	{kind: handshake.SetRoot, args: 1, files: handshake.MaxFiles, says: serves, waits: "attach the root's mounts: expected root-ready", breaks: true},
	{kind: handshake.RootReady, says: "attach the root's mounts: expected root-ready", breaks: true},
	{kind: handshake.Prepare, args: 2, files: 1 + handshake.MaxTasks, says: serves, waits: makes, breaks: true},
	{kind: handshake.Hooks, args: 1, says: makes},
	{kind: handshake.HooksDone, says: "await hooks-done: bad message", waits: makes},
	{kind: handshake.Admit, says: makes},
	{kind: handshake.Admitted, says: "await admitted: bad message", waits: afterAdmit},
	{kind: handshake.Ready, args: 2, files: 2, says: afterAdmit},
	{kind: handshake.Go, args: 1, files: handshake.MaxFiles, says: "await go: bad message", waits: "run: expected exit"},
	{kind: handshake.Exit, args: 1, says: "run: expected exit"},
	{kind: handshake.Reap, args: 1, says: serves, waits: ends, breaks: true},
	{kind: handshake.Gone, args: 1, says: ends, breaks: true},
	{kind: handshake.ScratchPlease, args: 1, says: keeps, waits: asks + "scratch-done"},
	{kind: handshake.ScratchDone, says: asks + "scratch-done"},
	{kind: handshake.MountPlease, args: 1, says: keeps, waits: asks + "mount-fd"},
	{kind: handshake.MountFD, files: 1, says: asks + "mount-fd"},
	{second: true, kind: handshake.Join, args: 3, files: 2, says: serves, waits: makesSecond, breaks: true},
	{second: true, kind: handshake.Admit, says: makesSecond},
	{second: true, kind: handshake.Admitted, says: "await admitted: bad message", waits: afterSecond},
	{second: true, kind: handshake.Ready, args: 2, files: 2, says: afterSecond},
	{second: true, kind: handshake.Go, args: 1, files: handshake.MaxFiles, says: "await go: bad message", waits: "run: expected exit"},
	{second: true, kind: handshake.Exit, args: 1, says: "run: expected exit"},
	{second: true, kind: handshake.Reap, args: 1, says: serves, waits: ends, breaks: true},
	{second: true, kind: handshake.Gone, args: 1, says: ends, breaks: true},
}

// String names the state among all.
func (s state) String() string {
	if s.second {
		return s.kind.String() + " of a second program"
	}
	return s.kind.String()
}

// states are those of the ladder that can be played here. A second program is killed by the pid that its messages
// come from: if the wire may not send them in its name, that is ours.
func states() []state {
	if mayImpersonate() {
		return ladder
	}
	return slices.DeleteFunc(slices.Clone(ladder), func(s state) bool { return s.second })
}

func (s state) ofKeeper() bool { return s.kind >= handshake.ScratchPlease }

// byInit tells whether init or the program, which are no Go programs, receive it: they have no words.
func (s state) byInit() bool {
	return slices.Contains([]handshake.Kind{handshake.HooksDone, handshake.Admitted, handshake.Go}, s.kind)
}

// bad is a fault and what the parent is to say of it.
type bad struct {
	fault
	want []string
	fit  bool // the sandbox can be used again
}

// listens is what the parent says when nothing comes any more.
func (s state) listens() string { return cmp.Or(s.waits, s.says) }

// stall is that a message gets lost in a state, and all that come after it.
func (s state) stall() bad {
	// Who keeps a message of a run's making keeps init waiting, which only the intermediate's end ends.
	fit := s.kind == handshake.Exit || s.kind == handshake.Go
	return bad{fault{s.String(), s.kind, nil, stalls, s.second}, []string{s.listens(), os.ErrDeadlineExceeded.Error()}, fit}
}

// faults are all else that can go wrong in a state.
func (s state) faults(null *os.File) []bad {
	instead := func(kind handshake.Kind, args, files int) func(handshake.Message) handshake.Message {
		return func(handshake.Message) handshake.Message {
			m := handshake.Message{Kind: kind, Args: make([][]byte, args)}
			for range files {
				m.Files = append(m.Files, null)
			}
			return m
		}
	}
	says := func(name string, change func(handshake.Message) handshake.Message, want string) bad {
		b := bad{fault{name, s.kind, change, goesOn, s.second}, []string{s.says}, !s.breaks}
		if !s.byInit() {
			b.want = append(b.want, want)
		}
		return b
	}
	other := handshake.IntermediateReady
	if s.kind == other {
		other = handshake.RootReady
	}
	all := []bad{
		{fault{"dies", s.kind, nil, dies, s.second}, []string{s.listens(), "EOF"}, !s.breaks},
		says("another kind", instead(other, 0, 0), "got "+other.String()),
		says("surplus argument", instead(s.kind, s.args+1, 0), fmt.Sprintf("%v: expected %d arguments, got %d", s.kind, s.args, s.args+1)),
	}
	if s.args > 0 {
		all = append(all, says("missing argument", instead(s.kind, s.args-1, 0), fmt.Sprintf("%v: expected %d arguments, got %d", s.kind, s.args, s.args-1)))
	}
	if s.files < handshake.MaxFiles {
		all = append(all, says("surplus descriptor", instead(s.kind, s.args, s.files+1), fmt.Sprintf("to %d descriptors, got %d", s.files, s.files+1)))
	}
	for _, special := range specialFaults(null) {
		if special.kind == s.kind {
			special.fit, special.second = special.fit || !s.breaks, s.second
			all = append(all, special)
		}
	}
	if s.waits == "" {
		complaint := []byte("out of luck")
		want := "out of luck"
		if slices.Contains([]handshake.Kind{handshake.Admit, handshake.Hooks, handshake.Ready, handshake.Exit}, s.kind) {
			complaint, want = words(2, 0, int(unix.EXDEV)), "clone the program: invalid cross-device link"
		}
		all = append(all, bad{fault{"complains", s.kind, func(handshake.Message) handshake.Message {
			return handshake.Message{Kind: handshake.Error, Args: [][]byte{complaint}}
		}, goesOn, s.second}, []string{want}, !s.breaks})
	}
	return all
}

// words is the argument of an error message of init: a phase, an index and an errno.
func words(numbers ...int) (b []byte) {
	for _, n := range numbers {
		b = append(b, byte(n), byte(n>>8), byte(n>>16), byte(n>>24), byte(n>>32), byte(n>>40), byte(n>>48), byte(n>>56))
	}
	return b
}

// specialFaults are those of one kind of message: descriptors that are missing or of the wrong type,
// arguments that mean nothing.
func specialFaults(null *os.File) []bad {
	with := func(kind handshake.Kind, name, want string, change func(*handshake.Message)) bad {
		return bad{fault: fault{name: name, kind: kind, change: func(m handshake.Message) handshake.Message {
			change(&m)
			return m
		}, end: goesOn}, want: []string{want}}
	}
	noFiles := func(m *handshake.Message) { m.Files = nil }
	nulls := func(m *handshake.Message) { m.Files = []*os.File{null} }
	args := func(b ...[]byte) func(*handshake.Message) {
		return func(m *handshake.Message) { m.Args = b }
	}
	failed := func(numbers ...int) func(*handshake.Message) {
		return func(m *handshake.Message) {
			*m = handshake.Message{Kind: handshake.Error, Args: [][]byte{words(numbers...)}}
		}
	}
	noPidfd := with(handshake.Join, "no pidfd", "join the namespaces: invalid argument", func(m *handshake.Message) {
		m.Files = []*os.File{m.Files[0], null}
	})
	noPidfd.fit = true // nothing is wrong with the message
	return []bad{
		noPidfd,
		with(handshake.Prepare, "missing descriptor", "prepare: expected 1 to 16 descriptors, got 0", noFiles),
		with(handshake.Join, "missing descriptor", "join: expected 2 to 2 descriptors, got 1", func(m *handshake.Message) { m.Files = m.Files[:1] }),
		with(handshake.Join, "no JSON", "join: unexpected end of JSON input", args(encodeNumbers(99, nil), nil, nil)),
		with(handshake.Prepare, "no numbers", "prepare: numbers of 0 bytes: want 8 for each clone", args(nil, nil)),
		with(handshake.Prepare, "a dead clone that nobody knows", "reap: there is no clone 99", args(encodeNumbers(1, []cloneNumber{99}), nil)),
		with(handshake.Reap, "half a number", "reap: numbers of 4 bytes: want 8 for each clone", args(make([]byte, 4))),
		with(handshake.Reap, "a clone that nobody knows", "reap: there is no clone 99", args(encodeNumbers(99, nil))),
		with(handshake.SetRoot, "surplus descriptor", "set-root: expected 0 mounts, got 1 descriptors", nulls),
		with(handshake.SetRoot, "no JSON", "set-root: unexpected end of JSON input", args(nil)),
		with(handshake.Hooks, "hook that nobody has", `there is no hook "before-lunch"`, args([]byte("before-lunch"))),
		with(handshake.Ready, "missing descriptor", "ready: expected 1 to 2 descriptors, got 0", noFiles),
		with(handshake.Ready, "no listener", "make the sandbox: ready: expected a seccomp listener, got ", func(m *handshake.Message) {
			m.Files = []*os.File{m.Files[0], null}
		}),
		with(handshake.Ready, "no pidfd", "make the sandbox: ready: expected a pidfd", nulls),
		with(handshake.Ready, "short arguments", "make the sandbox: ready: argument 1 of ready has 2 bytes: want 8", args([]byte("no"), nil)),
		with(handshake.Ready, "second admission", "ready, got admit", func(m *handshake.Message) { *m = handshake.Message{Kind: handshake.Admit} }),
		with(handshake.Ready, "failed step that there is not", "step -1 of phase 2: ", failed(2, -1, int(unix.EPERM))),
		with(handshake.Ready, "failed step of no phase", "step 0 of phase 99: ", failed(99, 0, int(unix.EPERM))),
		with(handshake.Go, "steps outside of the message", "await go: bad message", args(words(1<<40, 1, 0))),
		with(handshake.Exit, "short argument", "run: expected exit: exit message of 2 bytes: want ", args([]byte("no"))),
		with(handshake.Gone, "short argument", "end of the run: gone: message of 2 bytes: want 32", args([]byte("no"))),
		with(handshake.MountFD, "missing descriptor", "mount-fd: expected 1 to 1 descriptors, got 0", noFiles),
		with(handshake.MountFD, "no tree", "keeper of mounts: expected a tree: true, got ", nulls),
	}
}

// live uses a sandbox from its introduction to the end of a run, and of one that is killed.
func live(ctx context.Context, s *Sandbox) error {
	if err := s.introduce(); err != nil {
		return err
	}
	nothing := func(int) error { return nil }
	root := &Root{Hooks: Hooks{BeforePivot: nothing}}
	if err := s.Prepare(root, nothing); err != nil {
		return err
	}
	if _, err := s.Run(ctx, shortProgram(root), nil); err != nil {
		return err
	}
	long := shortProgram(&Root{})
	long.Path, long.Args = "sleep", []string{"sleep", "1000"}
	p, err := s.Start(ctx, long, nil)
	if err != nil {
		return err
	}
	p.Kill()
	_, err = p.Wait()
	return err
}

// liveTwice has a second program join a first, whom no fault of that harms.
func liveTwice(ctx context.Context, t *testing.T, s *Sandbox) error {
	if err := s.introduce(); err != nil {
		return err
	}
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	first := shortProgram(&Root{})
	first.Path, first.Args, first.Stdout = "sh", []string{"sh", "-c", "echo; exec sleep 1000"}, w
	p, err := s.Start(context.Background(), first, nil)
	w.Close()
	if err != nil {
		return err
	}
	_, err = r.Read(make([]byte, 1)) // all of its conversation, but for the end, is over
	require.NoError(t, err)
	second, err := p.Exec(ctx, shortProgram(nil), func(int) error { return nil })
	if err == nil {
		_, err = second.Wait()
	}
	if s.Err() == nil {
		assert.NoError(t, p.Signal(0), "the first program")
		p.Kill()
		exit, err := p.Wait()
		assert.NoError(t, err)
		assert.ErrorIs(t, exit.Cause, ErrKilled)
	}
	return err
}

func shortProgram(root *Root) Program {
	return Program{Path: "true", Env: []string{"PATH=/usr/bin:/bin"}, Root: root}
}

// keep has a keeper make a Scratch and open a tree.
func keep(k *keeper) error {
	place := mounterPlace + "/1"
	if err := k.scratch(scratchRequest{Place: place, Spec: rootSpec{Base: true, Size: 1 << 20, Inodes: 10}}); err != nil {
		return err
	}
	f, err := k.open(mountRequest{Tree: &treeRequest{Path: place}})
	if err == nil {
		f.Close()
	}
	return err
}

// shortDeadline is what a stalled peer is given here, at first.
const shortDeadline = 250 * time.Millisecond

// Both sides are real. The wire between them falsifies one message, in every state of the ladder and
// in every way, and the parent says what it expected and what it got, and leaves nothing behind.
func TestEveryFaultInEveryStateIsAnErrorThatNamesIt(t *testing.T) {
	needSandbox(t)
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	require.NoError(t, err)
	defer null.Close()
	for _, state := range states() {
		t.Run(state.String(), func(t *testing.T) {
			countDescriptors(t)
			countChildren(t)
			for _, bad := range state.faults(null) {
				t.Run(bad.name, func(t *testing.T) {
					t.Parallel()
					provoke(t, state, bad)
				})
			}
		})
	}
}

func TestInEveryStateAStalledPeerMeetsADeadline(t *testing.T) {
	needSandbox(t)
	countDescriptors(t)
	countChildren(t)
	t.Run("all at once", func(t *testing.T) {
		for _, state := range states() {
			bad := state.stall()
			t.Run(bad.name, func(t *testing.T) {
				t.Parallel()
				provoke(t, state, bad)
			})
		}
	})
}

func provoke(t *testing.T, state state, bad bad) {
	var timeout time.Duration
	if bad.end == stalls {
		timeout = shortDeadline
	}
	s, hit, err := attempt(t, state, bad.fault, timeout)
	for timeout > 0 && timeout < patience && !(hit && bad.came(state, s, err)) { // something else took longer than that
		timeout *= 2
		s, hit, err = attempt(t, state, bad.fault, timeout)
	}
	require.True(t, hit, "there was no %v: %v", state, err)
	require.Error(t, err)
	for _, want := range bad.want {
		assert.ErrorContains(t, err, want)
	}
	if !state.leaves(s) {
		return
	}
	if assert.Equal(t, bad.fit, s.Err() == nil, "%v", s.Err()) && bad.fit {
		s.timeout = 0
		_, err := s.Run(context.Background(), shortProgram(&Root{}), nil)
		assert.NoError(t, err, "the next run")
	}
}

// leaves tells whether there is a sandbox after a fault in the state, and it was finished before.
func (s state) leaves(of *Sandbox) bool { return of != nil && s.kind >= handshake.SetRoot }

// came tells whether it has come as it is to.
func (b bad) came(state state, s *Sandbox, err error) bool {
	for _, want := range b.want {
		if err == nil || !strings.Contains(err.Error(), want) {
			return false
		}
	}
	return !state.leaves(s) || b.fit == (s.Err() == nil)
}

// attempt lives through a fault, if it comes to that.
func attempt(t *testing.T, state state, fault fault, timeout time.Duration) (s *Sandbox, hit bool, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w := &wire{fault: fault, cancel: cancel}
	if state.ofKeeper() {
		err = keep(w.startKeeper(t, timeout))
	} else if s = w.startSandbox(t, timeout); state.second {
		err = liveTwice(ctx, t, s)
	} else {
		err = live(ctx, s)
	}
	return s, w.hit.Load(), err
}

// countChildren fails the test if processes are left at its end, orphans included.
func countChildren(t *testing.T) {
	t.Helper()
	before := children()
	t.Cleanup(func() {
		for _, pid := range children() {
			if !slices.Contains(before, pid) {
				assert.NoError(t, waitForEnd(pid), "%d %s", pid, commandOf(pid))
			}
		}
		children() // buries the dead
	})
}

// The ladder here has what that of the documentation has.
func TestFaultsCoverTheLadder(t *testing.T) {
	var missing []string
	for _, k := range everyKind {
		if !slices.ContainsFunc(ladder, func(s state) bool { return s.kind == k }) {
			missing = append(missing, k.String())
		}
	}
	assert.Empty(t, missing)
}
