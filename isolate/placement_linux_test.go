package isolate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"judge/fixtures/testenv"
)

// Where a run is prepared is our affair: it does not show in what may run where.
func TestEverybodyMayRunWhereWeMay(t *testing.T) {
	s := openSandbox(t)
	root := &Root{}
	for range 5 {
		ours := allowedCPUs(t, "self")
		for who, allowed := range allowedInARun(t, s, root, nil) {
			assert.Equal(t, ours, allowed, who)
		}
	}
	for range 5 {
		ours := allowedCPUs(t, "self")
		prepares := func(int) error { return s.Prepare(root, nil) }
		for who, allowed := range allowedInARun(t, s, root, prepares) {
			assert.Equal(t, ours, allowed, "%s, one ahead by a gate", who)
		}
		assert.True(t, s.Prepared(root))
	}
}

// Whoever changes our CPUs changes those of the runs to come, on a root that is attached already, too.
func TestRunsFollowUsToOtherCPUs(t *testing.T) {
	var all, one unix.CPUSet
	require.NoError(t, unix.SchedGetaffinity(0, &all))
	for cpu := 0; one.Count() == 0; cpu++ {
		if all.IsSet(cpu) {
			one.Set(cpu)
		}
	}
	if all.Count() < 2 {
		testenv.Skip(t, errors.New("there is only one CPU"))
	}
	defer unix.SchedSetaffinity(os.Getpid(), &all)
	s := openSandbox(t)
	root := &Root{}
	for _, set := range []*unix.CPUSet{&one, &all, &one} {
		require.NoError(t, unix.SchedSetaffinity(os.Getpid(), set)) // our first thread, whatever the others may
		ours := allowedCPUs(t, "self")
		for who, allowed := range allowedInARun(t, s, root, nil) {
			assert.Equal(t, ours, allowed, who)
		}
	}
}

// allowedInARun are the CPUs that each process of a run may use.
func allowedInARun(t *testing.T, s *Sandbox, root *Root, gate Gate) map[string]string {
	t.Helper()
	if !s.Prepared(root) {
		require.NoError(t, s.Prepare(root, nil))
	}
	r, w, err := os.Pipe()
	require.NoError(t, err)
	p := Program{Path: "sh", Args: []string{"sh", "-c", "echo; exec sleep 1000"}, Env: []string{"PATH=/usr/bin:/bin"}, Root: root, Stdout: w}
	process, err := s.Start(context.Background(), p, gate)
	w.Close()
	require.NoError(t, err)
	_, err = r.Read(make([]byte, 1))
	r.Close()
	require.NoError(t, err)
	allowed := map[string]string{}
	for who, pid := range map[string]int{"intermediate": s.process.Pid, "init": process.held.clonePID, "program": process.PID()} {
		allowed[who] = allowedCPUs(t, fmt.Sprint(pid))
	}
	process.Kill()
	_, err = process.Wait()
	require.NoError(t, err)
	return allowed
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
