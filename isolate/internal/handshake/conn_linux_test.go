package handshake

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// helperVariable makes this binary a peer that says its pid in an error message and then waits.
const helperVariable = "JUDGE_HANDSHAKE_HELPER"

// TestMain also plays the helper. It turns collection off, which would close forgotten files, now or while a later
// test counts its own.
func TestMain(m *testing.M) {
	debug.SetGCPercent(-1)
	if os.Getenv(helperVariable) == "" {
		os.Exit(m.Run())
	}
	c, err := NewConn(os.NewFile(3, "helper"))
	if err != nil {
		panic(err)
	}
	if err := c.Send(Message{Kind: Error, Args: [][]byte{strconv.AppendInt(nil, int64(os.Getpid()), 10)}}); err != nil {
		panic(err)
	}
	c.Receive("wait for the end", time.Time{}, Go)
}

// conversation is a parent's Conn and the peer's, and fails the test if a descriptor is left at its
// end.
type conversation struct{ parent, peer *Conn }

func converse(t *testing.T) conversation {
	t.Helper()
	closeOnEnd := func(c io.Closer) { t.Cleanup(func() { c.Close() }) }
	countDescriptors(t)
	parent, file, err := Pair()
	require.NoError(t, err)
	closeOnEnd(parent)
	peer, err := NewConn(file)
	require.NoError(t, err)
	closeOnEnd(peer)
	return conversation{parent, peer}
}

func countDescriptors(t *testing.T) {
	t.Helper()
	warm, peer, err := Pair() // the runtime keeps what it polls with
	require.NoError(t, err)
	warm.Close()
	peer.Close()
	before := descriptors(t)
	t.Cleanup(func() { assert.Equal(t, before, descriptors(t), "open descriptors") })
}

// descriptors maps the numbers of the open descriptors to what they are.
func descriptors(t *testing.T) map[string]string {
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	open := map[string]string{}
	for _, e := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil {
			open[e.Name()] = target
		}
	}
	return open
}

// memory returns a file with content.
func memory(t *testing.T, content string) *os.File {
	t.Helper()
	fd, err := unix.MemfdCreate("memory", unix.MFD_CLOEXEC)
	require.NoError(t, err)
	f := os.NewFile(uintptr(fd), "memory")
	t.Cleanup(func() { f.Close() })
	_, err = f.WriteString(content)
	require.NoError(t, err)
	return f
}

// sendRaw sends what Send would refuse to.
func (c *Conn) sendRaw(t *testing.T, data []byte, files ...*os.File) {
	t.Helper()
	var rights []byte
	if len(files) > 0 {
		fds := make([]int, len(files))
		for i, f := range files {
			fds[i] = int(f.Fd())
		}
		rights = unix.UnixRights(fds...)
	}
	require.NoError(t, unix.SetsockoptInt(int(c.file.Fd()), unix.SOL_SOCKET, unix.SO_SNDBUF, 2*len(data)))
	require.NoError(t, unix.Sendmsg(int(c.file.Fd()), data, rights, nil, unix.MSG_NOSIGNAL))
}

// soon bounds a wait for what has been said already; it is no measure of speed.
func soon() time.Time { return time.Now().Add(time.Minute) }

func TestDescriptorsArriveInTheSameMessageInOrder(t *testing.T) {
	c := converse(t)
	var files []*os.File
	for _, content := range []string{"first", "second", "third"} {
		files = append(files, memory(t, content))
	}
	require.NoError(t, c.parent.Send(Message{Kind: Go, Args: [][]byte{[]byte("release")}, Files: files}))
	require.NoError(t, c.parent.Send(Message{Kind: MappingWritten}))
	m, err := c.peer.Receive("gate", soon(), Go)
	require.NoError(t, err)
	defer m.CloseFiles()
	require.Len(t, m.Files, 3)
	assert.Equal(t, []byte("release"), m.Args[0])
	for i, want := range []string{"first", "second", "third"} {
		got := make([]byte, len(want))
		_, err := m.Files[i].ReadAt(got, 0)
		require.NoError(t, err)
		assert.Equal(t, want, string(got))
		flags, err := unix.FcntlInt(m.Files[i].Fd(), unix.F_GETFD, 0)
		require.NoError(t, err)
		assert.Equal(t, unix.FD_CLOEXEC, flags, "descriptor %d would be inherited", i)
	}
	next, err := c.peer.Receive("mapping", soon(), MappingWritten)
	require.NoError(t, err)
	assert.Empty(t, next.Files)
}

