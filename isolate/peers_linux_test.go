package isolate

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"judge/isolate/internal/handshake"
)

// A real intermediate whose parent does not do what it should.

// orphan is an intermediate that this test started and speaks to by itself.
type orphan struct {
	*Sandbox
	t   *testing.T
	raw int // our end of the socket, for what Conn would not send
}

func startIntermediate(t *testing.T) *orphan {
	t.Helper()
	needSandbox(t)
	standing, err := theStanding()
	require.NoError(t, err)
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	require.NoError(t, unix.SetNonblock(fds[0], true))
	conn, err := handshake.NewConn(os.NewFile(uintptr(fds[0]), "parent"))
	require.NoError(t, err)
	peer := os.NewFile(uintptr(fds[1]), "intermediate")
	defer peer.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	require.NoError(t, err)
	defer null.Close()
	process, err := os.StartProcess("/proc/self/exe", Config{Hostname: "sandbox"}.arguments(0), &os.ProcAttr{
		Dir: "/", Files: []*os.File{null, null, os.Stderr, peer}, Sys: inNamespaces(slotNamespaces),
	})
	require.NoError(t, err)
	s := &Sandbox{process: process, conn: conn}
	require.NoError(t, standing.mounts.acquire())
	s.mounts = standing.mounts
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return &orphan{s, t, fds[0]}
}

func (o *orphan) send(m handshake.Message) {
	o.t.Helper()
	require.NoError(o.t, o.conn.Send(m))
}

// ended waits for the end of the intermediate and returns its exit status.
func (o *orphan) ended() int {
	o.t.Helper()
	require.NoError(o.t, waitForEnd(o.process.Pid))
	state, err := o.process.Wait()
	require.NoError(o.t, err)
	o.process = nil
	return state.ExitCode()
}

func TestIntermediateEndsWithItsParent(t *testing.T) {
	for _, row := range []struct {
		name string
		upTo func(o *orphan)
	}{
		{"at once", func(o *orphan) {}},
		{"before the mapping is written", func(o *orphan) {
			_, err := o.conn.Receive("test", time.Now().Add(patience), handshake.MappingPlease)
			require.NoError(o.t, err)
		}},
		{"when it is ready", func(o *orphan) { require.NoError(o.t, o.introduce()) }},
		{"with a prepared sandbox", func(o *orphan) {
			require.NoError(o.t, o.introduce())
			require.NoError(o.t, o.Prepare(&Root{}, nil))
			o.next.close()
			o.next.supervised()
			o.next.closeSupervisor()
			o.next = nil
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := startIntermediate(t)
			row.upTo(o)
			require.NoError(t, o.conn.Close())
			o.conn = nil
			assert.Zero(t, o.ended(), "a parent that is gone is no error")
		})
	}
}

func TestIntermediateRefusesWhatIsNotItsTurn(t *testing.T) {
	file, err := os.Open("testdata/probe.c")
	require.NoError(t, err)
	defer file.Close()
	oneLayer, err := json.Marshal(rootSpec{Layers: 1})
	require.NoError(t, err)
	for _, row := range []struct {
		name  string
		early bool // before the mapping
		act   func(o *orphan)
		want  string
	}{
		{"another message instead of a mapping", true, func(o *orphan) {
			o.send(handshake.Message{Kind: handshake.MountFD, Files: []*os.File{file}})
		}, "mapping: expected mapping-written, got mount-fd"},
		{"mapping a second time", false, func(o *orphan) { o.send(handshake.Message{Kind: handshake.MappingWritten}) },
			"got mapping-written"},
		{"its own message", false, func(o *orphan) { o.send(handshake.Message{Kind: handshake.RootReady}) }, "got root-ready"},
		{"mounts missing", false, func(o *orphan) {
			o.send(handshake.Message{Kind: handshake.SetRoot, Args: [][]byte{oneLayer}})
		}, "set-root: expected 1 mounts, got 0 descriptors"},
		{"no mount", false, func(o *orphan) {
			o.send(handshake.Message{Kind: handshake.SetRoot, Args: [][]byte{oneLayer}, Files: []*os.File{file}})
		}, "attach the mount at /layer0: invalid argument"},
		{"no JSON", false, func(o *orphan) {
			o.send(handshake.Message{Kind: handshake.SetRoot, Args: [][]byte{[]byte("{")}})
		}, "set-root: unexpected end of JSON input"},
		{"no message", false, func(o *orphan) {
			require.NoError(o.t, unix.Sendmsg(o.raw, []byte("garbage!"), nil, nil, 0))
		}, "message of unknown kind 103"},
		{"descriptors that were not announced", false, func(o *orphan) {
			m := handshake.Message{Kind: handshake.RootReady}
			require.NoError(o.t, unix.Sendmsg(o.raw, m.Encode(), unix.UnixRights(1), nil, 0))
		}, "root-ready: announces 0 descriptors, 1 came"},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := startIntermediate(t)
			if row.early {
				_, err := o.conn.Receive("test", time.Now().Add(patience), handshake.MappingPlease)
				require.NoError(t, err)
			} else {
				require.NoError(t, o.introduce())
			}
			row.act(o)
			_, err := o.conn.Receive("test", time.Now().Add(patience), handshake.Gone)
			var peer *handshake.PeerError
			require.ErrorAs(t, err, &peer)
			assert.Contains(t, string(peer.Arg), row.want)
			o.ended()
		})
	}
}

