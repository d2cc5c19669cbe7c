package limits

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"judge/fixtures/testenv"
)

// TestMain plays the programs of the tests, and fails if the tests leave a descriptor or a cgroup.
func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		play(role, os.Args[1:])
		return
	}
	before := openDescriptors()
	code := m.Run()
	if after := openDescriptors(); code == 0 && after > before {
		fmt.Printf("descriptors: %d before the tests, %d after\n", before, after)
		code = 1
	}
	if left := basesOf(os.Getpid()); code == 0 && len(left) > 0 {
		fmt.Println("left behind:", left)
		code = 1
	}
	os.Exit(code)
}

// openDescriptors counts the descriptors of this process, without those of Go's own poller, which stay.
func openDescriptors() int {
	n := 0
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		target, _ := os.Readlink("/proc/self/fd/" + e.Name())
		if target != "" && !strings.HasPrefix(target, "anon_inode:[event") {
			n++
		}
	}
	return n
}

// basesOf lists the bases of a judge, wherever they are.
func basesOf(pid int) (paths []string) {
	_ = filepath.WalkDir("/sys/fs/cgroup", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), strconv.Itoa(pid)+"-") {
			paths = append(paths, path)
		}
		return nil
	})
	return paths
}

// openHost opens a host that holds all limits, or skips the test: which JUDGE_TEST_STRICT=1 forbids.
func openHost(t testing.TB) *Host {
	t.Helper()
	l, err := readLayout()
	require.NoError(t, err)
	return openHostOn(t, l)
}

// openHostOn is openHost on the hierarchies of l.
func openHostOn(t testing.TB, l layout) *Host {
	t.Helper()
	h, err := open(l, Options{})
	if err != nil {
		testenv.Skip(t, err)
	}
	t.Cleanup(func() { require.NoError(t, h.Close()) })
	return h
}

// open is Open on the hierarchies of l, without a scope.
func open(l layout, opt Options) (*Host, error) {
	h, err := find(l)
	if err != nil {
		return nil, err
	}
	return h.accept(opt)
}

// onEachLayout runs a test on the hierarchies of this machine and, if it is hybrid, with CPU time counted in version 2,
// and without that.
func onEachLayout(t *testing.T, test func(*testing.T, *Host)) {
	l, err := readLayout()
	require.NoError(t, err)
	t.Run(l.kind(), func(t *testing.T) { test(t, openHostOn(t, l)) })
	if l.kind() == "hybrid" {
		mixed := slices.DeleteFunc(slices.Clone(l), func(h hierarchy) bool { return slices.Contains(h.controllers, v1.controllers[cpu]) })
		t.Run("hybrid without cpuacct", func(t *testing.T) { test(t, openHostOn(t, mixed)) })
		l = slices.DeleteFunc(slices.Clone(l), func(h hierarchy) bool { return h.unified })
		t.Run(l.kind(), func(t *testing.T) { test(t, openHostOn(t, l)) })
	}
}

// newGroup makes a group that is closed with the test.
func newGroup(t testing.TB, h *Host) *Group {
	t.Helper()
	g, err := h.NewGroup()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, g.Close()) })
	return g
}
