package limits

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// readLayoutFiles reads a recorded machine from testdata/layout.
func readLayoutFiles(t testing.TB, name string) (mountinfo, self string) {
	t.Helper()
	read := func(file string) string {
		b, err := os.ReadFile(filepath.Join("testdata", "layout", name, file))
		require.NoError(t, err)
		return string(b)
	}
	return read("mountinfo"), read("cgroup")
}

func TestLayoutKnowsRecordedMachines(t *testing.T) {
	const user = "/sys/fs/cgroup/user.slice"
	tests := []struct {
		name string
		kind string
		want map[string][]string // controller, or "v2" -> where a base may be made
	}{
		{"v2-systemd-scope", "v2", map[string][]string{
			"v2": {
				"/sys/fs/cgroup",
				user + "/user-1000.slice/user@1000.service/app.slice/run-r5f2.scope",
				user + "/user-1000.slice/user@1000.service/app.slice",
				user + "/user-1000.slice/user@1000.service",
				user + "/user-1000.slice",
				user,
			},
			"memory": nil,
		}},
		{"v2-container", "v2", map[string][]string{"v2": {"/sys/fs/cgroup"}}},
		{"v2-outer-mount", "v2", map[string][]string{"v2": {"/sys/fs/cgroup"}}},
		{"v2-judge-in-judge", "v2", map[string][]string{
			"v2": {"/sys/fs/cgroup", "/sys/fs/cgroup/system.slice/job.service", "/sys/fs/cgroup/system.slice"},
		}},
		{"v1-container", "v1", map[string][]string{
			"memory":  {"/sys/fs/cgroup/memory", "/sys/fs/cgroup/memory/sub"},
			"pids":    {"/sys/fs/cgroup/pids"},
			"cpuacct": {"/sys/fs/cgroup/cpu,cpuacct"},
			"v2":      nil,
		}},
		{"hybrid-systemd", "hybrid", map[string][]string{
			"v2": {
				"/sys/fs/cgroup/unified",
				"/sys/fs/cgroup/unified/user.slice/user-0.slice/session-1.scope",
				"/sys/fs/cgroup/unified/user.slice/user-0.slice",
				"/sys/fs/cgroup/unified/user.slice",
			},
			"cpuacct": {"/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct/user.slice"},
			"net_cls": nil,
		}},
		{"v1-all-together", "v1", map[string][]string{
			"memory":  {"/mnt/my cgroups", "/mnt/my cgroups/batch"},
			"cpuacct": {"/mnt/my cgroups", "/mnt/my cgroups/batch"},
		}},
		{"v2-beside-v1-cpu", "v2", map[string][]string{
			"v2": {
				"/sys/fs/cgroup",
				"/sys/fs/cgroup/user.slice/user-1000.slice/session-3.scope",
				"/sys/fs/cgroup/user.slice/user-1000.slice",
				"/sys/fs/cgroup/user.slice",
			},
			weights:  {"/mnt/cpu"},
			"memory": nil,
		}},
		{"none", "none", map[string][]string{"v2": nil, "memory": nil}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := parseLayout(readLayoutFiles(t, tt.name))
			assert.Equal(t, tt.kind, l.kind())
			for controller, want := range tt.want {
				h, ok := l.v1(controller)
				if controller == "v2" {
					h, ok = l.v2()
				}
				require.Equal(t, want != nil, ok, "has %s", controller)
				if ok {
					assert.Equal(t, want, h.parents(), "parents for %s", controller)
				}
			}
		})
	}
}

func TestOwnCgroupIsNearest(t *testing.T) {
	for name, want := range map[string][]string{
		"hybrid-systemd":   {"/sys/fs/cgroup/cpu,cpuacct/user.slice", "/sys/fs/cgroup/cpu,cpuacct"},
		"v1-container":     {"/sys/fs/cgroup/cpu,cpuacct"},
		"v2-beside-v1-cpu": {"/mnt/cpu"},
	} {
		h, ok := parseLayout(readLayoutFiles(t, name)).v1(weights)
		require.True(t, ok, name)
		assert.Equal(t, want, h.nearest(), name)
	}
}

func FuzzParseLayout(f *testing.F) {
	entries, err := os.ReadDir("testdata/layout")
	require.NoError(f, err)
	for _, e := range entries {
		mountinfo, self := readLayoutFiles(f, e.Name())
		f.Add(mountinfo, self)
	}
	f.Add("1 2 3 4 5 6 - cgroup", "0::\n::")
	f.Fuzz(func(t *testing.T, mountinfo, self string) {
		l := parseLayout(mountinfo, self)
		assert.Contains(t, []string{"none", "v1", "v2", "hybrid"}, l.kind())
		for _, h := range l {
			assert.Equal(t, h.mount, h.parents()[0])
		}
	})
}