// A real parent whose intermediate, or init, does not do what it should.

// impostor is a Sandbox whose intermediate is the test.
func impostor(t *testing.T, play func(control *handshake.Conn)) *Sandbox {
	t.Helper()
	needSandbox(t)
	standing, err := theStanding()
	require.NoError(t, err)
	conn, peer, err := handshake.Pair()
	require.NoError(t, err)
	control, err := handshake.NewConn(peer)
	require.NoError(t, err)
	bystander := exec.Command("sleep", "1000") // dies for the intermediate
	bystander.SysProcAttr = inNamespaces(slotNamespaces)
	require.NoError(t, bystander.Start())
	s := &Sandbox{conn: conn, mounts: standing.mounts, process: bystander.Process}
	done := make(chan struct{})
	go func() {
		defer close(done)
		play(control)
	}()
	t.Cleanup(func() {
		conn.Close()
		<-done
		control.Close()
		bystander.Process.Kill()
		bystander.Wait()
	})
	return s
}

func die(c *handshake.Conn) { c.Close() }

func say(m handshake.Message) func(*handshake.Conn) {
	return func(c *handshake.Conn) { c.Send(m) }
}

var complaint = say(handshake.Message{Kind: handshake.Error, Args: [][]byte{[]byte("out of luck")}})

// after receives a message of the kind before it plays on.
func after(k handshake.Kind, play func(*handshake.Conn)) func(*handshake.Conn) {
	return func(c *handshake.Conn) {
		if m, err := c.Receive("impostor", time.Time{}, k); err == nil {
			m.CloseFiles()
			play(c)
		}
	}
}

// initPlays hands the run's socket of prepare to a false init.
func initPlays(play func(run *handshake.Conn), then func(control *handshake.Conn)) func(*handshake.Conn) {
	return func(c *handshake.Conn) {
		after(handshake.SetRoot, say(handshake.Message{Kind: handshake.RootReady}))(c)
		m, err := c.Receive("impostor", time.Time{}, handshake.Prepare)
		if err != nil {
			return
		}
		if run, err := handshake.NewConn(m.Files[0]); err == nil {
			play(run)
			run.Close()
		}
		then(c)
	}
}

var gone = say(handshake.Message{Kind: handshake.Gone, Args: [][]byte{goneInfo{Status: 11}.encode()}})

