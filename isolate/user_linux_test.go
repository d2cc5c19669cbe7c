package isolate

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/fixtures/testenv"
)

// nobody is an ordinary user id, which has no subordinate ids.
const nobody = 65534

// asOrdinaryUser runs a test as one: in this binary again, when we are root.
func asOrdinaryUser(t *testing.T, test func(*testing.T)) {
	t.Helper()
	needSandbox(t)
	if os.Geteuid() != 0 {
		test(t)
		return
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=/tmp", "JUDGE_TEST_STRICT=" + os.Getenv("JUDGE_TEST_STRICT")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	if !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		testenv.Skip(t, errors.New(string(out)))
	}
}

// withOneID runs a test as an ordinary user for whom intermediate, init and program have one id: no
// others are set aside, or none are used.
func withOneID(t *testing.T, test func(*testing.T)) {
	t.Helper()
	asOrdinaryUser(t, func(t *testing.T) {
		s, err := theStanding()
		require.NoError(t, err)
		if s.mapping.by != byOneID {
			m := s.mapping.oneID(errors.New("the test wants it"))
			old := theStanding
			theStanding = func() (standing, error) { return standing{m, &keeper{mapping: m}}, nil }
			t.Cleanup(func() { theStanding = old })
		}
		test(t)
	})
}

// plainBox is a box without the probe.
func plainBox(t *testing.T, root Root) *box {
	s, err := New()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return &box{Sandbox: s, t: t, root: &root}
}

func TestUserRunsProgramsUnderAnIDInside(t *testing.T) { withOneID(t, userRunsPrograms) }

func userRunsPrograms(t *testing.T) {
	assert.Equal(t, "1000 1000\n", plainBox(t, Root{}).shell("echo $(id -u) $(id -g)"))
	assert.Contains(t, Mechanisms()["ids"], "one id: init shares the program's user id (")
}

func TestUserMayWriteSourcesAndReadWhatWasMadeOfThem(t *testing.T) {
	asOrdinaryUser(t, userWritesSources)
}

func userWritesSources(t *testing.T) {
	s := newScratch(t, 1<<20, 100)
	require.NoError(t, s.Create("/work/source", 0o644, strings.NewReader("text")))
	plainBox(t, Root{Upper: s}).shell("cat source > exe; chmod 755 exe; echo own > secret; chmod 0 secret")
	assert.Equal(t, "text", content(t, s, "/work/exe"))
	assert.Equal(t, "own\n", content(t, s, "/work/secret"))
	assert.Equal(t, "text", plainBox(t, Root{Layers: []Layer{{Scratch: s}}}).shell("cat exe"))
}

// Init has the program's user id. But signals from inside do not reach a process 1 that blocks them,
// nor does Landlock let them pass (Linux 6.12), it is not dumpable, and the filter minds its limits.
func TestUserProgramCannotHarmInit(t *testing.T) { withOneID(t, userCannotHarmInit) }

func userCannotHarmInit(t *testing.T) {
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

func TestUserProgramWritesWhereItMay(t *testing.T) { withOneID(t, userWritesWhereItMay) }

func userWritesWhereItMay(t *testing.T) {
	out := strings.Fields(plainBox(t, Root{}).shell(`
		for f in /x /etc/x /work/x /tmp/x /dev/shm/x; do (echo x > $f) 2>/dev/null && echo $f; done; true`))
	if Mechanisms()["landlock"] == "none" { // then it owns all directories of its writable layer
		assert.Subset(t, out, []string{"/work/x", "/tmp/x", "/dev/shm/x"})
	} else {
		assert.Equal(t, []string{"/work/x", "/tmp/x", "/dev/shm/x"}, out)
	}
}

// With one id /dev is the program's own directory, and it is that of the next run, too.
func TestUserProgramLeavesNothingInDev(t *testing.T) { withOneID(t, userLeavesNothingInDev) }

func userLeavesNothingInDev(t *testing.T) {
	b := plainBox(t, Root{})
	const look = "stat -c '%a %Y %n' /dev /dev/null; "
	before := b.shell(look)
	b.shell("chmod 711 /dev; touch -d 2001-01-01 /dev; ln -s x /dev/x; chmod 600 /dev/null; true")
	assert.Equal(t, before, b.shell(look+"ls /dev | grep x; true"))
}

// The mode of a file in memory would be the program's to change, and no later run could read it.
func TestUserProgramCannotTakeItsInputAway(t *testing.T) { withOneID(t, userCannotTakeInput) }

func userCannotTakeInput(t *testing.T) {
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
		testenv.Skip(t, fmt.Errorf("ids: %v", s.mapping))
	}
}

// needMounter skips the test where a keeper does what the mounter would.
func needMounter(t *testing.T) {
	t.Helper()
	testenv.NeedRoot(t, "for the mounter: an ordinary user has a keeper")
	if _, err := theMounter(); err != nil {
		testenv.Skip(t, err)
	}
}
