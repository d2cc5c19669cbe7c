package isolate

import (
	"context"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"judge/fixtures/testenv"
	"judge/isolate/internal/policy"
)

func TestLandlockIsAValue(t *testing.T) {
	base := Landlock{}.Read("/usr")
	a, b := base.Read("/a"), base.Read("/b").Connect(443).Bind()
	assert.Equal(t, `landlock read=["/usr"]`, base.String())
	assert.Equal(t, `landlock read=["/usr" "/a"]`, a.String())
	assert.Equal(t, `landlock read=["/usr" "/b"] bind=[] connect=[443]`, b.String())
	assert.Equal(t, `landlock write=[] execute=["/x"] best effort`, Landlock{}.Write().Execute("/x").BestEffort().String())
	assert.Equal(t, "landlock", Landlock{}.String())
}

func TestLandlockIsRefusedWhereItCannotBeEnforced(t *testing.T) {
	for _, row := range []struct {
		name string
		l    Landlock
		abi  int
		want string
	}{
		{"nothing asked for", Landlock{}, 0, ""},
		{"no Landlock", Landlock{}.Read("/"), 0, `landlock read=["/"]: takes Landlock version 2 (Linux 5.19), and this kernel has version 0`},
		{"reading", Landlock{}.Read("/"), 2, ""},
		{"truncation is not seen", Landlock{}.Write("/work"), 2, `landlock write=["/work"]: takes Landlock version 3 (Linux 6.2), and this kernel has version 2`},
		{"ports are not seen", Landlock{}.Connect(1), 3, `landlock connect=[1]: takes Landlock version 4 (Linux 6.7), and this kernel has version 3`},
		{"as much as there is", Landlock{}.Connect(1).BestEffort(), 0, ""},
		{"ports", Landlock{}.Bind(1), 4, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := row.l.check(row.abi); row.want != "" {
				assert.EqualError(t, err, row.want)
			} else {
				assert.NoError(t, err)
			}
		})
	}
}

func TestLandlockTakesWhatItNames(t *testing.T) {
	needSandbox(t)
	if policy.ABI() < 4 {
		testenv.Skip(t, unix.EOPNOTSUPP)
	}
	s, err := Config{Network: Loopback}.New()
	require.NoError(t, err)
	defer s.Close()
	usr := Landlock{}.Read("/").Execute("/usr", "/bin", "/lib", "/lib64")
	const listen = `python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 4711)); socket.create_connection(("127.0.0.1", 4711))' 2>&1`
	for _, row := range []struct {
		name   string
		l      Landlock
		script string
		ok     bool
	}{
		{"nothing is taken", Landlock{}, "cp /bin/true /work/t && /work/t && cat /etc/passwd", true},
		{"execute elsewhere", usr, "cp /bin/true /work/t && /work/t", false},
		{"execute there", usr, "cp /bin/true /work/t && /bin/true", true},
		{"read elsewhere", Landlock{}.Read("/usr", "/lib", "/lib64", "/bin"), "read x < /etc/passwd", false},
		{"list elsewhere", Landlock{}.Read("/usr", "/lib", "/lib64", "/bin"), "ls /etc", false},
		{"read a file", Landlock{}.Read("/usr", "/lib", "/lib64", "/bin", "/etc/passwd"), "read x < /etc/passwd", true},
		{"read the file beside", Landlock{}.Read("/usr", "/lib", "/lib64", "/bin", "/etc/passwd"), "read x < /etc/group", false},
		{"write elsewhere", Landlock{}.Write("/tmp"), "echo x > /work/f", false},
		{"write there", Landlock{}.Write("/tmp"), "mkdir /tmp/d && echo x > /tmp/f && mv /tmp/f /tmp/d/g", true},
		{"write a device", Landlock{}.Write("/dev/null"), "echo x > /dev/null", true},
		{"write the device beside", Landlock{}.Write("/dev/null"), "echo x > /dev/full", false},
		{"what a sandbox refuses", Landlock{}.Write("/"), "mkdir /new", false},
		{"renames, when writing is left", usr.Connect(), "mkdir d && echo x > f && mv f d/g && ln d/g h", true},
		{"ports left", Landlock{}.Bind(4711).Connect(4711), listen, true},
		{"port to listen on", Landlock{}.Bind(4712), listen, false},
		{"port to connect to", Landlock{}.Connect(), listen, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := &box{Sandbox: s, t: t, root: &Root{}}
			p, r, w := b.sh(row.script)
			p.Landlock = row.l
			exit, err := s.Run(context.Background(), p, nil)
			w.Close()
			require.NoError(t, err)
			out, err := io.ReadAll(r)
			require.NoError(t, err)
			assert.Equal(t, row.ok, exit.Status == 0, "%s", out)
		})
	}
	t.Run("path that is missing", func(t *testing.T) {
		_, err := s.Run(context.Background(), Program{Path: "/bin/true", Landlock: Landlock{}.Read("/", "/missing")}, nil)
		var step *StepError
		require.ErrorAs(t, err, &step)
		assert.Equal(t, "open /missing", step.Step)
		assert.ErrorIs(t, err, unix.ENOENT)
	})
	t.Run("program that may not be executed", func(t *testing.T) {
		_, err := s.Run(context.Background(), Program{Path: "/bin/true", Landlock: Landlock{}.Execute()}, nil)
		var exec *ExecError
		require.ErrorAs(t, err, &exec)
		assert.Equal(t, unix.EACCES, exec.Err)
	})
	t.Run("with descriptors of its own and few allowed", func(t *testing.T) {
		null, err := os.Open(os.DevNull)
		require.NoError(t, err)
		defer null.Close()
		exit, err := s.Run(context.Background(), Program{
			Path: "/bin/sh", Args: []string{"sh", "-c", "read x < /etc/passwd; test -e /dev/fd/4 && test ! -e /dev/fd/5"}, Env: []string{"PATH=/bin"},
			Files: []*os.File{null, null}, Landlock: Landlock{}.Read("/"), Rlimits: []Rlimit{{unix.RLIMIT_NOFILE, 12, 12}},
		}, nil)
		require.NoError(t, err)
		assert.Zero(t, exit.Status)
	})
}
