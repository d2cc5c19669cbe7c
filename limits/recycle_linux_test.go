package limits

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// single runs a shell, which has no threads, in the group, and then what it executes.
func single(t *testing.T, g *Group, l Limits, script string) Usage {
	t.Helper()
	c := exec.Command("sh", "-c", "read gate; "+script)
	gate, err := c.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	require.NoError(t, g.Admit(c.Process.Pid))
	require.NoError(t, g.Limit(l))
	require.NoError(t, g.Start(c.Process.Pid))
	_, err = gate.Write([]byte("\n"))
	require.NoError(t, err)
	_ = c.Wait() // it may have been killed
	waitEmpty(t, g)
	u, err := g.Usage()
	require.NoError(t, err)
	return u
}

// recycled runs something in a new group, which its recycling may give to the next.
func recycled(t *testing.T, h *Host, l Limits, script string) (u Usage, again bool) {
	t.Helper()
	g, err := h.NewGroup()
	require.NoError(t, err)
	return recycledIn(t, g, l, script)
}

func recycledIn(t *testing.T, g *Group, l Limits, script string) (u Usage, again bool) {
	t.Helper()
	u = single(t, g, l, script)
	again = g.Recycle()
	if !again {
		require.NoError(t, g.Close())
	}
	return u, again
}

// recycledOnce repeats a run until its group was recycled, and returns that: how much a dead process leaves charged,
// and for how long, is the kernel's business.
func recycledOnce(t *testing.T, h *Host, l Limits, script string) (*Group, Usage) {
	t.Helper()
	for range 50 {
		g, err := h.NewGroup()
		require.NoError(t, err)
		u, recycled := recycledIn(t, g, l, script)
		if !recycled {
			continue
		}
		again, err := h.NewGroup()
		require.NoError(t, err)
		if again == g {
			return again, u
		}
		require.NoError(t, again.Close())
	}
	t.Fatal("no group was recycled")
	return nil, Usage{}
}

func TestRecycledGroupCountsFromTheBeginning(t *testing.T) {
	onEachLayout(t, func(t *testing.T, h *Host) {
		if !canResetPeak(t, h) {
			_, again := recycled(t, h, Limits{}, "exec true")
			assert.False(t, again, "the peak would be the largest of all runs")
			return
		}
		again, big := recycledOnce(t, h, Limits{Memory: 100 * mib, Processes: 1}, "exec dd if=/dev/zero of=/dev/null bs=60M count=10")
		small := single(t, again, Limits{}, "exec dd if=/dev/zero of=/dev/null bs=10M count=1")
		assert.InDelta(t, 60*mib, big.Memory, 2*mib)
		assert.InDelta(t, 10*mib, small.Memory, 2*mib)
		assert.Less(t, small.CPU, big.CPU)
		assert.Equal(t, 1, small.Processes)

		if !again.Recycle() {
			require.NoError(t, again.Close())
		}
		over, ok := recycled(t, h, Limits{Memory: 30 * mib}, "exec dd if=/dev/zero of=/dev/null bs=60M count=1")
		assert.True(t, over.OOM, "the limit is the second run's")
		assert.False(t, ok, "the kernel counts what it killed, for ever")
		free, _ := recycled(t, h, Limits{}, "exec dd if=/dev/zero of=/dev/null bs=60M count=1")
		assert.False(t, free.OOM)
		assert.InDelta(t, 60*mib, free.Memory, 2*mib)
	})
}

func TestRecycledGroupLosesItsLimits(t *testing.T) {
	h := openHost(t)
	if !canResetPeak(t, h) {
		return // none is recycled
	}
	g, _ := recycledOnce(t, h, Limits{Memory: 16 * mib, Processes: 1}, "exec true")
	u, _ := recycledIn(t, g, Limits{Memory: 200 * mib, Processes: 50}, "dd if=/dev/zero of=/dev/null bs=60M count=1; true")
	assert.False(t, u.OOM)
	assert.False(t, u.ProcessLimit)
	assert.InDelta(t, 60*mib, u.Memory, 3*mib)
}