func TestParentNamesStateExpectedAndReceived(t *testing.T) {
	introduce := func(s *Sandbox) error { return s.introduce() }
	prepare := func(s *Sandbox) error { return s.Prepare(&Root{}, nil) }
	hooked := func(s *Sandbox) error {
		return s.Prepare(&Root{Hooks: Hooks{BeforeExec: func(int) error { return nil }}}, nil)
	}
	mute := func(*handshake.Conn) {}
	for _, row := range []struct {
		name   string
		play   func(*handshake.Conn)
		use    func(*Sandbox) error
		want   []string
		broken bool // the sandbox cannot be used any more
	}{
		{"identifier mapping, dies", die, introduce, []string{"identifier mapping: expected mapping-please: EOF"}, false},
		{"identifier mapping, complains", complaint, introduce, []string{"identifier mapping", "out of luck"}, false},
		{"identifier mapping, other message", gone, introduce, []string{"identifier mapping: expected mapping-please, got gone"}, false},
		{"mounts, dies", after(handshake.SetRoot, die), prepare, []string{"attach the root's mounts: expected root-ready: EOF"}, true},
		{"mounts, complains", after(handshake.SetRoot, complaint), prepare, []string{"attach the root's mounts", "out of luck"}, true},
		{"mounts, other message", after(handshake.SetRoot, say(handshake.Message{Kind: handshake.IntermediateReady})), prepare, []string{"attach the root's mounts: expected root-ready, got intermediate-ready"}, true},
		{"init, dies", initPlays(mute, after(handshake.Reap, gone)), prepare, []string{"make the sandbox: expected ", "ready: EOF", "init was killed by SIGSEGV"}, false},
		{"init, dies with the intermediate", initPlays(mute, die), prepare, []string{"make the sandbox", "end of the run: expected gone: EOF"}, true},
		{"init, other message", initPlays(say(handshake.Message{Kind: handshake.RootReady}), after(handshake.Reap, gone)), prepare, []string{"make the sandbox: expected ", "got root-ready"}, false},
		{"init, complaint that is too short", initPlays(complaint, after(handshake.Reap, gone)), prepare, []string{"make the sandbox: error message of 11 bytes"}, false},
		{"init, hook that nobody has", initPlays(say(handshake.Message{Kind: handshake.Hooks, Args: [][]byte{[]byte("before-lunch")}}), after(handshake.Reap, gone)),
			hooked, []string{`no hook "before-lunch"`}, false},
		{"end of the run, other message", initPlays(mute, after(handshake.Reap, say(handshake.Message{Kind: handshake.RootReady}))), prepare,
			[]string{"end of the run: expected gone, got root-ready"}, true},
		{"end of the run, no figures", initPlays(mute, after(handshake.Reap, say(handshake.Message{Kind: handshake.Gone, Args: [][]byte{nil}}))), prepare,
			[]string{"end of the run: gone: message of 0 bytes: want 32"}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			countDescriptors(t)
			s := impostor(t, row.play)
			err := row.use(s)
			require.Error(t, err)
			for _, want := range row.want {
				assert.ErrorContains(t, err, want)
			}
			assert.Equal(t, row.broken, s.Err() != nil, "%v", s.Err())
		})
	}
}

// When the intermediate is dead and init has not told its pid, only the run's socket says whether it lives.
func TestPrepareWaitsForAnInitThatOutlivesItsIntermediate(t *testing.T) {
	var heard error
	var ended atomic.Bool
	s := impostor(t, func(control *handshake.Conn) {
		outlives(control, func(run *handshake.Conn) {
			_, heard = run.Receive("init", time.Now().Add(patience), handshake.Go)
			run.Send(handshake.Message{Kind: handshake.Admit}) // to one that does not listen any more
			ended.Store(true)
		})
	})
	require.Error(t, s.Prepare(&Root{}, nil))
	assert.True(t, ended.Load())
	require.ErrorIs(t, heard, io.EOF)
}

func TestInitThatOutlivesItsIntermediateForEverIsAnError(t *testing.T) {
	over := make(chan struct{})
	s := impostor(t, func(control *handshake.Conn) {
		outlives(control, func(*handshake.Conn) { <-over })
	})
	defer close(over)
	s.timeout = shortDeadline
	require.ErrorContains(t, s.Prepare(&Root{}, nil), "init does not die")
}

// outlives is an intermediate that is dead as soon as it has cloned an init.
func outlives(control *handshake.Conn, init func(run *handshake.Conn)) {
	initPlays(func(run *handshake.Conn) {
		control.Close()
		run.Send(handshake.Message{Kind: handshake.RootReady}) // which ends the wait for it
		init(run)
	}, func(*handshake.Conn) {})(control)
}

func TestBrokenSandboxSaysWhyAndTouchesNothing(t *testing.T) {
	s := impostor(t, after(handshake.SetRoot, complaint))
	first := s.Prepare(&Root{}, nil)
	require.Error(t, first)
	again := s.Prepare(&Root{}, nil)
	require.ErrorIs(t, again, s.Err())
	assert.True(t, strings.HasPrefix(again.Error(), "sandbox: "), again)
	_, err := s.Run(t.Context(), Program{Path: "x"}, nil)
	require.True(t, errors.Is(err, s.Err()) && !errors.Is(err, io.EOF), err)
}