func TestAsManyDescriptorsAsAMessageMayHaveArrive(t *testing.T) {
	c := converse(t)
	f := memory(t, "")
	files := make([]*os.File, MaxFiles)
	for i := range files {
		files[i] = f
	}
	require.NoError(t, c.peer.Send(Message{Kind: SetRoot, Args: [][]byte{nil}, Files: files}))
	m, err := c.parent.Receive("serve", soon(), SetRoot)
	require.NoError(t, err)
	assert.Len(t, m.Files, MaxFiles)
	m.CloseFiles()
}

// startHelper starts a process at the other end of a socket.
func startHelper(t *testing.T) (*Conn, *os.Process) {
	t.Helper()
	countDescriptors(t)
	c, peer, err := Pair()
	require.NoError(t, err)
	defer peer.Close()
	t.Cleanup(func() { c.Close() })
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{helperVariable + "=1"}
	cmd.ExtraFiles = []*os.File{peer}
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return c, cmd.Process
}

func TestMessageCarriesThePidOfItsSender(t *testing.T) {
	c, helper := startHelper(t)
	_, err := c.Receive("hello", soon(), Go)
	var peer *PeerError
	require.ErrorAs(t, err, &peer)
	assert.Equal(t, helper.Pid, peer.PID)
	assert.Equal(t, strconv.Itoa(helper.Pid), string(peer.Arg))
}

func TestKilledPeerIsAnEndOfFile(t *testing.T) {
	c, helper := startHelper(t)
	_, err := c.Receive("hello", soon(), Go)
	require.ErrorAs(t, err, new(*PeerError))
	require.NoError(t, helper.Kill())
	_, err = c.Receive("wait", soon(), Go)
	require.ErrorIs(t, err, io.EOF)
}

func TestDeadlineEndsAReceiveThatWaits(t *testing.T) {
	c := converse(t)
	_, err := c.parent.Receive("run", time.Now().Add(time.Millisecond), Exit)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

func TestDeadlineOfOneReceiveDoesNotBindTheNext(t *testing.T) {
	c := converse(t)
	_, err := c.parent.Receive("run", time.Now().Add(-time.Second), Exit)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, c.peer.Send(Message{Kind: RootReady}))
	_, err = c.parent.Receive("attach", time.Time{}, RootReady)
	require.NoError(t, err)
}

func TestExpireBoundsTheReceiveThatWaitsAndThoseToCome(t *testing.T) {
	c := converse(t)
	waits := make(chan error)
	go func() {
		_, err := c.parent.Receive("run", time.Time{}, Exit)
		waits <- err
	}()
	c.parent.Expire(time.Now().Add(time.Millisecond))
	require.ErrorIs(t, <-waits, os.ErrDeadlineExceeded)
	for _, deadline := range []time.Time{{}, soon()} {
		_, err := c.parent.Receive("run", deadline, Exit)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	}
}

