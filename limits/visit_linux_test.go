package limits

import (
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestProcessorIsFoundBehindAnyName(t *testing.T) {
	fields := " S 1 4 4 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 99 1 2 3 4 5 6 7 8 0 0 0 0 0 0 0 17 3 0 0 0 0 0"
	for name, want := range map[string]int{"12 (plain)": 3, "12 (a) S 9 ( b)": 3, "12 (": -1, "": -1} {
		if want < 0 {
			_, ok := parseProcessor([]byte(name))
			assert.False(t, ok, name)
			continue
		}
		n, ok := parseProcessor([]byte(name + fields))
		assert.True(t, ok, name)
		assert.Equal(t, want, n, name)
	}
}

func TestVisitLeavesTheThreadWhereItMayRun(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, after unix.CPUSet
	require.NoError(t, unix.SchedGetaffinity(0, &before))
	for _, pid := range []int{os.Getpid(), 1, -1} {
		visit(pid)
	}
	require.NoError(t, unix.SchedGetaffinity(0, &after))
	assert.Equal(t, before, after)
}
