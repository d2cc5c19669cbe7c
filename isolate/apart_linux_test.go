package isolate

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// nothingFound is what the probe says when it finds nothing of another run.
func nothingFound(t *testing.T, found []string) {
	t.Helper()
	for _, line := range found {
		what, how, _ := strings.Cut(line, ": ")
		if how == "ok" || strings.HasPrefix(what, "process ") {
			t.Errorf("found %s of another run", line)
		}
	}
	assert.Len(t, found, 9)
}

// planted fails the test if the probe could not plant what others are then to look for.
func planted(t *testing.T, out string) {
	t.Helper()
	for line := range strings.Lines(out) {
		if strings.Contains(line, "queue") || strings.Contains(line, "semaphore") {
			continue // the policy for system calls may refuse them
		}
		assert.Contains(t, line, ": ok\n")
	}
	assert.Equal(t, 8, strings.Count(out, "\n"))
}

func TestRunsOneAfterTheOtherShareNothing(t *testing.T) {
	b := newBox(t)
	planted(t, b.probed("plant"))
	nothingFound(t, b.lines("find"))
	other := newBox(t)
	nothingFound(t, other.lines("find"))
}

// What the programs of a run do to the flags of a file that leads nowhere, the next run does not see.
func TestRunsShareNoOpenFile(t *testing.T) {
	b := newBox(t)
	script := func(text string) string {
		p, r, w := b.sh(text)
		p.Stdout, p.Stderr = nil, w // standard input and output are nobody's
		_, err := b.Run(context.Background(), p, nil)
		require.NoError(t, err)
		w.Close()
		out, err := io.ReadAll(r)
		require.NoError(t, err)
		return string(out)
	}
	const flags = "grep -h ^flags /proc/self/fdinfo/0 /proc/self/fdinfo/1 >&2"
	before := script(flags)
	changed := script(`perl -MFcntl -e 'for my $f (*STDIN, *STDOUT) { fcntl($f, F_SETFL, O_APPEND | O_NONBLOCK) or die $! }'; ` + flags)
	require.NotEqual(t, before, changed)
	assert.Equal(t, before, script(flags))
}

func TestRunsAtTheSameTimeShareNothing(t *testing.T) {
	b, other := newBox(t), newBox(t)
	other.root = b.root // the same layers
	ctx, cancel := context.WithCancel(context.Background())
	exit, err := runUntilSaid(t, b, ctx, func(int) {
		defer cancel()
		nothingFound(t, other.lines("find"))
	}, "plant", "and stay")
	require.NoError(t, err)
	assert.ErrorIs(t, exit.Cause, context.Canceled)
}

func TestSandboxesHaveUserIDsOfTheirOwn(t *testing.T) {
	needOwnIDs(t)
	owners := map[string]bool{}
	for range 3 {
		b := newBox(t)
		_, _, err := b.run(context.Background(), b.probeProgram("exit", "0"), func(pid int) error {
			_, initPID := stateOf(pid)
			for _, p := range []int{pid, initPID} {
				for _, key := range []string{"Uid:", "Gid:"} {
					id := lastField(t, p, key)
					assert.NotEqual(t, "0", id, "%s of a process of the run", key)
				}
				owner := lastField(t, p, "Uid:")
				assert.False(t, owners[owner], "user %s was seen before", owner)
				owners[owner] = true
			}
			return nil
		})
		require.NoError(t, err)
	}
}
