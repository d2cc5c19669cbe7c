package isolate

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestProgramIsProcessTwoAndNobodySpecial(t *testing.T) {
	b := newBox(t)
	assert.Equal(t, []string{"pid 2", "parent 1", "session 2", "uid 1000 1000 1000", "gid 1000 1000 1000", "groups 0"}, b.lines("ids"))
}

func TestProgramHasNoPrivileges(t *testing.T) {
	b := newBox(t)
	status := map[string]string{}
	for _, line := range b.lines("cat", "/proc/self/status") {
		key, value, _ := strings.Cut(line, ":")
		status[key] = strings.TrimSpace(value)
	}
	for key, want := range map[string]string{
		"Uid": "1000\t1000\t1000\t1000", "Gid": "1000\t1000\t1000\t1000", "Groups": "",
		"CapInh": "0000000000000000", "CapPrm": "0000000000000000", "CapEff": "0000000000000000",
		"CapBnd": "0000000000000000", "CapAmb": "0000000000000000",
		"NoNewPrivs": "1", "TracerPid": "0", "Umask": "0022", "Threads": "1",
	} {
		assert.Equal(t, want, status[key], key)
	}
}

func TestProgramSeesNoOtherProcess(t *testing.T) {
	b := newBox(t)
	var seen []string
	for _, name := range b.lines("list", "/proc") {
		if _, err := strconv.Atoi(name); err == nil {
			seen = append(seen, name)
		}
	}
	assert.Equal(t, []string{"2"}, seen)
	assert.Equal(t, []string{"/proc/1/environ: ENOENT", "/proc/1: ENOENT"}, b.lines("stat", "/proc/1/environ", "/proc/1"))
}

func TestNoPathLeadsOutOfTheRoot(t *testing.T) {
	b := newBox(t)
	root := b.lines("list", "/")
	require.Contains(t, root, "work")
	for _, path := range []string{"/..", "/../../..", "/work/../..", "/proc/self/root/..", "/proc/self/cwd/../../.."} {
		assert.Equal(t, root, b.lines("list", path), path)
	}
	for _, place := range []string{baseDir, scratchDir, newRoot, layerDir(0)} {
		assert.Equal(t, []string{place + ": ENOENT"}, b.lines("stat", place))
		assert.Equal(t, []string{"/.." + place + ": ENOENT"}, b.lines("stat", "/.."+place))
	}
	for _, line := range b.lines("cat", "/proc/self/mountinfo") {
		point := strings.Fields(line)[4]
		assert.NotContains(t, []string{baseDir, scratchDir, newRoot, layerDir(0), toolchainDir}, point, line)
	}
}

func TestEnvironmentIsExactlyWhatIsGiven(t *testing.T) {
	b := newBox(t)
	t.Setenv("JUDGE_SECRET", "of the judge")
	for _, env := range [][]string{nil, {}, {"A=1"}, {"A=1", "A=2", "no equals sign", "=", "EMPTY="}} {
		p := b.probeProgram("environment")
		p.Env = env
		_, out := b.mustRun(p)
		want := strings.Join(env, "\n")
		if len(env) > 0 {
			want += "\n"
		}
		assert.Equal(t, want, out)
	}
}

func TestOnlyTheGivenDescriptorsAreOpen(t *testing.T) {
	b := newBox(t)
	assert.Equal(t, []string{"0", "1", "2"}, b.lines("descriptors"))
	for _, count := range []int{1, 7, 61} { // with three standard streams, a message is full
		p := b.probeProgram("descriptors")
		want := []string{"0", "1", "2"}
		for i := range count {
			p.Files = append(p.Files, os.Stderr)
			want = append(want, strconv.Itoa(3+i))
		}
		exit, out := b.mustRun(p)
		require.Zero(t, exit.Status)
		assert.Equal(t, want, strings.Split(strings.TrimSpace(out), "\n"))
	}
}

