package limits

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

const mib = 1 << 20

func TestGroupCountsCPUOfAllProcesses(t *testing.T) {
	onEachLayout(t, func(t *testing.T, h *Host) {
		tests := []struct {
			name string
			role string
			args []string
		}{
			{"one thread", "spin", []string{"200", "1"}},
			{"four threads", "spin", []string{"50", "4"}},
			{"children", "spin-children", []string{"50", "4"}},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				g := newGroup(t, h)
				p := startProgram(t, g, tt.role, tt.args...)
				before := p.cpu(t)
				require.NoError(t, g.Start(p.cmd.Process.Pid))
				p.open(t)
				require.NoError(t, p.cmd.Wait())
				u, err := g.Usage()
				require.NoError(t, err)
				require.True(t, u.HasCPU)
				// What the kernel says of the process and its children that were waited for.
				own := p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime() - before
				t.Logf("rusage says %v, the group %v", own, u.CPU)
				assert.InDelta(t, own.Seconds(), u.CPU.Seconds(), 0.01+own.Seconds()/50)
			})
		}
	})
}

func TestGroupCountsMemoryThatIsTouched(t *testing.T) {
	h := openHost(t)
	if !h.keeps(memoryPeak) {
		u, err := run(t, h, Limits{}, "touch", "10")
		require.NoError(t, err)
		assert.False(t, u.HasMemory, "nobody knows")
		assert.True(t, slices.ContainsFunc(h.Problems(), func(p Problem) bool { return p.Limit == "memory figure" }), "%v", h.Problems())
		return
	}
	nothing, err := run(t, h, Limits{}, "touch", "0")
	require.NoError(t, err)
	for _, n := range []int64{10, 100} {
		t.Run(fmt.Sprint(n, " MiB"), func(t *testing.T) {
			u, err := run(t, h, Limits{}, "touch", fmt.Sprint(n))
			require.NoError(t, err)
			require.True(t, u.HasMemory)
			more := u.Memory - nothing.Memory
			t.Logf("%s for nothing, %s more", FormatSize(nothing.Memory), FormatSize(more))
			// The program's Go runtime is good for a megabyte more or less; bench/ has a finer measure.
			assert.InDelta(t, n*mib, more, float64(2*mib+n*mib/100))
		})
	}
}

func TestPageCacheIsNotTheProgramsMemory(t *testing.T) {
	h := openHost(t)
	file := filepath.Join(diskDirectory(t), "cold")
	f, err := os.Create(file)
	require.NoError(t, err)
	defer f.Close()
	_, err = io.CopyN(f, zeros{}, 20*mib)
	require.NoError(t, err)
	require.NoError(t, f.Sync())

	warm, err := run(t, h, Limits{}, "read", file)
	require.NoError(t, err)
	require.NoError(t, unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED))
	cold, err := run(t, h, Limits{}, "read", file)
	require.NoError(t, err)
	t.Logf("warm %s, cold %s", FormatSize(warm.Memory), FormatSize(cold.Memory))
	assert.InDelta(t, warm.Memory, cold.Memory, mib)
}

// zeros is an endless file.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// diskDirectory is a new directory on a file system with a page cache of its own, which tmpfs is not.
func diskDirectory(t *testing.T) string {
	t.Helper()
	for _, place := range []string{os.TempDir(), "/var/tmp", "."} {
		var s unix.Statfs_t
		if unix.Statfs(place, &s) != nil || s.Type == unix.TMPFS_MAGIC {
			continue
		}
		if dir, err := os.MkdirTemp(place, "limits-test"); err == nil {
			t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
			return dir
		}
	}
	t.Fatal("no directory on a disk: set TMPDIR to one")
	return ""
}

