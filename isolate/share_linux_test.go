package isolate

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNamespacesAreFreshUnlessShared(t *testing.T) {
	needSandbox(t)
	all := []string{"net", "ipc", "uts", "pid", "mnt", "user", "cgroup"}
	for _, row := range []struct {
		share  Share
		shared []string
	}{
		{0, nil},
		{ShareNetwork, []string{"net"}},
		{ShareIPC, []string{"ipc"}},
		{ShareUTS, []string{"uts"}},
		{ShareNetwork | ShareIPC | ShareUTS, []string{"net", "ipc", "uts"}},
	} {
		t.Run(fmt.Sprint(row.share), func(t *testing.T) {
			s, err := Config{Share: row.share}.New()
			require.NoError(t, err)
			defer func() { assert.NoError(t, s.Close()) }()
			b := &box{Sandbox: s, t: t, root: &Root{}}
			const script = "for n in net ipc uts pid mnt user cgroup; do readlink /proc/self/ns/$n; done"
			want := map[string]bool{}
			for _, name := range row.shared {
				want[name] = true
			}
			check := func(out string) {
				t.Helper()
				var names [7]string
				_, err := fmt.Sscan(out, &names[0], &names[1], &names[2], &names[3], &names[4], &names[5], &names[6])
				require.NoError(t, err)
				for i, name := range all {
					host, err := os.Readlink("/proc/self/ns/" + name)
					require.NoError(t, err)
					assert.Equal(t, want[name], host == names[i], "namespace %s is the host's", name)
				}
			}
			for range 2 { // the second is prepared in another way
				check(b.shell(script))
			}
			first := b.started()
			second := b.script(script)
			var out Buffer
			second.Stdout = &out
			p, err := first.Exec(t.Context(), second, func(int) error { return nil })
			require.NoError(t, err)
			_, err = p.Wait()
			require.NoError(t, err)
			check(out.String())
		})
	}
}

func TestSharedNamespacesAreOfUse(t *testing.T) {
	needSandbox(t)
	host, err := os.Hostname()
	require.NoError(t, err)
	assert.Equal(t, host+"\n", configured(t, Config{Share: ShareUTS}, "hostname")[:len(host)+1])
	links, err := os.ReadFile("/proc/net/dev")
	require.NoError(t, err)
	assert.NotEmpty(t, links)
	anyPort := strings.Replace(talk, "4711", "0", 1) // that one may be somebody's on the host
	assert.Contains(t, configured(t, Config{Share: ShareNetwork}, anyPort), "hello\n", "over the host's loopback")
}

func TestRecordsSayWhatIsShared(t *testing.T) {
	m := Config{Share: ShareNetwork | ShareUTS}.Mechanisms()
	assert.Equal(t, "user, pid, mount, cgroup, ipc", m["namespaces"])
	assert.Equal(t, "network, uts", m["shared with the host"])
	m = Mechanisms()
	assert.Equal(t, "user, pid, mount, cgroup, network, ipc, uts", m["namespaces"])
	assert.NotContains(t, m, "shared with the host")
}

func TestWhatCannotBeSharedIsRefused(t *testing.T) {
	needSandbox(t)
	for _, row := range []struct {
		name   string
		config Config
		want   string
	}{
		{"another namespace", Config{Share: ShareIPC | 8}, "share namespaces ipc, 0x8: only network, ipc and uts can be shared"},
		{"a loopback", Config{Share: ShareNetwork, Network: Loopback}, `share namespaces network: the host's network is no place for network "loopback"`},
		{"a name", Config{Share: ShareUTS, Hostname: "box"}, `share namespaces uts: the host's name cannot be "box"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := row.config.New()
			assert.EqualError(t, err, row.want)
		})
	}
}
