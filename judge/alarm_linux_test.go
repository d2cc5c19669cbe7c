package judge

import (
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// waitsFor is a process that waits for input with so many more descriptors.
func waitsFor(t *testing.T, more int) (pid int) {
	t.Helper()
	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer null.Close()
	cmd := exec.Command("cat")
	cmd.ExtraFiles = slices.Repeat([]*os.File{null}, more)
	input, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { assert.NoError(t, input.Close()); assert.NoError(t, cmd.Wait()) })
	return cmd.Process.Pid
}

func TestWhoHasManyDescriptorsIsNotAsked(t *testing.T) {
	const some = maxAlarmFiles / 2
	few, one, other := waitsFor(t, 0), waitsFor(t, some), waitsFor(t, some)
	for _, row := range []struct {
		name string
		pids []int
		want bool
	}{
		{"none", nil, false},
		{"few", []int{few}, false},
		{"some", []int{few, one}, false},
		{"too many together", []int{few, one, other}, true},
	} {
		assert.Equal(t, row.want, haveAlarm(row.pids), row.name)
	}
}
