package queue

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// alone runs a test again in a process with mounts of its own, and says whether this is that process.
func alone(t *testing.T) bool {
	t.Helper()
	const flag = "JUDGE_TEST_ALONE"
	if os.Getenv(flag) != "" {
		require.NoError(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
		return true
	}
	cmd := exec.CommandContext(within(t, 4*quiet), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), flag+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), "operation not permitted") || os.IsPermission(err) {
		if os.Getenv("JUDGE_TEST_STRICT") == "" {
			t.Skipf("no mounts of one's own: %v", err)
		}
	}
	require.NoError(t, err, "%s", out)
	return false
}

func TestFullDiskIsSurvived(t *testing.T) {
	if !alone(t) {
		return
	}
	disk := t.TempDir()
	require.NoError(t, unix.Mount("tmpfs", disk, "tmpfs", 0, "size=64m"))
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(disk, unix.MNT_DETACH)) })
	s, err := StartServer(ServerOptions{Store: filepath.Join(disk, "nats"), room: 1 << 30})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	q := open(t, Options{Server: s})
	submit(t, q, job("before"))
	running := take(t, q)
	require.NoError(t, q.Ready(within(t, quiet)))

	fill := filepath.Join(disk, "fill")
	f, err := os.Create(fill)
	require.NoError(t, err)
	_, err = io.Copy(f, neverEnding{})
	require.ErrorIs(t, err, unix.ENOSPC)
	require.NoError(t, f.Close())
	ctx, stop := context.WithCancel(within(t, quiet))
	go func() {
		eventually(t, "the queue says that it takes nothing", func() bool { return q.Ready(ctx) != nil })
		stop()
	}()
	for i := 0; ; i++ { // some may yet fit into the last block of the file
		j := job("full" + strings.Repeat("x", i%MaxID/2))
		j.Sources[0].Text = noise(600 << 10)
		if _, err = q.Submit(ctx, j); err != nil {
			break
		}
	}
	require.Error(t, s.fault())

	require.NoError(t, os.Remove(fill))
	eventually(t, "the server was started again", func() bool { return q.Ready(within(t, quiet)) == nil })
	require.NoError(t, running.Finish(within(t, quiet), Result{}, nil), "what ran meanwhile has a result")
	assert.Equal(t, Done, status(t, q, "before").State, "what was accepted is there")
	after := submit(t, q, job("after"))
	for id := ""; id != after.ID; {
		d := take(t, q)
		id = d.Job().ID
		require.NoError(t, d.Finish(within(t, quiet), Result{}, nil))
	}
}