func TestFilesBecomeDescriptorsInTheirOrder(t *testing.T) {
	b := newBox(t)
	p := b.probeProgram("read")
	var want strings.Builder
	for fd := 3; fd < 64; fd++ {
		r, w, err := os.Pipe()
		require.NoError(t, err)
		defer r.Close()
		_, err = w.WriteString("for " + strconv.Itoa(fd))
		require.NoError(t, err)
		require.NoError(t, w.Close())
		p.Files = append(p.Files, r)
		p.Args = append(p.Args, strconv.Itoa(fd))
		want.WriteString(strconv.Itoa(fd) + ": for " + strconv.Itoa(fd) + "\n")
	}
	_, out := b.mustRun(p)
	assert.Equal(t, want.String(), out)
}

func TestTooManyFilesAreAClearError(t *testing.T) {
	b := newBox(t)
	p := b.probeProgram("exit", "0")
	p.Files = slices.Repeat([]*os.File{os.Stderr}, 300)
	_, _, err := b.run(t.Context(), p, nil)
	require.ErrorContains(t, err, "303 descriptors")
	assert.NoError(t, b.Err())
	b.probed("exit", "0")
}

// A pipe of os.Pipe is non-blocking on our side, and that is a property that both ends share with
// whoever has them.
func TestStandardStreamsBlock(t *testing.T) {
	b := newBox(t)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	defer w.Close()
	p := b.probeProgram("descriptors")
	p.Stdin, p.Files = r, []*os.File{w}
	_, out := b.mustRun(p)
	assert.Equal(t, "0\n1\n2\n3\n", out)
}

func TestStandardStreamsAreNullUnlessGiven(t *testing.T) {
	b := newBox(t)
	exit, err := b.Run(t.Context(), b.probeProgram("read", "0"), nil)
	require.NoError(t, err)
	assert.Zero(t, exit.Status)
}

func TestRlimitsAreSet(t *testing.T) {
	b := newBox(t)
	p := b.probeProgram("rlimits", strconv.Itoa(unix.RLIMIT_NOFILE), strconv.Itoa(unix.RLIMIT_STACK), strconv.Itoa(unix.RLIMIT_FSIZE))
	p.Rlimits = []Rlimit{{unix.RLIMIT_NOFILE, 17, 19}, {unix.RLIMIT_STACK, 1 << 20, 2 << 20}, {unix.RLIMIT_FSIZE, 0, 4096}}
	_, out := b.mustRun(p)
	assert.Equal(t, "7: 17 19\n3: 1048576 2097152\n1: 0 4096\n", out)
}

// What the kernel counts for the user who has made the sandbox, one program must not use up.
func TestProgramCannotUseUpWhatItsMakersUserHas(t *testing.T) {
	b := newBox(t)
	limits := []string{strconv.Itoa(unix.RLIMIT_SIGPENDING), strconv.Itoa(unix.RLIMIT_MSGQUEUE)}
	assert.Equal(t, []string{"11: 256 256", "12: 0 0"}, b.lines(append([]string{"rlimits"}, limits...)...))
	p := b.probeProgram(append([]string{"rlimits"}, limits...)...)
	p.Rlimits = []Rlimit{{unix.RLIMIT_SIGPENDING, 300, 400}}
	_, out := b.mustRun(p)
	assert.Equal(t, "11: 300 400\n12: 0 0\n", out)
}

func TestRlimitAboveOursIsAStepError(t *testing.T) {
	b := newBox(t)
	p := b.probeProgram("exit", "0")
	p.Rlimits = []Rlimit{{unix.RLIMIT_NOFILE, 2, 1}}
	_, _, err := b.run(t.Context(), p, nil)
	var step *StepError
	require.ErrorAs(t, err, &step)
	assert.Equal(t, "set rlimit 7 to 2, 1", step.Step)
	assert.Equal(t, unix.EINVAL, step.Err)
}

func TestCoreDumpsAreOff(t *testing.T) {
	b := newBox(t)
	p := b.probeProgram("abort")
	p.Dir = "/work"
	p.Rlimits = []Rlimit{{unix.RLIMIT_CORE, 1 << 30, 1 << 30}}
	exit, _ := b.mustRun(p)
	assert.Equal(t, unix.SIGABRT, exit.Status.Signal())
	assert.False(t, exit.Status.CoreDump())
}

func TestHostnameIsSandbox(t *testing.T) {
	b := newBox(t)
	assert.Equal(t, []string{"sandbox"}, b.lines("hostname"))
}

