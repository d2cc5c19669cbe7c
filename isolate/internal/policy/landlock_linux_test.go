package policy

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"judge/fixtures/testenv"
)

func TestDowngradeAllowsWhateverTheFullPlanAllows(t *testing.T) {
	full := Landlock{Bind: []uint16{80}, Connect: []uint16{443}}.full()
	for abi := range 12 {
		got := full.downgrade(abi)
		assert.Zero(t, got.Rights.FS&^full.Rights.FS, "abi %d: rights", abi)
		assert.Zero(t, got.Rights.Net&^full.Rights.Net, "abi %d: rights", abi)
		assert.Zero(t, got.Scopes&^full.Scopes, "abi %d: scopes", abi)
		for _, rule := range full.Paths {
			still := got.Rights.FS & rule.Access // is refused if no rule allows it
			for _, r := range got.Paths {
				if r.Path == rule.Path {
					still &^= r.Access
					assert.Zero(t, r.Access&^got.Rights.FS, "abi %d: %s allows what is not refused", abi, r.Path)
				}
			}
			assert.Zero(t, still, "abi %d: %s", abi, rule.Path)
		}
		for _, rule := range full.Ports {
			if got.Rights.Net&rule.Access != 0 {
				assert.Contains(t, got.Ports, rule, "abi %d", abi)
			}
		}
	}
}

func TestDowngradeByVersion(t *testing.T) {
	const (
		truncate = unix.LANDLOCK_ACCESS_FS_TRUNCATE
		ioctl    = unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
		refer    = unix.LANDLOCK_ACCESS_FS_REFER
	)
	for _, row := range []struct {
		name   string
		kernel int
		abi    int
		fs     uint64 // of truncate, ioctl and refer
		net    uint64
		scopes uint64
	}{
		{"no Landlock", 0, 0, 0, 0, 0},
		{"Linux 5.13 cannot allow renames", 1, 0, 0, 0, 0},
		{"Linux 5.19", 2, 2, refer, 0, 0},
		{"Linux 6.2", 3, 3, refer | truncate, 0, 0},
		{"Linux 6.7", 4, 4, refer | truncate, tcpAccess, 0},
		{"Linux 6.10", 5, 5, refer | truncate | ioctl, tcpAccess, 0},
		{"Linux 6.12", 6, 6, refer | truncate | ioctl, tcpAccess, everyScope},
		{"a future kernel", 99, 6, refer | truncate | ioctl, tcpAccess, everyScope},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := Landlock{Bind: []uint16{80}}.Plan(row.kernel)
			assert.Equal(t, row.abi, got.ABI)
			assert.Equal(t, row.fs, got.Rights.FS&(truncate|ioctl|refer))
			assert.Equal(t, row.net, got.Rights.Net)
			assert.Equal(t, row.scopes, got.Scopes)
			assert.Equal(t, row.net != 0, len(got.Ports) == 1, "port rules: %v", got.Ports)
		})
	}
}

func TestLandlockDefaults(t *testing.T) {
	assert.Equal(t, Landlock{
		ReadOnly: []string{"/"}, ReadWrite: []string{"/work", "/tmp", "/dev/shm"},
		Devices: []string{"/dev"},
	}, Landlock{}.WithDefaults())
	none := Landlock{ReadOnly: []string{}, ReadWrite: []string{}, Devices: []string{}, AnyTCP: true}.Plan(6)
	assert.Empty(t, none.Paths)
	assert.Zero(t, none.Rights.Net)
}

func TestLandlockEncodings(t *testing.T) {
	native := binary.NativeEndian
	attr := Plan{Rights: Rights{FS: 1, Net: 2}, Scopes: 3}.Attr()
	require.Len(t, attr, 24)
	for i := range 3 {
		assert.EqualValues(t, i+1, native.Uint64(attr[8*i:]))
	}
	path := PathRule{"/work", 0x8000000001}.Attr(-100)
	require.Len(t, path, 12)
	assert.EqualValues(t, 0x8000000001, native.Uint64(path))
	assert.EqualValues(t, -100, int32(native.Uint32(path[8:])))
	port := PortRule{8080, 2}.Attr()
	require.Len(t, port, 16)
	assert.EqualValues(t, 2, native.Uint64(port))
	assert.EqualValues(t, 8080, native.Uint64(port[8:]))
}

