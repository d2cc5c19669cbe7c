package isolate

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// The first thread is what /proc/self shows, and others read mounts there.
func TestMounterIsNotTheFirstThread(t *testing.T) {
	needSandbox(t)
	needMounter(t)
	for range 20 {
		m, err := startMounter()
		require.NoError(t, err)
		var tid int
		m.do(func() error { tid = unix.Gettid(); return nil })
		close(m.calls)
		require.NotEqual(t, os.Getpid(), tid)
	}
}

func TestMountsOfTheMounterAreNotOurs(t *testing.T) {
	needSandbox(t)
	needMounter(t)
	before := ourMounts()
	s := newScratch(t, 1<<20, 10)
	assert.Equal(t, before, ourMounts())
	assert.Contains(t, mounterMounts(), s.place)
	require.NoError(t, s.Close())
	assert.NotContains(t, mounterMounts(), s.place)
}
