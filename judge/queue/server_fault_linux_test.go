package queue

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"judge/fixtures/testenv"
)

// alone runs a test again in a process with mounts of its own, and says whether this is that process.
func alone(t *testing.T) bool {
	t.Helper()
	const flag = "JUDGE_TEST_ALONE"
	if os.Getenv(flag) != "" {
		require.NoError(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
		return true
	}
	testenv.NeedRoot(t, "for mounts of its own")
	cmd := exec.CommandContext(within(t, 4*quiet), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), flag+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return false
}

// smallDisk is a file system of 96 MiB.
func smallDisk(t *testing.T) string {
	t.Helper()
	disk := t.TempDir()
	require.NoError(t, unix.Mount("tmpfs", disk, "tmpfs", 0, "size=96m"))
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(disk, unix.MNT_DETACH)) })
	return disk
}

// fill takes all that a disk has free. The file gives it back.
func fill(t *testing.T, disk string) (_ *os.File, size int64) {
	t.Helper()
	f, err := os.Create(filepath.Join(disk, "fill"))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, f.Close()) })
	size, err = io.Copy(f, neverEnding{})
	require.ErrorIs(t, err, unix.ENOSPC)
	return f, size
}

// mostOfIt is a file that takes two thirds of a small disk.
var mostOfIt = sync.OnceValue(func() string { return noise(64 << 20) })

func TestServerThatHasMostOfItsDiskGoesOn(t *testing.T) {
	if !alone(t) {
		return
	}
	disk := smallDisk(t)
	store := filepath.Join(disk, "nats")
	s, err := StartServer(ServerOptions{Store: store})
	require.NoError(t, err)
	putFile(t, open(t, Options{Server: s}), mostOfIt())
	require.NoError(t, s.Close())
	f, size := fill(t, disk)
	require.NoError(t, f.Truncate(size-leastRoom))
	s, err = StartServer(ServerOptions{Store: store})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	submit(t, open(t, Options{Server: s}), job("after"))
}

func TestFullDiskIsSurvived(t *testing.T) {
	if !alone(t) {
		return
	}
	disk := smallDisk(t)
	s, err := StartServer(ServerOptions{Store: filepath.Join(disk, "nats")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	q := open(t, Options{Server: s})
	putFile(t, q, mostOfIt())
	submit(t, q, job("before"))
	running := take(t, q)
	require.NoError(t, q.Ready(within(t, quiet)))

	f, size := fill(t, disk)
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

	require.NoError(t, f.Truncate(size-leastRoom-1<<20))
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
