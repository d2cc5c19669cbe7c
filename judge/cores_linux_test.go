package judge

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"judge/fixtures/testenv"
	"judge/isolate"
)

// allowed are the CPUs that a thread may run on; 0 is the caller's.
func allowed(t *testing.T, tid int) unix.CPUSet {
	t.Helper()
	var set unix.CPUSet
	require.NoError(t, unix.SchedGetaffinity(tid, &set))
	return set
}

// statusOf is a line of what the kernel says of our first thread.
func statusOf(t *testing.T, key string) string {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, key) {
			return line
		}
	}
	return ""
}

func TestWhoStaysOnACPUIsNotTheFirstThread(t *testing.T) {
	usable, err := usableCPUs()
	require.NoError(t, err)
	ours := allowed(t, unix.Getpid())
	var all sync.WaitGroup
	for range 8 { // each has a thread, and one may have the first
		for _, cpu := range usable {
			all.Go(func() {
				stayOn(cpu, func() {
					assert.NotEqual(t, unix.Getpid(), unix.Gettid())
					only := unix.CPUSet{}
					only.Set(cpu)
					assert.Equal(t, only, allowed(t, 0))
				})
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				assert.Equal(t, ours, allowed(t, 0), "afterwards")
			})
		}
	}
	all.Wait()
	assert.Equal(t, ours, allowed(t, unix.Getpid()))
}

func TestNobodyGoesToACPUThatWasTakenFromUs(t *testing.T) {
	usable, err := usableCPUs()
	require.NoError(t, err)
	if len(usable) < 2 {
		testenv.Skip(t, errors.New("there is only one CPU"))
	}
	stayOn(usable[0], func() { // as if we had no other
		left := allowed(t, 0)
		assert.Equal(t, 1, left.Count())
		stayOn(usable[1], func() { assert.Equal(t, left, allowed(t, 0)) })
		assert.Equal(t, left, allowed(t, 0), "afterwards")
	})
}

func TestProgramsMayRunWhereverWeMayAndWorkersStay(t *testing.T) {
	usable, err := usableCPUs()
	require.NoError(t, err)
	pool := newPool(t, len(usable))
	seat, err := pool.enter(context.Background())
	require.NoError(t, err)
	root := &isolate.Root{}
	seat.work(func() {
		for range 3 {
			ours := allowed(t, 0)
			assert.Equal(t, 1, ours.Count())
			var out strings.Builder
			e := shell(t, root, "grep Cpus_allowed: /proc/self/status")
			e.next = root
			e.stdout.also = func(p []byte) { out.Write(p) }
			_, _, err := seat.slot.run(context.Background(), e)
			require.NoError(t, errors.Join(err, e.stdout.finish()))
			assert.Equal(t, statusOf(t, "Cpus_allowed:"), out.String())
		}
	})
	require.NoError(t, pool.leave(seat))
}