func TestMemoryLimitIsCertain(t *testing.T) {
	onEachLayout(t, func(t *testing.T, h *Host) {
		l := Limits{Memory: 48 * mib}
		t.Run("within", func(t *testing.T) {
			u, err := run(t, h, l, "touch", "20")
			require.NoError(t, err)
			assert.False(t, u.OOM)
			assert.False(t, u.AtLimit)
			assert.False(t, u.HostOOM)
		})
		t.Run("the program itself", func(t *testing.T) {
			u, err := run(t, h, l, "touch", "100")
			assert.ErrorContains(t, err, "killed")
			assert.True(t, u.OOM)
			assert.True(t, u.AtLimit || !u.HasMemory)
			assert.False(t, u.HostOOM)
			assert.InDelta(t, l.Memory, u.Memory, mib)
		})
		t.Run("a child whose parent waits forever", func(t *testing.T) {
			u, err := run(t, h, l, "touch-in-child", "100")
			assert.ErrorContains(t, err, "killed")
			assert.True(t, u.OOM)
		})
	})
}

func TestProcessLimitIsNoticed(t *testing.T) {
	h := openHost(t)
	u, _ := run(t, h, Limits{Processes: 30}, "fork", "40")
	assert.True(t, u.ProcessLimit)
	assert.True(t, !u.HasProcesses || u.Processes == 30, "%d processes", u.Processes)

	u, err := run(t, h, Limits{Processes: 30}, "touch", "0")
	require.NoError(t, err)
	assert.False(t, u.ProcessLimit)
	if u.HasProcesses {
		assert.Greater(t, u.Processes, 0)
		assert.Less(t, u.Processes, 30)
	}
}

func TestWatchEndsASpinningProgram(t *testing.T) {
	onEachLayout(t, func(t *testing.T, h *Host) {
		g := newGroup(t, h)
		p := startProgram(t, g, "spin-forever")
		limit := 100 * time.Millisecond
		require.NoError(t, g.Limit(Limits{CPU: limit}))
		require.NoError(t, g.Start(p.cmd.Process.Pid))
		alarms := make(chan Alarm, 1)
		w := g.Watch(func(a Alarm) { p.kill(); alarms <- a })
		p.open(t)
		assert.Equal(t, AlarmCPU, <-alarms)
		assert.Error(t, p.cmd.Wait())
		w.Stop()
		u, err := g.Usage()
		require.NoError(t, err)
		assert.Greater(t, u.CPU, limit)
		t.Logf("%v late", u.CPU-limit)
	})
}

func TestKillEndsTheGroup(t *testing.T) {
	onEachLayout(t, func(t *testing.T, h *Host) {
		g := newGroup(t, h)
		p := startProgram(t, g, "spin-forever")
		p.open(t)
		populated, err := g.Populated()
		require.NoError(t, err)
		assert.True(t, populated)
		if h.kills {
			require.NoError(t, g.Kill())
		} else { // the caller has to
			require.ErrorIs(t, g.Kill(), errors.ErrUnsupported)
			p.kill()
		}
		assert.ErrorContains(t, p.cmd.Wait(), "killed")
		waitEmpty(t, g)
	})
}

// entering is a shell that enters groups by tasks files, says how that went, and waits for the end of its input.
func entering(tasks []*os.File) *exec.Cmd {
	script := "true"
	for i := range tasks {
		script += fmt.Sprintf(" && echo 0 >&%d", 3+i)
	}
	c := exec.Command("sh", "-c", script+" && echo in || echo out; read forever")
	c.ExtraFiles = tasks
	return c
}

func TestProgramEntersByItself(t *testing.T) {
	onEachLayout(t, func(t *testing.T, h *Host) {
		g := newGroup(t, h)
		admit, tasks := g.Entrance()
		if slices.ContainsFunc(h.bases, func(b *base) bool { return b.unified }) {
			assert.Nil(t, tasks)
			assert.NotNil(t, admit)
			return
		}
		assert.Nil(t, admit)
		require.Len(t, tasks, len(h.bases))
		c := entering(tasks)
		in, err := c.StdinPipe()
		require.NoError(t, err)
		out, err := c.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, c.Start())
		var word string
		_, err = fmt.Fscanln(out, &word)
		require.NoError(t, err)
		assert.Equal(t, "in", word)
		for _, b := range h.bases {
			assert.Equal(t, []string{strconv.Itoa(c.Process.Pid)}, members(filepath.Join(b.path, g.name)), b.path)
		}
		require.NoError(t, in.Close())
		_ = c.Wait() // read has failed
		waitEmpty(t, g)
	})
}

