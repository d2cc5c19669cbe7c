package isolate

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"judge/fixtures/testenv"
)

func killProcess(pid int) error { return unix.Kill(pid, unix.SIGKILL) }

// watched are pidfds of processes that are to end.
type watched map[string]*os.File

// watchRun opens pidfds of a run's processes, by the pid of its program.
func watchRun(t *testing.T, program int) watched {
	t.Helper()
	_, initPID := stateOf(program)
	_, intermediate := stateOf(initPID)
	w := watched{}
	for name, pid := range map[string]int{"program": program, "init": initPID, "intermediate": intermediate} {
		fd, err := unix.PidfdOpen(pid, 0)
		require.NoError(t, err, "%s %d", name, pid)
		w[name] = os.NewFile(uintptr(fd), name)
		t.Cleanup(func() { w[name].Close() })
	}
	return w
}

func (w watched) requireEnd(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		assert.NoError(t, waitForPidfd(w[name]), name)
	}
}

func TestKilledInitIsAnErrorAndTheSandboxStaysFit(t *testing.T) {
	b := newBox(t)
	var w watched
	exit, err := runUntilSaid(t, b, context.Background(), func(pid int) {
		w = watchRun(t, pid)
		_, initPID := stateOf(pid)
		assert.NoError(t, killProcess(initPID))
	}, "say", "here")
	require.ErrorContains(t, err, "init died")
	assert.Zero(t, exit)
	w.requireEnd(t, "program", "init")
	require.NoError(t, b.Err())
	b.probed("exit", "0")
}

func TestKilledIntermediateIsAnErrorAndTheEndOfTheSandbox(t *testing.T) {
	b := newBox(t)
	var w watched
	exit, err := runUntilSaid(t, b, context.Background(), func(pid int) {
		w = watchRun(t, pid)
		assert.NoError(t, killProcess(b.process.Pid))
	}, "say", "here")
	require.Error(t, err)
	assert.Zero(t, exit)
	w.requireEnd(t, "intermediate", "init", "program")
	assert.ErrorContains(t, b.Err(), "end of the run")
	_, _, err = b.run(context.Background(), b.probeProgram("exit", "0"), nil)
	require.ErrorIs(t, err, b.Err(), "the sandbox says why it cannot be used")
	require.NoError(t, b.Close())
}

func TestIntermediateKilledBetweenRunsIsSeenByTheNext(t *testing.T) {
	b := newBox(t)
	b.probed("exit", "0")
	require.NoError(t, killProcess(b.process.Pid))
	require.NoError(t, waitForEnd(b.process.Pid))
	_, _, err := b.run(context.Background(), b.probeProgram("exit", "0"), nil)
	require.Error(t, err)
	require.Error(t, b.Err())
}

func TestPreparationGoesWithABrokenSandbox(t *testing.T) {
	for _, row := range []struct {
		name string
		gate Gate
	}{{"not waited for", nil}, {"at the gate", func(int) error { return nil }}} {
		t.Run(row.name, func(t *testing.T) {
			openSandbox(t) // or skip
			countDescriptors(t)
			s := openSandbox(t)
			tasks, _ := standIns(t, 1)
			root := &Root{}
			p := Program{Path: "sleep", Args: []string{"sleep", "1000"}, Env: []string{"PATH=/usr/bin:/bin"}, Root: root}
			process, err := s.Start(context.Background(), p, nil)
			require.NoError(t, err)
			require.NoError(t, s.Prepare(root, row.gate, tasks...))
			require.NoError(t, killProcess(s.process.Pid))
			_, err = process.Wait()
			require.Error(t, err)
			require.Equal(t, s.Err(), errors.Unwrap(s.Discard()), "it says why it cannot be used")
		})
	}
}

func TestCloseEndsAnIntermediateThatIsStopped(t *testing.T) {
	b := newBox(t)
	pid := b.process.Pid
	require.NoError(t, unix.Kill(pid, unix.SIGSTOP))
	closed := make(chan error)
	go func() { closed <- b.Close() }()
	select {
	case err := <-closed:
		require.NoError(t, err)
	case <-time.After(patience):
		t.Error("Close waits for a process that is stopped")
		require.NoError(t, unix.Kill(pid, unix.SIGCONT))
		<-closed
	}
}

// A judge that is killed is this binary again: it runs programs until then.

// judgeVariable makes this binary such a judge; it has the path of the probe. The program's
// arguments are the judge's.
const judgeVariable = "JUDGE_ISOLATE_HELPER"

// serveKilledJudge prints the pid of its program when that one is where the test wants it.
func serveKilledJudge() {
	if err := runKilledJudge(os.Getenv(judgeVariable), os.Args[1], os.Args[2:]); err != nil {
		fmt.Println(err)
	}
	os.Exit(1)
}

func runKilledJudge(probe, moment string, args []string) error {
	f, err := os.Open(probe)
	if err != nil {
		return err
	}
	layer, err := NewScratch(16<<20, 100)
	if err != nil {
		return err
	}
	if err := layer.Create("/probe", 0o755, f); err != nil {
		return err
	}
	s, err := New()
	if err != nil {
		return err
	}
	root := &Root{Layers: []Layer{{Scratch: layer}}}
	waiting := make(chan error)
	tell := func(pid int) error { fmt.Println(pid); return <-waiting }
	switch moment {
	case "prepared":
		return s.Prepare(root, tell)
	case "gate":
		_, err = s.Run(context.Background(), Program{Path: "/probe", Root: root}, tell)
		return err
	}
	// The program's own word, behind its pid, says that it is where it should be.
	_, err = s.Run(context.Background(), Program{Path: "/probe", Args: append([]string{"probe"}, args...), Root: root, Stdout: os.Stdout},
		func(pid int) error { fmt.Print(pid, " "); return nil })
	return err
}

func TestKilledJudgeTakesItsProgramsAlong(t *testing.T) {
	needSandbox(t)
	probe, err := probeBinary.build()
	if err != nil {
		testenv.Skip(t, err)
	}
	for _, row := range []struct {
		name string
		args []string
	}{
		{"prepared sandbox", []string{"prepared"}},
		{"program at the gate", []string{"gate"}},
		{"running program", []string{"run", "say", "here"}},
		{"children", []string{"run", "stay", "child", "10"}},
		{"daemons", []string{"run", "stay", "daemon", "3"}},
		{"stopped children", []string{"run", "stay", "stopped", "3"}},
		{"children that ignore signals", []string{"run", "stay", "deaf", "3"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			cmd := exec.Command("/proc/self/exe", row.args...)
			cmd.Env = append(os.Environ(), judgeVariable+"="+probe)
			cmd.Stderr = os.Stderr
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			defer cmd.Wait()
			defer cmd.Process.Kill()
			out.(*os.File).SetReadDeadline(time.Now().Add(patience))
			line, err := bufio.NewReader(out).ReadString('\n')
			require.NoError(t, err, line)
			pid, err := strconv.Atoi(strings.Fields(line)[0])
			require.NoError(t, err, line)
			namespace := namespaceOf(t, pid)
			w := watchRun(t, pid)
			require.NoError(t, cmd.Process.Kill())
			w.requireEnd(t, "intermediate", "init", "program")
			assert.Empty(t, processesIn(namespace))
		})
	}
}
