package isolate

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// All that the kernel knows, but for RLIMIT_CORE, which is ours.
func TestEveryRlimitCanBeSet(t *testing.T) {
	b := newBox(t)
	const known = unix.RLIMIT_RTTIME + 1 // the last one
	p := b.probeProgram("rlimits")
	want := ""
	for r := range known {
		if r == unix.RLIMIT_CORE {
			continue
		}
		hard := min(HardLimit(r), 1<<30)
		soft := hard / 2
		p.Rlimits = append(p.Rlimits, Rlimit{r, soft, hard})
		p.Args = append(p.Args, strconv.Itoa(r))
		want += fmt.Sprintf("%d: %d %d\n", r, soft, hard)
	}
	_, out := b.mustRun(p)
	assert.Equal(t, want, out)

	p = b.probeProgram("exit", "0")
	p.Rlimits = []Rlimit{{known, 1, 1}}
	_, _, err := b.run(t.Context(), p, nil)
	var step *StepError
	require.ErrorAs(t, err, &step, "what the kernel does not know")
	assert.Equal(t, unix.EINVAL, step.Err)
}