func TestNoNetworkInterfaceIsUp(t *testing.T) {
	b := newBox(t)
	for _, line := range b.lines("interfaces") {
		assert.False(t, strings.HasSuffix(line, ": up"), line)
	}
}

func TestNothingOfTheHostsPrivateFilesIsThere(t *testing.T) {
	b := newBox(t)
	args := []string{"stat"}
	var want []string
	for _, p := range []string{"/etc/shadow", "/etc/gshadow", "/etc/ssh", "/etc/machine-id", "/etc/resolv.conf", "/root", "/home", "/var", "/run", "/sys", "/boot",
		"/srv", "/opt", "/mnt", "/media", "/base", "/layer0", "/scratch", "/upper", "/new", "/dev/tty", "/dev/console", "/dev/pts", "/dev/ptmx", "/dev/kmsg",
		"/dev/mem", "/dev/fuse", "/dev/net", "/dev/mqueue", filepath.Dir(os.Getenv("TMPDIR")) + "/" + filepath.Base(os.Getenv("TMPDIR"))} {
		args = append(args, p)
		want = append(want, p+": ENOENT")
	}
	assert.Equal(t, want, b.lines(args...))
}

func TestRootShowsOnlyWhatAProgramNeeds(t *testing.T) {
	b := newBox(t)
	want := []string{".", "..", "dev", "etc", "probe", "proc", "tmp", "work"}
	for _, d := range toolchainDirs {
		if _, err := os.Lstat(d); err == nil {
			want = append(want, strings.TrimPrefix(d, "/"))
		}
	}
	assert.ElementsMatch(t, want, b.lines("list", "/"))
	assert.ElementsMatch(t, []string{".", "..", "fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero"}, b.lines("list", "/dev"))
	for _, empty := range []string{"/tmp", "/work", "/dev/shm"} {
		assert.ElementsMatch(t, []string{".", ".."}, b.lines("list", empty))
	}
}

func TestNothingButTheOwnDirectoriesCanBeWritten(t *testing.T) {
	b := newBox(t)
	assert.ElementsMatch(t, []string{"/work", "/tmp", "/dev/shm", "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"},
		slices.DeleteFunc(b.lines("writable", "3"), func(line string) bool { return line == "/dev/fd" }))
	assert.Equal(t, []string{"/proc/self/oom_score_adj: EROFS", "/proc/sys/kernel/core_pattern: EROFS", "/proc/self/uid_map: EROFS", "/proc/self/mem: EROFS"},
		b.lines("write", "/proc/self/oom_score_adj", "0", "/proc/sys/kernel/core_pattern", "x", "/proc/self/uid_map", "x", "/proc/self/mem", "x"))
}

// mountOf is a line of /proc/self/mountinfo.
type mountOf struct {
	options []string
	kind    string
}

func TestMountsAreTheRunsOwn(t *testing.T) {
	b := newBox(t)
	seen := map[string]mountOf{}
	for _, line := range b.lines("cat", "/proc/self/mountinfo") {
		f := strings.Fields(line)
		i := slices.Index(f, "-")
		require.NotContains(t, seen, f[4], "mounted twice")
		seen[f[4]] = mountOf{strings.Split(f[5], ","), f[i+1]}
		assert.Equal(t, 6, i, "the mount is shared with or slave of another: %s", line)
	}
	want := append([]string{"/", "/dev", "/dev/shm", "/proc"}, toolchainMounts()...)
	own, err := b.mounts.devices()
	require.NoError(t, err)
	if own != nil { // all nodes are of the one file system
		own.Close()
	}
	for _, d := range devices {
		if own == nil {
			want = append(want, "/dev/"+d)
		}
	}
	assert.ElementsMatch(t, want, sortedKeys(seen))
	writable := []string{"/", "/dev/shm"}
	for point, m := range seen {
		device := strings.HasPrefix(point, "/dev/") && point != "/dev/shm"
		assert.Contains(t, m.options, "nosuid", point)
		assert.Equal(t, device || point == "/dev", !slices.Contains(m.options, "nodev"), "%s: nodev", point)
		assert.Equal(t, slices.Contains(writable, point), slices.Contains(m.options, "rw"), "%s: rw", point)
	}
	assert.Equal(t, "overlay", seen["/"].kind)
	assert.Equal(t, "proc", seen["/proc"].kind)
}
