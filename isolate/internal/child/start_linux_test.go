package child

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"judge/fixtures/testenv"
	"judge/isolate/internal/handshake"
)

// running is an init that this test started, from the parent's side.
type running struct {
	t    *testing.T
	conn *handshake.Conn
	pid  int // of init
}

// start clones an init of this process in a pid namespace. The steps that keep its socket go before
// those of the plan. It is reaped at the end of the test, where it must have ended by itself or
// because the socket was closed.
func start(t *testing.T, a *Arena, plan Plan) *running {
	t.Helper()
	conn, peer, err := handshake.Pair()
	require.NoError(t, err)
	defer peer.Close()
	plan.Flags |= unix.CLONE_NEWPID
	plan.Init = append(Descriptors(int(peer.Fd())), plan.Init...)
	runtime.LockOSThread() // init is a child of this thread
	pid, err := a.Start(&plan)
	runtime.UnlockOSThread()
	if errors.Is(err, unix.EPERM) {
		conn.Close()
		testenv.Skip(t, err)
	}
	require.NoError(t, err)
	r := &running{t, conn, pid}
	t.Cleanup(func() {
		conn.Close()
		r.reap()
	})
	return r
}

// reap waits for init, which the kernel lets end when its program is gone.
func (r *running) reap() {
	if r.pid != 0 {
		_, err := syscall.Wait4(r.pid, nil, 0, nil)
		require.NoError(r.t, err)
		r.pid = 0
	}
}

func (r *running) receive(kinds ...handshake.Kind) (handshake.Message, error) {
	return r.conn.Receive("test", time.Now().Add(time.Minute), kinds...)
}

// ready waits until the program is at the gate.
func (r *running) ready() (address uint64, program int) {
	r.t.Helper()
	m, err := r.receive(handshake.Ready)
	require.NoError(r.t, err)
	defer m.CloseFiles()
	return binary.NativeEndian.Uint64(m.Args[0]), m.PID
}

// release opens the gate.
func (r *running) release(steps []Step, files ...*os.File) {
	r.t.Helper()
	address, _ := r.ready()
	arg, err := Release(steps, address)
	require.NoError(r.t, err)
	require.NoError(r.t, r.conn.Send(handshake.Message{Kind: handshake.Go, Args: [][]byte{arg}, Files: files}))
}

// failure waits for the error message, which may come behind ready.
func (r *running) failure() (Phase, int, syscall.Errno) {
	r.t.Helper()
	m, err := r.receive(handshake.Ready)
	if err == nil {
		m.CloseFiles()
		_, err = r.receive(handshake.Exit)
	}
	var peer *handshake.PeerError
	require.ErrorAs(r.t, err, &peer)
	phase, index, errno, err := ParseError(peer.Arg)
	require.NoError(r.t, err)
	return phase, index, errno
}

func newArena(t *testing.T) *Arena {
	t.Helper()
	a, err := NewArena()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	return a
}

var (
	fine    = Step{Name: "fine", Call: unix.SYS_GETPID}
	missing = Step{Name: "missing", Call: unix.SYS_CHDIR, Args: []any{""}} // no machine has it
	refused = Step{Name: "refused", Call: unix.SYS_EXECVE, Args: []any{"/etc/passwd", []string(nil), []string(nil)}}
)

func wanting(s Step, want int) Step {
	s.Want = want
	return s
}

func TestFailedStepIsReportedWithPhaseIndexAndErrno(t *testing.T) {
	before := len(Descriptors(3)) // steps that start puts in front
	for _, row := range []struct {
		name    string
		plan    Plan
		release []Step // nil: the gate stays closed
		phase   Phase
		index   int
		errno   syscall.Errno
	}{
		{"init", Plan{Init: []Step{fine, missing, fine}}, nil, PhaseInit, before + 1, unix.ENOENT},
		{"init, not just missing", Plan{Init: []Step{wanting(refused, MayBeMissing)}}, nil, PhaseInit, before, unix.EACCES},
		{"init, unwanted result", Plan{Init: []Step{wanting(fine, 4711)}}, nil, PhaseInit, before, unix.EBADSLT},
		{"init with a program", Plan{After: []Step{fine, fine, missing}}, nil, PhaseAfter, 2, unix.ENOENT},
		{"program", Plan{Program: []Step{missing}}, nil, PhaseProgram, 0, unix.ENOENT},
		{"released program", Plan{}, []Step{fine, missing}, PhaseRelease, 1, unix.ENOENT},
		{"released program that is not executed", Plan{}, []Step{fine}, PhaseRelease, 0, 0},
		{"released program, unwanted result", Plan{}, []Step{wanting(fine, 4711)}, PhaseRelease, 0, unix.EBADSLT},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := start(t, newArena(t), row.plan)
			if row.release != nil {
				r.release(row.release)
			}
			phase, index, errno := r.failure()
			assert.Equal(t, row.phase, phase)
			assert.Equal(t, row.index, index)
			assert.Equal(t, row.errno, errno)
		})
	}
}

