//go:build !race

package limits

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The race detector allocates, too, so this is no test for it.
func TestHotPathDoesNotAllocate(t *testing.T) {
	h := openHost(t)
	g := newGroup(t, h)
	l := Limits{Memory: 64 * mib, Processes: 16}
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		require.NoError(t, g.Limit(l))
		require.NoError(t, g.Start(os.Getpid()))
		_, err := g.CPU()
		require.NoError(t, err)
	}))
}
