package isolate

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// sh returns a program that runs a script and a pipe with what it prints.
func (b *box) sh(script string) (Program, *os.File, *os.File) {
	r, w, err := os.Pipe()
	require.NoError(b.t, err)
	b.t.Cleanup(func() { r.Close(); w.Close() })
	return Program{Path: "sh", Args: []string{"sh", "-c", script}, Env: []string{"PATH=/usr/bin:/bin"}, Dir: "/work", Root: b.root, Stdout: w}, r, w
}

// started starts a program that writes a file and then waits to be killed.
func (b *box) started() *Process {
	p, r, w := b.sh("echo from the first > /work/note; echo ready; exec sleep 1000")
	first, err := b.Start(context.Background(), p, nil)
	require.NoError(b.t, err)
	w.Close()
	line := make([]byte, 6)
	_, err = io.ReadFull(r, line)
	require.NoError(b.t, err)
	return first
}

func TestExecRunsInTheSandboxOfTheFirst(t *testing.T) {
	b := newBox(t)
	first := b.started()
	p, r, w := b.sh("cat /work/note; echo $$; grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; exit 7")
	var admitted int
	second, err := first.Exec(context.Background(), p, func(pid int) error { admitted = pid; return nil })
	require.NoError(t, err)
	assert.Equal(t, admitted, second.PID())
	assert.NotEqual(t, first.PID(), second.PID())
	exit, err := second.Wait()
	require.NoError(t, err)
	assert.Equal(t, 7, exit.Status.ExitStatus())
	w.Close()
	out, err := io.ReadAll(r)
	require.NoError(t, err)
	assert.Regexp(t, `^from the first\n3\n`, string(out), "it sees the file of the first, and is the third process")
	assert.Contains(t, string(out), "CapEff:\t0000000000000000")
	assert.Contains(t, string(out), "NoNewPrivs:\t1\nSeccomp:\t2")
	again, err := second.Wait()
	require.NoError(t, err)
	assert.Equal(t, exit, again)

	first.Kill()
	exit, err = first.Wait()
	require.NoError(t, err)
	assert.ErrorIs(t, exit.Cause, ErrKilled)
	assert.Equal(t, syscall.WaitStatus(unix.SIGKILL), exit.Status)
}

func TestExecEndsWithTheFirstAtTheLatest(t *testing.T) {
	b := newBox(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	p, _, _ := b.sh("exec sleep 1000")
	first, err := b.Start(ctx, p, nil)
	require.NoError(t, err)
	second, err := first.Exec(context.Background(), p, nil)
	require.NoError(t, err)
	why := errors.New("enough")
	cancel(why)
	exit, err := first.Wait()
	require.NoError(t, err)
	assert.ErrorIs(t, exit.Cause, why)
	exit, err = second.Wait()
	require.NoError(t, err)
	assert.Equal(t, syscall.WaitStatus(unix.SIGKILL), exit.Status)
	_, err = first.Exec(context.Background(), p, nil)
	assert.ErrorIs(t, err, os.ErrProcessDone)
	require.NoError(t, b.Err())
}

func TestExecCanBeCancelledAlone(t *testing.T) {
	b := newBox(t)
	first := b.started()
	ctx, cancel := context.WithCancelCause(context.Background())
	p, _, _ := b.sh("exec sleep 1000")
	second, err := first.Exec(ctx, p, nil)
	require.NoError(t, err)
	why := errors.New("enough")
	cancel(why)
	exit, err := second.Wait()
	require.NoError(t, err)
	assert.ErrorIs(t, exit.Cause, why)
	third, err := first.Exec(context.Background(), Program{Path: "/missing"}, nil)
	require.NoError(t, err)
	_, err = third.Wait()
	var exec *ExecError
	assert.ErrorAs(t, err, &exec)
	require.NoError(t, first.Signal(syscall.SIGTERM))
	exit, err = first.Wait()
	require.NoError(t, err)
	assert.Equal(t, syscall.WaitStatus(unix.SIGTERM), exit.Status)
	assert.ErrorIs(t, first.Signal(syscall.SIGTERM), os.ErrProcessDone)
}

func TestForgottenProcessesEndWithTheirSandbox(t *testing.T) {
	b := newBox(t)
	first := b.started()
	p, _, _ := b.sh("exec sleep 1000")
	second, err := first.Exec(context.Background(), p, nil)
	require.NoError(t, err)
	pids := []int{first.PID(), second.PID()}
	b.probed("exit", "0") // uses the sandbox again, and ends what was there
	for _, pid := range pids {
		assert.ErrorIs(t, unix.Kill(pid, 0), unix.ESRCH)
	}
}

func TestHooksRunInOrderAndTheirErrorsNameThem(t *testing.T) {
	b := newBox(t)
	var order []string
	hook := func(name string) func(int) error {
		return func(pid int) error {
			assert.NoError(t, unix.Kill(pid, 0), name)
			order = append(order, name)
			return nil
		}
	}
	p := b.probeProgram("exit", "0")
	p.Root = b.with(Root{Hooks: Hooks{BeforePivot: hook("pivot"), BeforeExec: hook("exec")}})
	_, err := b.Run(context.Background(), p, hook("gate"))
	require.NoError(t, err)
	assert.Equal(t, []string{"pivot", "exec", "gate"}, order)

	for name, hooks := range map[string]Hooks{
		"before-pivot": {BeforePivot: func(int) error { return os.ErrInvalid }},
		"before-exec":  {BeforeExec: func(int) error { return os.ErrInvalid }},
	} {
		p.Root = b.with(Root{Hooks: hooks})
		_, err := b.Run(context.Background(), p, nil)
		assert.ErrorIs(t, err, os.ErrInvalid)
		assert.ErrorContains(t, err, "hook "+name)
		require.NoError(t, b.Err())
	}
	b.probed("exit", "0")
}

func TestForbiddenCallsAreNamed(t *testing.T) {
	b := newBox(t)
	p, _, _ := b.sh("unshare -r true; unshare -m true; exit 3")
	exit, err := b.Run(context.Background(), p, nil)
	require.NoError(t, err)
	assert.Equal(t, 3, exit.Status.ExitStatus())
	assert.Equal(t, []string{"unshare"}, exit.Refused)

	p.Root = b.with(Root{Forbidden: End})
	exit, err = b.Run(context.Background(), p, nil)
	require.NoError(t, err)
	var forbidden *ForbiddenError
	require.ErrorAs(t, exit.Cause, &forbidden)
	assert.Equal(t, "unshare", forbidden.Call)
}

func TestExecGetsTheWallsOfTheFirstWhateverIsPrepared(t *testing.T) {
	b := newBox(t)
	for name, next := range map[string]Root{
		"another tree": {Tmpfs: []Tmpfs{{Target: "/other"}}},
		"a hook":       {Hooks: Hooks{BeforeExec: func(int) error { return nil }}},
	} {
		t.Run(name, func(t *testing.T) {
			b := b.in(t)
			first := b.started()
			require.NoError(t, b.Prepare(b.with(next), nil))
			p, _, _ := b.sh("cat /work/note")
			second, err := first.Exec(context.Background(), p, nil)
			require.NoError(t, err)
			exit, err := second.Wait()
			require.NoError(t, err)
			assert.Zero(t, exit.Status)
			first.Kill()
			_, err = first.Wait()
			require.NoError(t, err)
		})
	}
}