func TestListGoesOnAfterWhatMayBeMissingAndWhatIsAsWanted(t *testing.T) {
	steps := []Step{wanting(missing, MayBeMissing), wanting(fine, MayBeMissing), wanting(fine, 1+1)} // getpid() == 1
	r := start(t, newArena(t), Plan{Init: steps, After: steps})
	r.ready()
}

func TestReadyNamesInitAndTheProgramAsTheParentSeesThem(t *testing.T) {
	r := start(t, newArena(t), Plan{})
	m, err := r.receive(handshake.Ready)
	require.NoError(t, err)
	defer m.CloseFiles()
	assert.EqualValues(t, r.pid, binary.NativeEndian.Uint32(m.Args[1]), "init's pid")
	assert.Equal(t, strconv.Itoa(r.pid), field(t, m.PID, "stat", 3), "the program's parent")
	info, err := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(int(m.Files[0].Fd())))
	require.NoError(t, err)
	assert.Contains(t, string(info), "\nPid:\t"+strconv.Itoa(r.pid)+"\n", "the descriptor is a pidfd of init")
}

// field returns a field of a file of a process in /proc.
func field(t *testing.T, pid int, file string, i int) string {
	t.Helper()
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/" + file)
	require.NoError(t, err)
	return strings.Fields(string(b))[i]
}

func TestInitReportsHowTheProgramEnded(t *testing.T) {
	a := newArena(t)
	for _, row := range []struct {
		name, script string
		want         syscall.WaitStatus
	}{
		{"exit status", "exit 3", 3 << 8},
		{"signal", "kill -KILL $$", syscall.WaitStatus(unix.SIGKILL)},
		{"orphans do not count", "(exec sh -c 'exit 9' &) ; exit 0", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := start(t, a, Plan{})
			r.release([]Step{{Call: unix.SYS_EXECVE, Args: []any{"/bin/sh", []string{"sh", "-c", row.script}, []string(nil)}}})
			m, err := r.receive(handshake.Exit)
			require.NoError(t, err)
			exit, err := ParseExit(m.Args[0])
			require.NoError(t, err)
			assert.Equal(t, row.want, exit.Status)
			assert.Positive(t, exit.Clock)
			assert.Positive(t, exit.Rusage.Maxrss)
			assert.GreaterOrEqual(t, exit.InodesFree, int64(0))
			r.reap()
			_, err = r.receive(handshake.Exit)
			assert.ErrorIs(t, err, io.EOF)
		})
	}
}

func TestProgramGetsTheDescriptorsOfGoFromZeroOn(t *testing.T) {
	r := start(t, newArena(t), Plan{})
	read, write, err := os.Pipe()
	require.NoError(t, err)
	defer read.Close()
	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer null.Close()
	r.release([]Step{{Call: unix.SYS_EXECVE, Args: []any{"/bin/sh", []string{"sh", "-c", "echo /proc/self/fd/*; echo $A >&2"}, []string{"A=b"}}}}, null, write, write)
	write.Close()
	out, err := io.ReadAll(read)
	require.NoError(t, err)
	assert.Equal(t, "/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3\nb\n", string(out), "3 is the shell's own look")
}

func TestProgramAtTheGateEndsWithItsParent(t *testing.T) {
	r := start(t, newArena(t), Plan{})
	r.ready()
	require.NoError(t, r.conn.Close())
	r.reap()
}

func TestMalformedGoIsRefused(t *testing.T) {
	for _, row := range []struct {
		name string
		arg  []byte
	}{
		{"no calls", nil},
		{"too many calls", append(word(releaseAt+16), word(maxCalls+1)...)},
		{"calls outside of the message", append(word(releaseAt+16), word(1)...)},
		{"calls far outside of the message", append(word(1<<40), word(1)...)},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := start(t, newArena(t), Plan{})
			r.ready()
			require.NoError(t, r.conn.Send(handshake.Message{Kind: handshake.Go, Args: [][]byte{row.arg}}))
			_, err := r.receive(handshake.Exit)
			var peer *handshake.PeerError
			require.ErrorAs(t, err, &peer)
			phase, index, errno, err := ParseError(peer.Arg)
			require.NoError(t, err)
			assert.Equal(t, PhaseProgram, phase)
			assert.Equal(t, "await go", AtGate()[index].Name)
			assert.Equal(t, unix.EBADMSG, errno)
		})
	}
}

func TestArenaServesOneRunAfterTheOther(t *testing.T) {
	a := newArena(t)
	for i := range 5 {
		r := start(t, a, Plan{Program: []Step{fine, missing}[:1+i%2]})
		if i%2 == 1 {
			phase, index, _ := r.failure()
			assert.Equal(t, PhaseProgram, phase)
			assert.Equal(t, 1, index)
		} else {
			r.ready()
		}
		require.NoError(t, r.conn.Close())
		r.reap()
	}
}