func TestGroupIsNotRecycledWhenItWouldTell(t *testing.T) {
	h := openHost(t)
	for _, row := range []struct {
		name   string
		limits Limits
		script string
	}{
		{"more than one process", Limits{}, "sleep 0; true"},
		{"a fork that was refused", Limits{Processes: 1}, "sleep 0; true"},
		{"out of memory", Limits{Memory: 16 * mib}, "exec dd if=/dev/zero of=/dev/null bs=60M count=1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, again := recycled(t, h, row.limits, row.script)
			assert.False(t, again)
		})
	}
	t.Run("somebody lives in it", func(t *testing.T) {
		g := newGroup(t, h)
		single(t, g, Limits{}, "exec true")
		c := exec.Command("sleep", "1000")
		require.NoError(t, c.Start())
		require.NoError(t, g.Admit(c.Process.Pid))
		assert.False(t, g.Recycle())
		require.NoError(t, c.Process.Kill())
		_ = c.Wait()
	})
	t.Run("nobody has read it", func(t *testing.T) {
		g := newGroup(t, h)
		require.NoError(t, g.Start(os.Getpid()))
		assert.False(t, g.Recycle())
	})
	t.Run("nobody was started in it", func(t *testing.T) {
		g := newGroup(t, h)
		_, err := g.Usage()
		require.NoError(t, err)
		assert.False(t, g.Recycle(), "who was to enter it may still do so")
	})
	t.Run("the kernel was asked to tell", func(t *testing.T) {
		if h.events == nil {
			return // version 2 needs no telling
		}
		g := newGroup(t, h)
		require.NoError(t, g.Limit(Limits{Memory: mib}))
		require.NoError(t, g.Start(os.Getpid()))
		g.Watch(func(Alarm) {})
		_, err := g.listen()
		require.NoError(t, err)
		_, err = g.Usage()
		require.NoError(t, err)
		assert.False(t, g.Recycle())
	})
}

// canResetPeak tells whether the kernel can forget the largest memory of a group.
func canResetPeak(t *testing.T, h *Host) bool {
	t.Helper()
	return newGroup(t, h).resetPeak()
}

func TestOnlyCountersOfANewGroupAreAsNew(t *testing.T) {
	fresh := counters{peak: 0, current: 0, processes: 1}
	assert.True(t, fresh.asNew())
	assert.True(t, counters{peak: -1, current: -1, processes: -1}.asNew(), "nobody counts")
	for name, change := range map[string]func(*counters){
		"processes":    func(c *counters) { c.processes = 2 },
		"forks":        func(c *counters) { c.refused = 1 },
		"killed":       func(c *counters) { c.oomKills = 1 },
		"at the limit": func(c *counters) { c.oom = 1 },
		"told":         func(c *counters) { c.told = true },
	} {
		c := fresh
		change(&c)
		assert.False(t, c.asNew(), name)
	}
}

func TestIdleGroupsGoWithTheHost(t *testing.T) {
	h := openHost(t)
	if !canResetPeak(t, h) {
		return
	}
	g, _ := recycledOnce(t, h, Limits{CPU: time.Second}, "exec true")
	recycledIn(t, g, Limits{}, "exec true")
	require.NoError(t, h.Close())
	for _, b := range h.bases {
		assert.NoDirExists(t, b.path)
	}
}

// What a process leaves is given back, or the group is not used again: three looks decide.
func TestGroupThatKeepsItsMemoryIsGivenUp(t *testing.T) {
	h := openHost(t)
	if !canResetPeak(t, h) {
		return
	}
	g := newGroup(t, h)
	file := filepath.Join(diskDirectory(t), "written") // its page cache stays the group's
	single(t, g, Limits{}, "exec dd if=/dev/zero of="+file+" bs=1M count=8")
	require.Greater(t, g.last.current, int64(4*mib))
	require.True(t, g.Recycle(), "all but memory is as new")
	for range maxLooks {
		assert.Nil(t, h.idle.take())
	}
	assert.Empty(t, h.idle.groups)
	assert.Empty(t, g.made, "it is removed")
}
