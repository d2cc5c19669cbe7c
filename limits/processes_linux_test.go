package limits

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProcessesOfAGroup(t *testing.T) {
	onEachLayout(t, func(t *testing.T, h *Host) {
		g := newGroup(t, h)
		pids, err := g.Processes()
		require.NoError(t, err)
		assert.Empty(t, pids)
		p := startProgram(t, g, "spin", "1", "1")
		pids, err = g.Processes()
		require.NoError(t, err)
		assert.Equal(t, []int{p.cmd.Process.Pid}, pids)
		assert.NotContains(t, pids, os.Getpid())
		p.open(t)
		require.NoError(t, p.cmd.Wait())
		pids, err = g.Processes()
		require.NoError(t, err)
		assert.Empty(t, pids)
	})
}
