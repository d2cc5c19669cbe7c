package limits

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// keeps tells whether the kernel has an optional control file.
func (h *Host) keeps(s slot) bool {
	g, err := h.NewGroup()
	if err != nil {
		return false
	}
	defer g.Close()
	return g.files[s].fd >= 0
}

func TestHostNamesItsMechanisms(t *testing.T) {
	h := openHost(t)
	for _, key := range []string{"layout", "cpu", "memory", "processes", "kill"} {
		assert.NotEmpty(t, h.Mechanisms()[key], key)
	}
	assert.Equal(t, Lack{}, h.Lack())
	for _, p := range h.Problems() {
		assert.False(t, p.Fatal, p.Sentence)
		assert.NotEmpty(t, p.Fix, p.Sentence)
	}
	t.Log(h.Mechanisms(), h.Problems())
	for _, b := range h.bases {
		t.Log(b.path, "inside:", b.inside)
	}
}

func TestCloseOfAHostLeavesNothing(t *testing.T) {
	h := openHost(t)
	g, err := h.NewGroup()
	require.NoError(t, err)
	p := startProgram(t, g, "spin-forever")
	p.open(t)
	require.NoError(t, h.Close(), "with a group that is in use")
	assert.ErrorContains(t, p.cmd.Wait(), "killed")
	require.NoError(t, h.Close(), "again")
	assert.Empty(t, basesOf(os.Getpid()))
	require.NoError(t, g.Close(), "a group of a closed host")
}

// startJudge starts another judge that holds groups, and waits until it does.
func startJudge(t *testing.T) *exec.Cmd {
	t.Helper()
	c := child("judge")
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "ready\n", line)
	return c
}

func TestOpenRemovesWhatDeadJudgesLeft(t *testing.T) {
	openHost(t) // or skip
	dead, living := startJudge(t), startJudge(t)
	require.NotEmpty(t, basesOf(dead.Process.Pid), "nothing to remove")
	require.NoError(t, dead.Process.Signal(syscall.SIGKILL))
	assert.Error(t, dead.Wait())

	openHost(t)
	waitRemoved(t, dead.Process.Pid)
	bases := basesOf(living.Process.Pid)
	require.NotEmpty(t, bases, "the living judge's")
	for _, b := range bases {
		groups, err := filepath.Glob(filepath.Join(b, "[0-9]*"))
		require.NoError(t, err)
		assert.NotEmpty(t, groups, b)
	}

	require.NoError(t, living.Process.Signal(syscall.SIGKILL))
	assert.Error(t, living.Wait())
	openHost(t)
	waitRemoved(t, living.Process.Pid)
}

// waitRemoved waits until nothing is left of a dead judge: one of another package's tests may be removing it, and what
// that one has begun, ours leaves to it.
func waitRemoved(t *testing.T, pid int) {
	t.Helper()
	for w := newWait(testPatience); len(basesOf(pid)) > 0; {
		require.True(t, w.next(), "%v is left of judge %d", basesOf(pid), pid)
	}
}

func TestHostsDoNotDisturbOneAnother(t *testing.T) {
	h := openHost(t)
	before := basesOf(os.Getpid())
	others := func() error { return openAndClose(10) }
	if slices.ContainsFunc(h.bases, func(b *base) bool { return b.inside }) { // a process is inside one base only
		others = func() error { return child("hosts", "10").Run() }
	}
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() { assert.NoError(t, others()) })
	}
	all.Wait()
	assert.Equal(t, before, basesOf(os.Getpid()))
}

// openAndClose opens hosts, one after the other, and uses a group of each.
func openAndClose(hosts int) error {
	for range hosts {
		h, err := Open(Options{})
		if err != nil {
			return err
		}
		g, err := h.NewGroup()
		if err == nil {
			err = errors.Join(g.Start(os.Getpid()), g.Close())
		}
		if err := errors.Join(err, h.Close()); err != nil {
			return err
		}
	}
	return nil
}

func TestSweepSparesTheBaseWeAreIn(t *testing.T) {
	h := openHost(t)
	require.NotEmpty(t, h.bases)
	parent := h.bases[0].path                          // which is ours: the judges of other tests leave it alone
	base := filepath.Join(parent, directory, "0-TEST") // its lock is free: a dead judge's
	require.NoError(t, os.MkdirAll(base, 0o700))
	t.Cleanup(func() { os.Remove(base) })
	require.NoError(t, sweep(parent, filepath.Join(base, leaf)))
	assert.DirExists(t, base)
	require.NoError(t, sweep(parent, parent))
	assert.NoDirExists(t, base)
}

func TestGroupsAreMadeConcurrently(t *testing.T) {
	h := openHost(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				g, err := h.NewGroup()
				if assert.NoError(t, err) {
					assert.NoError(t, g.Close())
				}
			}
		})
	}
	all.Wait()
}

func TestDegradedHostWithoutGroupsHasNoFigures(t *testing.T) {
	h, err := open(nil, Options{Degraded: true})
	require.NoError(t, err)
	defer h.Close()
	assert.Equal(t, Lack{CPU: true, Memory: true, Processes: true}, h.Lack())
	require.Len(t, h.Problems(), 3)
	assert.Equal(t, "none", h.Mechanisms()["layout"])

	g, err := h.NewGroup()
	require.NoError(t, err)
	require.NoError(t, g.Admit(os.Getpid()))
	require.NoError(t, g.Limit(Limits{Memory: mib, Processes: 1}))
	require.NoError(t, g.Start(os.Getpid()))
	_, err = g.CPU()
	assert.ErrorIs(t, err, ErrNotMeasured)
	u, err := g.Usage()
	require.NoError(t, err)
	assert.Equal(t, Usage{}, u)
	g.Watch(func(a Alarm) { t.Error(a) }).Stop()
	assert.Error(t, g.Kill())
	require.NoError(t, g.Close())
}

func TestMissingErrorSaysWhatToType(t *testing.T) {
	l := parseLayout(readLayoutFiles(t, "v2-systemd-scope"))
	cause := &os.PathError{Op: "mkdir", Path: "/sys/fs/cgroup/judge", Err: syscall.EACCES}
	var problems []Problem
	for c := range controllerCount {
		problems = append(problems, missing(c.String(), cause, remedy(l, false, cause)))
	}
	err := &MissingError{problems}
	assert.EqualError(t, err, "no control group for cpu, memory, processes: mkdir /sys/fs/cgroup/judge: permission denied\n"+
		"start judge as: systemd-run --user --scope -p Delegate=yes judge …")
	assert.ErrorIs(t, err, os.ErrPermission)
}

func TestMissingErrorNamesEachCause(t *testing.T) {
	_, err := open(nil, Options{})
	assert.EqualError(t, err, "no control group for cpu, memory, processes: no hierarchy has this controller\n"+
		"mount cgroups: mount -t cgroup2 cgroup2 /sys/fs/cgroup")

	err = &MissingError{[]Problem{
		missing("cpu", errors.New("one"), "do this"),
		missing("memory", errors.New("another"), "do that"),
		missing("processes", errors.New("one"), "do this"),
	}}
	assert.EqualError(t, err, "no control group for cpu, processes: one\nno control group for memory: another\ndo this\ndo that")
}

func TestCountCPUs(t *testing.T) {
	for list, want := range map[string]int{"0": 1, "0-3": 4, "0-1,4,6-7": 5, "": 0, "x": 0, "0-": 1} {
		assert.Equal(t, want, countCPUs(list), "%q", list)
	}
}
