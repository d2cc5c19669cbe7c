package limits

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"judge/fixtures/testenv"
)

// needDivided skips a test where nothing divides the CPUs: for root that is an omission.
func needDivided(t *testing.T, h *Host) {
	t.Helper()
	if h.dividing() == nil {
		testenv.NeedRoot(t, "to divide the CPUs")
		testenv.Skip(t, errors.New("nothing divides the CPUs"))
	}
}

// newShare returns a share that is closed with the test, which is skipped where groups are shares.
func newShare(t *testing.T, h *Host) *Share {
	t.Helper()
	s, err := h.NewShare()
	require.NoError(t, err)
	needDivided(t, h)
	if s == nil {
		t.Skip("groups are shares here")
	}
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

// inside returns what a script prints that enters the share first.
func inside(t *testing.T, s *Share, script string) string {
	t.Helper()
	c := exec.Command("sh", "-c", "echo 0 >&3; "+script)
	c.ExtraFiles = s.Tasks()
	out, err := c.Output()
	require.NoError(t, err)
	return string(out)
}

func TestShareHasWhatItsProcessesStart(t *testing.T) {
	h := openHost(t)
	a, b := newShare(t, h), newShare(t, h)
	for _, s := range []*Share{a, b} {
		own := parseMembership(inside(t, s, "setsid --wait cat /proc/self/cgroup"))
		hierarchy, _ := h.layout.v1(weights)
		hierarchy.own = own[weights]
		assert.Equal(t, filepath.Join(h.shares.path, s.name), hierarchy.ownDir())
	}
	assert.Equal(t, "cgroup v1 cpu", h.Mechanisms()["shares"])
}

func TestShareGoesWhenItsProcessesHaveEnded(t *testing.T) {
	h := openHost(t)
	s := newShare(t, h)
	dir := filepath.Join(h.shares.path, s.name)
	inside(t, s, "")
	require.NoError(t, s.Close())
	assert.NoDirExists(t, dir)
	assert.NoError(t, s.Close(), "again")
	assert.NoError(t, (*Share)(nil).Close())
	last := newShare(t, h)
	require.NoError(t, h.Close())
	assert.NoError(t, last.Close(), "of a closed host")
	assert.Empty(t, (*Share)(nil).Tasks())
}

func TestSharesAreTakenOnlyWhereGroupsAreNone(t *testing.T) {
	l, err := readLayout()
	require.NoError(t, err)
	h := openHost(t)
	needDivided(t, h)
	if h.shares != nil {
		without := slices.DeleteFunc(slices.Clone(l), func(h hierarchy) bool { return slices.Equal(h.controllers, []string{weights}) })
		other, err := open(without, Options{})
		require.NoError(t, err)
		defer other.Close()
		s, err := other.NewShare()
		require.NoError(t, err)
		assert.Nil(t, s)
		assert.NotContains(t, other.Mechanisms(), "shares")
		return
	}
	g := newGroup(t, h)
	weight := map[bool]string{true: "cpu.weight", false: "cpu.shares"}[h.dividing().unified]
	_, err = os.Stat(filepath.Join(h.dividing().path, g.name, weight))
	assert.NoError(t, err)
}

func TestNothingDividesRealTime(t *testing.T) {
	l, err := readLayout()
	require.NoError(t, err)
	l = slices.DeleteFunc(l, func(h hierarchy) bool { return len(h.controllers) > 1 && slices.Contains(h.controllers, weights) })
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() {
		runtime.LockOSThread() // the thread that has the policy ends with us
		if err := unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 1}, 0); err != nil {
			t.Log("nor may a judge be in real time here:", err)
			return
		}
		h, err := open(l, Options{Degraded: true})
		if !assert.NoError(t, err) {
			return
		}
		defer h.Close()
		assert.NotContains(t, h.Mechanisms(), "shares")
		s, err := h.NewShare()
		assert.NoError(t, err)
		assert.Nil(t, s)
	})
}
