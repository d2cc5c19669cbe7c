package isolate

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Where a run is prepared is our affair: it does not show in what may run where.
func TestEverybodyMayRunWhereWeMay(t *testing.T) {
	s := openSandbox(t)
	root := &Root{}
	for range 5 {
		require.NoError(t, s.Prepare(root, nil))
		r, w, err := os.Pipe()
		require.NoError(t, err)
		p := Program{Path: "sh", Args: []string{"sh", "-c", "echo; exec sleep 1000"}, Env: []string{"PATH=/usr/bin:/bin"}, Root: root, Stdout: w}
		process, err := s.Start(context.Background(), p, nil)
		w.Close()
		require.NoError(t, err)
		_, err = r.Read(make([]byte, 1))
		r.Close()
		require.NoError(t, err)
		ours := allowedCPUs(t, "self")
		for who, pid := range map[string]int{"intermediate": s.process.Pid, "init": process.held.clonePID, "program": process.PID()} {
			assert.Equal(t, ours, allowedCPUs(t, fmt.Sprint(pid)), who)
		}
		process.Kill()
		_, err = process.Wait()
		require.NoError(t, err)
	}
}

func allowedCPUs(t *testing.T, pid string) string {
	t.Helper()
	status, err := os.ReadFile("/proc/" + pid + "/status")
	require.NoError(t, err)
	_, list, found := strings.Cut(string(status), "\nCpus_allowed_list:\t")
	require.True(t, found)
	list, _, _ = strings.Cut(list, "\n")
	return list
}

// openSandbox starts a sandbox that is closed with the test.
func openSandbox(t *testing.T) *Sandbox {
	t.Helper()
	needSandbox(t)
	s, err := New()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}