func TestNobodyEntersAGroupThatIsRemoved(t *testing.T) {
	h := openHost(t)
	g, err := h.NewGroup()
	require.NoError(t, err)
	_, tasks := g.Entrance()
	var late []*os.File // as somebody has them who was asked to enter
	for _, f := range tasks {
		fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
		require.NoError(t, err)
		late = append(late, os.NewFile(uintptr(fd), "tasks"))
		defer late[len(late)-1].Close()
	}
	require.NoError(t, g.Close())
	for _, f := range late {
		word, err := entering([]*os.File{f}).Output()
		assert.Error(t, err, "read has failed")
		assert.Equal(t, "out\n", string(word))
	}
}

func TestAdmitOfADeadProcessSaysSo(t *testing.T) {
	h := openHost(t)
	g := newGroup(t, h)
	p := startProgram(t, g, "touch", "0")
	p.kill()
	assert.Error(t, p.cmd.Wait())
	assert.ErrorIs(t, g.Admit(p.cmd.Process.Pid), unix.ESRCH)
}

func TestCloseOfAGroup(t *testing.T) {
	onEachLayout(t, func(t *testing.T, h *Host) {
		g, err := h.NewGroup()
		require.NoError(t, err)
		require.NoError(t, g.Close())
		require.NoError(t, g.Close(), "again")
		for _, b := range h.bases {
			assert.NoDirExists(t, filepath.Join(b.path, g.name))
		}
	})
}

func BenchmarkGroup(b *testing.B) {
	h := openHost(b)
	b.Run("make and close", func(b *testing.B) {
		for b.Loop() {
			g, err := h.NewGroup()
			require.NoError(b, err)
			require.NoError(b, g.Close())
		}
	})
	g := newGroup(b, h)
	l := Limits{Memory: 64 * mib, Processes: 16}
	for _, part := range []struct {
		name string
		do   func() error
	}{
		{"limit", func() error { return g.Limit(l) }},
		{"start", func() error { return g.Start(os.Getpid()) }},
		{"cpu", func() error { _, err := g.CPU(); return err }},
		{"usage", func() error { _, err := g.Usage(); return err }},
		{"page cache", func() error { _, err := g.cache(); return err }},
	} {
		b.Run(part.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := part.do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestFileThatOnlyRootCouldWriteIsReadByOthers(t *testing.T) {
	dir := t.TempDir()
	name := "group"
	require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, name, "memory.peak"), []byte("4096\n"), 0o444))
	fd, err := unix.Open(dir, unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	require.NoError(t, err)
	defer unix.Close(fd)
	g := &Group{name: name}
	withoutPrivilege(t, func() {
		f, err := g.openKept(&base{fd: fd}, controlFile{memoryPeak, memory, "memory.peak", unix.O_RDWR, true})
		require.NoError(t, err)
		defer unix.Close(f)
		g.files[memoryPeak] = keptFile{f, "memory.peak"}
		peak, err := g.read(memoryPeak, "")
		require.NoError(t, err)
		assert.EqualValues(t, 4096, peak)
		assert.False(t, g.resetPeak())
	})
}

// withoutPrivilege calls f on a thread that may open no more than the modes of files say.
func withoutPrivilege(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and it ends with the goroutine
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var none [2]unix.CapUserData
		if assert.NoError(t, unix.Capset(&header, &none[0])) {
			f()
		}
	}()
	<-done
}
