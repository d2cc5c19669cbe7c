package isolate

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// nobody is an ordinary user id, which has no subordinate ids.
const nobody = 65534

// TestAsAnOrdinaryUser runs the tests whose names begin with TestUser as one, when we are root.
func TestAsAnOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("we are no root")
	}
	needSandbox(t)
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestUser", "-test.v")
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=/tmp", "JUDGE_TEST_STRICT=" + os.Getenv("JUDGE_TEST_STRICT")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.NotContains(t, string(out), "no tests to run")
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "--- SKIP") {
			t.Log(strings.TrimSpace(line))
		}
	}
}

// needOneID skips the test unless intermediate, init and program have one id.
func needOneID(t *testing.T) {
	t.Helper()
	needSandbox(t)
	s, err := theStanding()
	require.NoError(t, err)
	if s.mapping.by != byOneID {
		t.Skip("ids: ", s.mapping)
	}
}

// plainBox is a box without the probe.
func plainBox(t *testing.T, root Root) *box {
	s, err := New()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return &box{Sandbox: s, t: t, root: &root}
}

func TestUserRunsProgramsUnderAnIDInside(t *testing.T) {
	needOneID(t)
	assert.Equal(t, "1000 1000\n", plainBox(t, Root{}).shell("echo $(id -u) $(id -g)"))
	assert.Contains(t, Mechanisms()["ids"], "one id: init shares the program's user id (")
}

func TestUserMayWriteSourcesAndReadWhatWasMadeOfThem(t *testing.T) {
	needSandbox(t)
	s := newScratch(t, 1<<20, 100)
	require.NoError(t, s.Create("/work/source", 0o644, strings.NewReader("text")))
	plainBox(t, Root{Upper: s}).shell("cat source > exe; chmod 755 exe; echo own > secret; chmod 0 secret")
	assert.Equal(t, "text", content(t, s, "/work/exe"))
	assert.Equal(t, "own\n", content(t, s, "/work/secret"))
	assert.Equal(t, "text", plainBox(t, Root{Layers: []Layer{{Scratch: s}}}).shell("cat exe"))
}

// Init has the program's user id. But signals from inside do not reach a process 1 that blocks them,
// nor does Landlock let them pass (Linux 6.12), it is not dumpable, and the filter minds its limits.
func TestUserProgramCannotHarmInit(t *testing.T) {
	needOneID(t)
	b := plainBox(t, Root{})
	out := b.shell(`
		for s in HUP INT QUIT ILL TERM USR1 SEGV CHLD STOP KILL 34 64; do kill -$s 1 2>/dev/null; done
		prlimit --pid 1 --cpu=1:1 2>/dev/null || echo no limits
		prlimit --pid 1 --nofile=0:0 2>/dev/null || echo no limits
		cat /proc/1/environ /proc/1/maps 2>/dev/null || echo no secrets
		ls /proc/1/fd 2>/dev/null || echo no descriptors
		setpriv --clear-groups true 2>/dev/null || echo no groups
		unshare -U true 2>/dev/null || echo no namespaces`)
	assert.Equal(t, "no limits\nno limits\nno secrets\nno descriptors\nno groups\nno namespaces\n", out)
	assert.Equal(t, "again\n", b.shell("echo again"))
}

func TestUserProgramWritesWhereItMay(t *testing.T) {
	needOneID(t)
	if Mechanisms()["landlock"] == "none" {
		t.Skip("without Landlock it owns all directories of its writable layer")
	}
	out := plainBox(t, Root{}).shell(`
		for f in /x /etc/x /work/x /tmp/x /dev/shm/x; do (echo x > $f) 2>/dev/null && echo $f; done; true`)
	assert.Equal(t, "/work/x\n/tmp/x\n/dev/shm/x\n", out)
}

// The mode of a file in memory would be the program's to change, and no later run could read it.
func TestUserProgramCannotTakeItsInputAway(t *testing.T) {
	needOneID(t)
	in := newInput(t, "the input")
	b := plainBox(t, Root{})
	for range 2 {
		f, err := in.Open()
		require.NoError(t, err)
		_, out := b.mustRun(Program{
			Path: "sh", Args: []string{"sh", "-c", "cat; chmod 0 /proc/self/fd/0 2>/dev/null || echo; true"},
			Env: []string{"PATH=/usr/bin:/bin"}, Stdin: f,
		})
		require.NoError(t, f.Close())
		assert.Equal(t, "the input\n", out)
	}
	assert.EqualValues(t, 9, in.Size())
}

// needOwnIDs skips the test where init and program cannot have ids of their own.
func needOwnIDs(t *testing.T) {
	t.Helper()
	if s, err := theStanding(); err == nil && s.mapping.by == byOneID {
		t.Skip("ids: ", s.mapping)
	}
}

// needMounter skips the test where a keeper does what the mounter would.
func needMounter(t *testing.T) {
	t.Helper()
	if _, err := theMounter(); err != nil {
		t.Skip(err)
	}
}
