package isolate

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestWaitReturnsTheSameAgain(t *testing.T) {
	b := newBox(t)
	p, err := b.Start(context.Background(), b.probeProgram("exit", "3"), nil)
	require.NoError(t, err)
	first, err := p.Wait()
	require.NoError(t, err)
	assert.Equal(t, 3, first.Status.ExitStatus())
	second, err := p.Wait()
	require.NoError(t, err)
	assert.Equal(t, first, second)
}

// Whoever closes the sandbox while others wait ends the program for all of them.
func TestAllThatWaitGetTheSame(t *testing.T) {
	b := newBox(t)
	p, err := b.Start(context.Background(), b.probeProgram("pause"), nil)
	require.NoError(t, err)
	type end struct {
		exit Exit
		err  error
	}
	ends := make(chan end)
	for _, wait := range []func() (Exit, error){p.Wait, p.Wait, func() (Exit, error) { return p.WaitProcesses(func() bool { return false }) }} {
		go func() {
			exit, err := wait()
			ends <- end{exit, err}
		}()
	}
	require.NoError(t, b.Close())
	first := <-ends
	require.NoError(t, first.err)
	assert.ErrorIs(t, first.exit.Cause, ErrKilled)
	assert.Equal(t, first, <-ends)
	assert.Equal(t, first, <-ends)
}

func TestStartReturnsWhileTheProgramRuns(t *testing.T) {
	b := newBox(t)
	var atGate int
	p, err := b.Start(context.Background(), b.probeProgram("pause"), func(pid int) error { atGate = pid; return nil })
	require.NoError(t, err)
	assert.Equal(t, atGate, p.PID())
	state, _ := stateOf(p.PID())
	assert.NotEmpty(t, state)
	p.Kill()
	_, err = p.Wait()
	assert.NoError(t, err)
	p.Kill() // does nothing
}

// Until execve the program shares the memory of the intermediate, whose handlers it must not run.
func TestSignalBeforeExecveReachesTheProgramAlone(t *testing.T) {
	b := newBox(t)
	for i := range 200 {
		sig := []unix.Signal{unix.SIGTERM, unix.SIGURG, unix.SIGUSR1, unix.SIGSEGV, unix.SIGPROF}[i%5]
		p, err := b.Start(context.Background(), b.probeProgram("exit", "0"), nil)
		require.NoError(t, err)
		p.Signal(sig) // which may come too late
		exit, err := p.Wait()
		require.NoError(t, err)
		if exit.Status.Signaled() {
			require.Equal(t, sig, exit.Status.Signal())
		}
	}
	require.NoError(t, b.Err())
}

func TestKillIsAnExitBySignal(t *testing.T) {
	b := newBox(t)
	p, err := b.Start(context.Background(), b.probeProgram("pause"), nil)
	require.NoError(t, err)
	p.Kill()
	exit, err := p.Wait()
	require.NoError(t, err)
	assert.Equal(t, syscall.WaitStatus(unix.SIGKILL), exit.Status)
	require.ErrorIs(t, exit.Cause, ErrKilled)
	require.NoError(t, b.Err())
	b.probed("exit", "0")
}

func TestProgramThatNobodyWaitsForIsKilledByTheNextUse(t *testing.T) {
	b := newBox(t)
	for name, use := range map[string]func() error{
		"run":   func() error { _, _, err := b.run(context.Background(), b.probeProgram("exit", "0"), nil); return err },
		"close": nil,
	} {
		t.Run(name, func(t *testing.T) {
			b := b
			if use == nil {
				b = newBox(t)
				use = b.Close
			}
			p, err := b.Start(context.Background(), b.probeProgram("stay", "daemon", "3"), nil)
			require.NoError(t, err)
			namespace := namespaceOf(t, p.PID())
			require.NoError(t, use())
			assert.Empty(t, processesIn(namespace))
		})
	}
}

func TestForgottenProgramLeavesNoDescriptor(t *testing.T) {
	needSandbox(t)
	layer := probeLayer(t)
	countDescriptors(t)
	s, err := New()
	require.NoError(t, err)
	_, err = s.Start(context.Background(), Program{Path: "/probe", Args: []string{"probe", "pause"}, Root: &Root{Layers: []Layer{{Scratch: layer}}}}, nil)
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

func TestPeerThatDiesInAHookIsAnErrorAndNoHang(t *testing.T) {
	b := newBox(t)
	for name, hooks := range map[string]Hooks{"before-pivot": {BeforePivot: killProcess}, "before-exec": {BeforeExec: killProcess}} {
		t.Run(name, func(t *testing.T) {
			countDescriptors(t)
			b := b.in(t)
			_, _, err := b.run(context.Background(), Program{Path: "/probe", Root: b.with(Root{Hooks: hooks})}, nil)
			require.Error(t, err)
			assert.NoError(t, b.Err())
		})
	}
	b.probed("exit", "0")
}

func TestListenerOfSomebodyElseDecides(t *testing.T) {
	b := newBox(t)
	path := filepath.Join(t.TempDir(), "listener")
	server, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	require.NoError(t, err)
	defer server.Close()
	type handover struct {
		state    processState
		listener int
		eof      error
	}
	handed := make(chan handover, 1)
	go func() {
		defer close(handed)
		server.SetDeadline(time.Now().Add(patience))
		conn, err := server.AcceptUnix()
		if err != nil {
			return
		}
		defer conn.Close()
		var h handover
		text, rights := make([]byte, 4096), make([]byte, 4096)
		n, controls, _, _, err := conn.ReadMsgUnix(text, rights)
		if err != nil || json.Unmarshal(text[:n], &h.state) != nil {
			return
		}
		if messages, err := unix.ParseSocketControlMessage(rights[:controls]); err == nil && len(messages) == 1 {
			if fds, err := unix.ParseUnixRights(&messages[0]); err == nil && len(fds) == 1 {
				h.listener = fds[0]
			}
		}
		_, h.eof = conn.Read(text)
		handed <- h
	}()
	b.root = b.with(Root{Listener: path})
	pid := b.prepare(b.root)
	h, ok := <-handed
	require.True(t, ok, "nothing was handed over")
	defer unix.Close(h.listener)
	assert.ErrorIs(t, h.eof, io.EOF, "the socket is closed after sending")
	assert.Equal(t, []string{"seccompFd"}, h.state.Fds)
	assert.Equal(t, pid, h.state.PID)
	assert.Equal(t, "creating", h.state.State.Status)
	target, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(h.listener))
	require.NoError(t, err)
	assert.Contains(t, target, "seccomp notify")
}

func TestListenerThatIsNotThereIsAnErrorThatNamesIt(t *testing.T) {
	b := newBox(t)
	countDescriptors(t)
	path := filepath.Join(t.TempDir(), "nobody")
	_, _, err := b.run(context.Background(), Program{Path: "/probe", Root: b.with(Root{Listener: path})}, nil)
	require.ErrorContains(t, err, path)
	assert.NoError(t, b.Err())
	b.probed("exit", "0")
}
