package isolate

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"judge/isolate/internal/handshake"
)

// standOnKeeper lets the test's sandboxes use a keeper, as those of a user do, and returns it.
func standOnKeeper(t *testing.T) *keeper {
	t.Helper()
	needSandbox(t)
	s, err := theStanding()
	require.NoError(t, err)
	k := &keeper{mapping: s.mapping}
	old := theStanding
	theStanding = func() (standing, error) { return standing{s.mapping, k}, nil }
	t.Cleanup(func() { theStanding = old })
	return k
}

func TestWhatKeeperMakesPassesFromSandboxToSandbox(t *testing.T) {
	k := standOnKeeper(t)
	b := newBox(t)
	artifact := newScratch(t, 1<<20, 100)
	require.NoError(t, artifact.Create("/work/source", 0o644, strings.NewReader("text")))
	b.root = b.with(Root{Upper: artifact})
	b.shell("cat source > exe; chmod 755 exe; echo -n own > secret; chmod 600 secret; chmod 700 .")
	assert.Equal(t, "text", content(t, artifact, "/work/exe"))
	assert.Equal(t, "own", content(t, artifact, "/work/secret"), "the program cannot shut the parent out")
	require.NoError(t, artifact.Create("/work/more", 0o644, strings.NewReader("later")))
	b.shell("chmod 755 .")
	other := newBox(t)
	bound := hostDir(t, map[string]string{"file": "of the host"})
	other.root = other.with(Root{Layers: []Layer{{Scratch: artifact}}, Binds: []Bind{{Source: bound, Target: "/bound"}}})
	assert.Equal(t, "textlaterof the host", other.shell("cat exe more /bound/file; echo new > made"))
	require.NotNil(t, k.process)
}

func TestKeeperEndsWithItsLastUser(t *testing.T) {
	k := standOnKeeper(t)
	countDescriptors(t)
	s, err := NewScratch(1<<20, 10)
	require.NoError(t, err)
	second, err := NewScratch(1<<20, 10)
	require.NoError(t, err)
	pid := k.process.Pid
	require.NoError(t, s.Close())
	require.NoError(t, second.Create("/work/a", 0o644, strings.NewReader("x")), "one user is left")
	require.NoError(t, second.Close())
	assert.Nil(t, k.process)
	require.NoError(t, waitForEnd(pid))
}

func TestKeeperEndsWhenTheParentDoes(t *testing.T) {
	k := standOnKeeper(t)
	require.NoError(t, k.acquire())
	defer k.release()
	require.NoError(t, k.scratch(scratchRequest{Place: mounterPlace + "/7", Spec: rootSpec{Base: true, Size: 1 << 20, Inodes: 10}}))
	require.NoError(t, k.conn.Close())
	state, err := k.process.Wait()
	require.NoError(t, err)
	assert.Zero(t, state.ExitCode())
}

func TestKilledKeeperLosesItsScratchesAndIsReplaced(t *testing.T) {
	k := standOnKeeper(t)
	s := newScratch(t, 1<<20, 10)
	require.NoError(t, k.process.Kill())
	require.NoError(t, waitForEnd(k.process.Pid))
	require.Error(t, s.Create("/work/a", 0o644, strings.NewReader("x")))
	require.ErrorIs(t, s.Create("/work/a", 0o644, strings.NewReader("x")), os.ErrNotExist)
	another := newScratch(t, 1<<20, 10)
	require.NoError(t, another.Create("/work/a", 0o644, strings.NewReader("x")))
}

func TestRefusalOfTheKeeperNamesTheObjectAndKeepsTheErrno(t *testing.T) {
	k := standOnKeeper(t)
	s := newScratch(t, 1<<20, 10)
	_, err := s.Open("/work/missing")
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = k.open(mountRequest{Tree: &treeRequest{Path: "/missing/dir"}})
	require.ErrorIs(t, err, unix.ENOENT)
	assert.EqualError(t, err, "open_tree /missing/dir: no such file or directory")
	require.NoError(t, s.Create("/work/a", 0o644, strings.NewReader("x")), "the next request is not affected")
}

// TestKeeperThatAnswersWrongIsNotAskedAgain plays the keeper.
func TestKeeperThatAnswersWrongIsNotAskedAgain(t *testing.T) {
	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer null.Close()
	dir, err := unix.Open("/", unix.O_PATH|unix.O_CLOEXEC, 0)
	require.NoError(t, err)
	path := os.NewFile(uintptr(dir), "/")
	defer path.Close()
	tree := mountRequest{Tree: &treeRequest{Path: "/usr"}}
	file := mountRequest{File: &fileRequest{Layer: "/", Name: "x"}}
	for _, row := range []struct {
		name    string
		request mountRequest
		answer  handshake.Message
		want    string
	}{
		{"file for a tree", tree, handshake.Message{Kind: handshake.MountFD, Files: []*os.File{null}}, "expected a tree: true"},
		{"tree for a file", file, handshake.Message{Kind: handshake.MountFD, Files: []*os.File{path}}, "expected a tree: false"},
		{"no descriptor", tree, handshake.Message{Kind: handshake.MountFD}, "mount-fd: expected 1 to 1 descriptors, got 0"},
		{"two descriptors", tree, handshake.Message{Kind: handshake.MountFD, Files: []*os.File{path, path}}, "mount-fd: expected 1 to 1 descriptors, got 2"},
		{"another kind", tree, handshake.Message{Kind: handshake.ScratchDone}, "ask the keeper of mounts: expected mount-fd, got scratch-done"},
		{"garbled error", tree, handshake.Message{Kind: handshake.Error, Args: [][]byte{[]byte("{")}}, `the keeper of mounts reports "{"`},
		{"death", tree, handshake.Message{}, "ask the keeper of mounts: expected mount-fd: EOF"},
	} {
		t.Run(row.name, func(t *testing.T) {
			countDescriptors(t)
			conn, end, err := handshake.Pair()
			require.NoError(t, err)
			peer, err := handshake.NewConn(end)
			require.NoError(t, err)
			k := &keeper{conn: conn}
			defer k.stop()
			done := make(chan struct{})
			go func() {
				defer close(done)
				defer peer.Close()
				_, err := peer.Receive("play", time.Now().Add(patience), handshake.MountPlease)
				if assert.NoError(t, err) && row.answer.Kind != 0 {
					assert.NoError(t, peer.Send(row.answer))
				}
			}()
			f, err := k.open(row.request)
			<-done
			require.ErrorContains(t, err, row.want)
			assert.Nil(t, f)
		})
	}
}

func TestWhatKeeperDoesNotKnowEndsIt(t *testing.T) {
	k := standOnKeeper(t)
	require.NoError(t, k.acquire())
	defer k.release()
	require.NoError(t, k.conn.Send(handshake.Message{Kind: handshake.MappingWritten}))
	_, err := k.conn.Receive("ask", time.Now().Add(patience), handshake.MountFD)
	var peer *handshake.PeerError
	require.ErrorAs(t, err, &peer)
	assert.ErrorContains(t, parseMountError(peer.Arg), "keep mounts: expected scratch-please or mount-please, got mapping-written")
	_, err = k.conn.Receive("ask", time.Now().Add(patience), handshake.MountFD)
	require.ErrorIs(t, err, io.EOF)
	state, err := k.process.Wait()
	require.NoError(t, err)
	assert.Equal(t, 1, state.ExitCode())
}