func needLandlock(t *testing.T, abi int) {
	t.Helper()
	if ABI() < abi {
		testenv.Skip(t, fmt.Errorf("landlock: the kernel offers ABI %d, want %d", ABI(), abi))
	}
}

func TestKernelEnforcesLandlock(t *testing.T) {
	needLandlock(t, 2)
	inside, outside := t.TempDir(), t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(inside, "d"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(outside, "f"), []byte("x"), 0o666))
	t.Chdir(inside)
	for _, row := range []struct {
		name   string
		abi    int
		script string
		ok     bool
	}{
		{"write inside", 2, `echo x > a && mv a d/b && ln d/b c && mkdir e && mkfifo p && rm c`, true},
		{"read outside", 2, `cat "$OUT/f" && ls /`, true},
		{"write outside", 2, `echo x >> "$OUT/f"`, false},
		{"create outside", 2, `mkdir "$OUT/new"`, false},
		{"remove outside", 2, `rm -f "$OUT/f"; test ! -e "$OUT/f"`, false},
		{"rename to the outside", 2, `echo x > r && ln r "$OUT/r"`, false},
		{"truncate outside", 3, `truncate -s 0 "$OUT/f"`, false},
		{"whiteout", 2, `mknod w c 0 0`, false},
		{"null device", 2, `echo x > /dev/null && cat /dev/zero | head -c 1 && test ! -t 0 < /dev/null`, true},
		{"own oom score", 2, `echo 1000 > /proc/self/oom_score_adj`, false},
		{"pipe by name", 2, `echo x | cat /proc/self/fd/0`, true},
		{"signal inside", 2, `sleep 60 & kill $!`, true},
		{"signal outside", 6, `kill -0 $VICTIM`, false},
		{"tcp", 4, `exec 3<>/dev/tcp/127.0.0.1/1`, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			needLandlock(t, row.abi)
			cmd := helper{
				Landlock: &Landlock{ReadWrite: []string{inside}},
				Exec:     []string{"bash", "-c", row.script},
			}.command()
			cmd.Env = append(cmd.Env, "OUT="+outside, "VICTIM="+strconv.Itoa(os.Getpid()))
			out, err := cmd.CombinedOutput()
			if row.ok {
				assert.NoError(t, err, "%s", out)
				return
			}
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, "%s", out)
			assert.NotEqual(t, 125, exit.ExitCode(), "%s", out)
			if row.name != "remove outside" {
				assert.Regexp(t, "Permission denied|Operation not permitted|cross-device", string(out))
			}
		})
	}
}

func TestLandlockAllowsNamedPortsAlone(t *testing.T) {
	needLandlock(t, 4)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	number, err := strconv.Atoi(port)
	require.NoError(t, err)
	script := []string{"bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/" + port}
	for name, row := range map[string]struct {
		policy Landlock
		ok     bool
	}{
		"none":         {Landlock{}, false},
		"another port": {Landlock{Connect: []uint16{1}}, false},
		"only to bind": {Landlock{Bind: []uint16{uint16(number)}}, false},
		"this port":    {Landlock{Connect: []uint16{uint16(number)}}, true},
		"any":          {Landlock{AnyTCP: true}, true},
	} {
		t.Run(name, func(t *testing.T) {
			row.policy.ReadWrite = []string{}
			out, err := helper{Landlock: &row.policy, Exec: script}.command().CombinedOutput()
			if row.ok {
				assert.NoError(t, err, "%s", out)
			} else {
				assert.Contains(t, string(out), "Permission denied")
			}
		})
	}
}