func TestExpireMovesNoDeadlineBack(t *testing.T) {
	c := converse(t)
	c.parent.Expire(soon())
	_, err := c.parent.Receive("run", time.Now().Add(-time.Second), Exit)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

func TestHalfClosedPeerIsAnEndOfFileAfterItsLastMessage(t *testing.T) {
	c := converse(t)
	require.NoError(t, c.peer.Send(Message{Kind: RootReady}))
	require.NoError(t, unix.Shutdown(int(c.peer.file.Fd()), unix.SHUT_WR))
	_, err := c.parent.Receive("attach", soon(), RootReady)
	require.NoError(t, err)
	_, err = c.parent.Receive("end of the run", soon(), Gone)
	require.ErrorIs(t, err, io.EOF)
}

func TestWhoHasClosedForWritingHearsThePeerOut(t *testing.T) {
	c := converse(t)
	require.NoError(t, c.parent.CloseWrite())
	_, err := c.peer.Receive("gate", soon(), Go)
	require.ErrorIs(t, err, io.EOF)
	require.NoError(t, c.peer.Send(Message{Kind: Gone, Args: [][]byte{{1}}}))
	_, err = c.parent.Receive("end of the run", soon(), Gone)
	require.NoError(t, err)
	require.NoError(t, c.parent.Close())
	assert.Error(t, c.parent.CloseWrite())
}

func TestPeerHasHungUpWhenNobodyHasItsEnd(t *testing.T) {
	c := converse(t)
	other, err := unix.FcntlInt(c.peer.file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	require.NoError(t, err)
	require.NoError(t, c.peer.Send(Message{Kind: RootReady})) // which nobody receives
	require.NoError(t, c.parent.CloseWrite())
	require.NoError(t, c.peer.Close())
	assert.False(t, c.parent.AwaitHangup(time.Now().Add(time.Millisecond)), "another process has it")
	hungUp := make(chan bool)
	go func() { hungUp <- c.parent.AwaitHangup(soon()) }()
	require.NoError(t, unix.Close(other))
	assert.True(t, <-hungUp)
	require.NoError(t, c.parent.Close())
	assert.False(t, c.parent.AwaitHangup(soon()), "this end is closed")
}

func TestMalformedMessageIsRefusedAndItsDescriptorsAreClosed(t *testing.T) {
	tooMany := make([]*os.File, MaxFiles+1)
	for i := range tooMany {
		tooMany[i] = os.Stderr
	}
	for _, row := range []struct {
		name  string
		data  []byte
		files []*os.File
		want  string
	}{
		{"unknown kind", head(99, 0, 2), tooMany[:2], "message of unknown kind 99"},
		{"descriptors not announced", head(RootReady, 0, 0), tooMany[:1], "root-ready: announces 0 descriptors, 1 came"},
		{"descriptor missing", head(MountFD, 0, 0), nil, "mount-fd: expected 1 to 1 descriptors, got 0"},
		{"descriptor for a kind without", head(Exit, 1, 1), tooMany[:1], "exit: expected 0 to 0 descriptors, got 1"},
		{"descriptors with half a head", make([]byte, 4), tooMany[:3], "message of 4 bytes: want at least 8"},
		{"too long", make([]byte, MaxSize+1), tooMany[:2], "message was cut off"},
		{"too many descriptors", Message{Kind: Go, Args: [][]byte{nil}, Files: tooMany}.Encode(), tooMany, "message was cut off"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := converse(t)
			c.peer.sendRaw(t, row.data, row.files...)
			_, err := c.parent.Receive("serve", soon(), SetRoot)
			require.EqualError(t, err, "serve: expected set-root: "+row.want)
			require.NoError(t, c.peer.Send(Message{Kind: SetRoot, Args: [][]byte{nil}}))
			_, err = c.parent.Receive("serve", soon(), SetRoot)
			require.NoError(t, err, "the next message is not affected")
		})
	}
}

func TestSendRefusesWhatTheReceiverWould(t *testing.T) {
	for _, row := range []struct {
		name string
		m    Message
		want string
	}{
		{"too long", Message{Kind: Exit, Args: [][]byte{make([]byte, MaxSize)}}, "bytes are more than a message may have"},
		{"too many descriptors", Message{Kind: Go, Args: [][]byte{nil}, Files: make([]*os.File, MaxFiles+1)}, "65 descriptors"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := converse(t)
			for i := range row.m.Files {
				row.m.Files[i] = os.Stderr
			}
			require.ErrorContains(t, c.peer.Send(row.m), row.want)
			require.NoError(t, c.peer.Close())
			_, err := c.parent.Receive("run", soon(), Exit)
			require.ErrorIs(t, err, io.EOF, "nothing was sent")
		})
	}
}

