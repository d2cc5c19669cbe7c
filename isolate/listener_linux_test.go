package isolate

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// An outside listener gets the descriptor with the state that OCI runtimes send, then the end of file, and
// answers for what is forbidden.
func TestListenerIsHandedOver(t *testing.T) {
	b := newBox(t)
	path := filepath.Join(t.TempDir(), "listener")
	listening, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	require.NoError(t, err)
	defer listening.Close()
	type handed struct {
		state processState
		fds   []int
		rest  int
		err   error
	}
	got := make(chan handed, 1)
	go func() {
		var h handed
		defer func() { got <- h }()
		conn, err := listening.AcceptUnix()
		if h.err = err; err != nil {
			return
		}
		defer conn.Close()
		text, control := make([]byte, 4096), make([]byte, 256)
		n, m, _, _, err := conn.ReadMsgUnix(text, control)
		if h.err = err; err != nil {
			return
		}
		if h.err = json.Unmarshal(text[:n], &h.state); h.err != nil {
			return
		}
		messages, err := unix.ParseSocketControlMessage(control[:m])
		if h.err = err; err != nil || len(messages) == 0 {
			return
		}
		h.fds, h.err = unix.ParseUnixRights(&messages[0])
		h.rest, _ = conn.Read(text)
	}()

	p, _, _ := b.sh("unshare -r true; exit 3")
	p.Root = b.with(Root{Listener: path})
	process, err := b.Start(context.Background(), p, nil)
	require.NoError(t, err)
	h := <-got
	require.NoError(t, h.err)
	assert.Equal(t, []string{"seccompFd"}, h.state.Fds)
	assert.Equal(t, process.PID(), h.state.PID)
	assert.Equal(t, "creating", h.state.State.Status)
	assert.Zero(t, h.rest, "the socket is closed after sending")
	require.Len(t, h.fds, 1)
	s := &supervisor{listener: os.NewFile(uintptr(h.fds[0]), "listener")}
	require.NoError(t, s.start())
	defer s.close()
	exit, err := process.Wait()
	require.NoError(t, err)
	assert.Equal(t, 3, exit.Status.ExitStatus())
	assert.Nil(t, exit.Refused, "it is the listener's to know")
	assert.Equal(t, []string{"unshare"}, s.stop())
}

func TestListenerThatIsNotThereEndsTheRun(t *testing.T) {
	b := newBox(t)
	p := b.probeProgram("exit", "0")
	p.Root = b.with(Root{Listener: filepath.Join(t.TempDir(), "nobody")})
	_, err := b.Run(context.Background(), p, nil)
	assert.ErrorIs(t, err, unix.ENOENT)
	assert.ErrorContains(t, err, "seccomp listener")
	require.NoError(t, b.Err())
	b.probed("exit", "0")
}

func TestTmpfsIsBoundedAndWritable(t *testing.T) {
	b := newBox(t)
	b.root = b.with(Root{Tmpfs: []Tmpfs{{Target: "/data/more", Size: 1 << 20, Inodes: 10}, {Target: "/data/few", Inodes: 2}}})
	const fill = "cd /data/more && head -c 3M /dev/zero 2>&- > x; stat -c %s x; cd ../few && mkdir a; touch a/b c 2>&-; ls -A . a"
	assert.Equal(t, "1048576\n.:\na\n\na:\nb\n", b.shell(fill))
}

func TestBindFlags(t *testing.T) {
	b := newBox(t)
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o755))
	require.NoError(t, os.WriteFile(dir+"/script", []byte("#!/bin/sh\nexit 0\n"), 0o755))
	require.NoError(t, os.Symlink("script", dir+"/link"))
	for name, row := range map[string]struct {
		bind   Bind
		script string
		want   int
	}{
		"executable":        {Bind{}, "/b/script", 0},
		"not executable":    {Bind{NoExec: true}, "/b/script", 126},
		"link followed":     {Bind{}, "cat /b/link > /dev/null", 0},
		"link not followed": {Bind{NoSymFollow: true}, "cat /b/link > /dev/null 2>&1", 1},
		"read-only":         {Bind{}, "touch /b/new 2> /dev/null", 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := b.in(t)
			row.bind.Source, row.bind.Target = dir, "/b"
			p, _, _ := b.sh(row.script)
			p.Root = b.with(Root{Binds: []Bind{row.bind}})
			exit, err := b.Run(context.Background(), p, nil)
			require.NoError(t, err)
			assert.Equal(t, row.want, exit.Status.ExitStatus())
		})
	}
}