func TestLongestMessageArrivesWhole(t *testing.T) {
	c := converse(t)
	arg := bytes.Repeat([]byte("x"), MaxSize-FirstArg)
	sent := make(chan error, 1)
	go func() { sent <- c.parent.Send(Message{Kind: Exit, Args: [][]byte{arg}}) }()
	m, err := c.peer.Receive("run", soon(), Exit)
	require.NoError(t, err)
	require.NoError(t, <-sent)
	assert.True(t, bytes.Equal(arg, m.Args[0]))
}

func TestSendToADeadPeerIsAnErrorAndNoSignal(t *testing.T) {
	c := converse(t)
	require.NoError(t, c.peer.Close())
	err := c.parent.Send(Message{Kind: MappingWritten})
	require.ErrorIs(t, err, unix.EPIPE)
	assert.ErrorContains(t, err, "send mapping-written: ")
}

func TestSendOfAClosedFileIsAnError(t *testing.T) {
	c := converse(t)
	f := memory(t, "")
	require.NoError(t, f.Close())
	err := c.parent.Send(Message{Kind: MountFD, Files: []*os.File{f}})
	require.ErrorIs(t, err, unix.EBADF)
}

func TestSendLeavesDescriptorsWithTheCaller(t *testing.T) {
	c := converse(t)
	f := memory(t, "kept")
	require.NoError(t, c.parent.Send(Message{Kind: MountFD, Files: []*os.File{f}}))
	m, err := c.peer.Receive("make the sandbox", soon(), MountFD)
	require.NoError(t, err)
	m.CloseFiles()
	_, err = f.Stat()
	require.NoError(t, err)
}

func TestMessagesThatNobodyReceivedAreGivenBackByClose(t *testing.T) {
	c := converse(t)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	require.NoError(t, c.peer.Send(Message{Kind: MountFD, Files: []*os.File{w}}))
	require.NoError(t, w.Close())
	require.NoError(t, c.parent.Close())
	require.NoError(t, c.peer.Close())
	require.NoError(t, r.SetReadDeadline(soon()))
	_, err = r.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF, "the pipe's other end is closed")
}

func TestClosedConnRefusesToSendAndReceive(t *testing.T) {
	c := converse(t)
	require.NoError(t, c.parent.Close())
	_, err := c.parent.Receive("run", soon(), Exit)
	require.ErrorContains(t, err, "run: expected exit: use of closed file")
	err = c.parent.Send(Message{Kind: MappingWritten})
	require.ErrorContains(t, err, "send mapping-written: use of closed file")
}

func TestCloseEndsAReceiveThatHasTheDescriptorAndDoesNotWaitYet(t *testing.T) {
	c := converse(t)
	fd, err := unix.FcntlInt(c.parent.file.Fd(), unix.F_DUPFD_CLOEXEC, 0) // as the receive has it
	require.NoError(t, err)
	defer unix.Close(fd)
	require.NoError(t, c.parent.Close())
	n, _, err := unix.Recvfrom(fd, make([]byte, 1), unix.MSG_DONTWAIT)
	require.NoError(t, err)
	assert.Zero(t, n)
}

func TestExpireOfAClosedConnectionLeavesNoTimer(t *testing.T) {
	c := converse(t)
	require.NoError(t, c.parent.Close())
	c.parent.Expire(time.Now().Add(time.Hour))
	assert.Nil(t, c.parent.wake)
}
