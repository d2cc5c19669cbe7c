package isolate

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"judge/fixtures/testenv"
	"judge/isolate/internal/policy"
)

// hostDir makes a directory of the host with files, whose names are relative.
func hostDir(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		p := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(p), 0o755))
		require.NoError(t, os.WriteFile(p, []byte(text), 0o644))
	}
	return dir
}

func TestHighestLayerWins(t *testing.T) {
	b := newBox(t)
	low := hostDir(t, map[string]string{"a": "low\n", "b": "low\n", "c": "low\n", "etc/passwd": "low\n"})
	middle := hostDir(t, map[string]string{"b": "middle\n", "c": "middle\n"})
	high := newScratch(t, 1<<20, 100)
	require.NoError(t, high.Create("/c", 0o644, strings.NewReader("high\n")))
	b.root = b.with(Root{Layers: []Layer{{Path: low}, {Path: middle}, {Scratch: high}}})
	assert.Equal(t, []string{"low", "middle", "high", "low"}, b.lines("cat", "/a", "/b", "/c", "/etc/passwd"))
}

func TestPathsOfLayersMayHaveAnyCharacter(t *testing.T) {
	b := newBox(t)
	odd := filepath.Join(t.TempDir(), `a:b,c\d "e" ü`)
	require.NoError(t, os.Mkdir(odd, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(odd, "file"), []byte("found\n"), 0o644))
	b.root = b.with(Root{Layers: []Layer{{Path: odd}}, Binds: []Bind{{Source: odd, Target: "/bind :,\\"}}})
	assert.Equal(t, []string{"found", "found"}, b.lines("cat", "/file", "/bind :,\\/file"))
}

func TestManyLayers(t *testing.T) {
	b := newBox(t)
	root := Root{}
	for i := range 40 {
		root.Layers = append(root.Layers, Layer{Path: hostDir(t, map[string]string{"last": strconv.Itoa(i) + "\n"})})
	}
	b.root = b.with(root)
	assert.Equal(t, []string{"39"}, b.lines("cat", "/last"))
}

func TestRootWithoutBaseIsTheLayersAlone(t *testing.T) {
	b := newBox(t)
	b.root = b.with(Root{NoBase: true, Layers: []Layer{{Path: hostDir(t, map[string]string{"etc/name": "small\n"})}}})
	assert.ElementsMatch(t, []string{".", "..", "probe", "etc", "dev", "proc", "tmp", "work"}, b.lines("list", "/"))
	assert.ElementsMatch(t, []string{".", "..", "name"}, b.lines("list", "/etc"))
	assert.ElementsMatch(t, []string{"/work", "/tmp", "/dev/shm", "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"}, b.lines("writable", "3"))
	assert.Equal(t, "pid 2", b.lines("ids")[0])
}

func TestRootWithoutBaseMayKeepWhatIsWritten(t *testing.T) {
	b := newBox(t)
	s := newScratch(t, 1<<20, 100)
	b.root = b.with(Root{NoBase: true, Upper: s})
	assert.Equal(t, []string{"/work/kept: ok"}, b.lines("write", "/work/kept", "text"))
	assert.Equal(t, "text", content(t, s, "/work/kept"))
}

func TestLayerThatIsNoDirectoryIsAStepErrorThatNamesTheMount(t *testing.T) {
	b := newBox(t)
	file := filepath.Join(hostDir(t, map[string]string{"file": ""}), "file")
	_, _, err := b.run(t.Context(), Program{Path: "/probe", Root: b.with(Root{Layers: []Layer{{Path: file}}})}, nil)
	var step *StepError
	require.ErrorAs(t, err, &step)
	assert.Equal(t, "mount overlay on /", step.Step)
	assert.Contains(t, []unix.Errno{unix.ENOTDIR, unix.EINVAL}, step.Err, "as the kernel's version has it")
	assert.Contains(t, step.Call, "lowerdir=")
	assert.NoError(t, b.Err())
	b.probed("exit", "0")
}

func TestWhatARootNeedsAndIsNotThereIsNamed(t *testing.T) {
	b := newBox(t)
	missing := filepath.Join(t.TempDir(), "missing")
	for _, row := range []struct {
		name string
		root Root
	}{
		{"layer", Root{Layers: []Layer{{Path: missing}}}},
		{"bind", Root{Binds: []Bind{{Source: missing, Target: "/x"}}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := b.in(t)
			countDescriptors(t)
			_, _, err := b.run(t.Context(), Program{Path: "/probe", Root: b.with(row.root)}, nil)
			require.ErrorIs(t, err, os.ErrNotExist)
			assert.ErrorContains(t, err, row.name)
			assert.ErrorContains(t, err, missing)
			assert.NoError(t, b.Err())
		})
	}
	b.probed("exit", "0")
}

func TestBindsShowFilesAndDirectoriesOfTheHost(t *testing.T) {
	b := newBox(t)
	dir := hostDir(t, map[string]string{"file": "of the host\n", "sub/deep": "deeper\n"})
	require.NoError(t, os.Chmod(dir, 0o777))
	require.NoError(t, os.Chmod(dir+"/file", 0o666))
	for _, row := range []struct {
		name     string
		bind     Bind
		file     string
		writable bool
	}{
		{"directory, read-only", Bind{Source: dir, Target: "/data"}, "/data/file", false},
		{"directory, writable", Bind{Source: dir, Target: "/data", Writable: true}, "/data/file", true},
		{"file, read-only", Bind{Source: dir + "/file", Target: "/data/some/name"}, "/data/some/name", false},
		{"file, writable", Bind{Source: dir + "/file", Target: "/data/name", Writable: true}, "/data/name", true},
		{"below what the base has", Bind{Source: dir, Target: "/etc/alternatives"}, "/etc/alternatives/file", false},
		{"over a file of the base", Bind{Source: dir + "/file", Target: "/etc/passwd"}, "/etc/passwd", false},
		{"in /work", Bind{Source: dir, Target: "/work/data"}, "/work/data/file", false},
		{"on /work", Bind{Source: dir, Target: "/work"}, "/work/file", false},
		{"with dots", Bind{Source: dir, Target: "/data/../other/."}, "/other/file", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := b.in(t)
			b.root = b.with(Root{Binds: []Bind{row.bind}})
			assert.Equal(t, []string{"of the host"}, b.lines("cat", row.file))
			want := row.file + ": EROFS"
			if row.writable {
				want = row.file + ": ok"
			}
			assert.Equal(t, []string{want}, b.lines("write", row.file, "of the host\n"))
		})
	}
}

// Others who have the same file see its locks, and cause its events.
func TestWhatIsBoundReadOnlyIsNotLockedOrWatched(t *testing.T) {
	b := newBox(t)
	dir := hostDir(t, map[string]string{"file": "of the host\n"})
	require.NoError(t, os.Chmod(dir, 0o777))
	standing, err := theStanding()
	require.NoError(t, err)
	for _, row := range []struct {
		name string
		root Root
		may  bool
	}{
		{"read-only", Root{Binds: []Bind{{Source: dir, Target: "/data"}}}, false},
		{"beside a writable one", Root{Binds: []Bind{{Source: t.TempDir(), Target: "/cache", Writable: true}, {Source: dir, Target: "/data"}}}, false},
		// To meet in; but an ordinary user has the device nodes in common with others.
		{"writable", Root{Binds: []Bind{{Source: dir, Target: "/data", Writable: true}}}, !standing.hostDevices()},
		{"for a tool", Root{Locks: true, Binds: []Bind{{Source: dir, Target: "/data"}}}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := b.in(t)
			b.root = b.with(row.root)
			lines := b.lines("lock", "/data", "file")
			if row.may {
				assert.Contains(t, lines, "lock: ok")
				return
			}
			assert.Len(t, lines, 5)
			for _, line := range lines {
				assert.Regexp(t, "^watch: ENOSYS$|: EOPNOTSUPP$", line)
			}
		})
	}
}

func TestSysIsThereReadOnlyWhenAskedFor(t *testing.T) {
	b := newBox(t)
	const look = "ls /sys/kernel > /dev/null 2>&1 && echo there; grep -c ' /sys sysfs ro,' /proc/self/mounts; echo x 2> /dev/null > /sys/kernel/mm/ksm/run || echo refused"
	assert.Equal(t, "0\nrefused\n", b.shell(look))
	b.root = b.with(Root{Binds: []Bind{{Source: "/sys", Target: "/sys"}}})
	assert.Equal(t, "there\n1\nrefused\n", b.shell(look))
	assert.Contains(t, b.shell("grep -v ' ro,' /proc/self/mounts | cut -d' ' -f2 | grep ^/sys || echo all of it"), "all of it")
}

// A mount that is read-only lets pipes with a name, and so those who read them on the host, be written to.
func TestPipesOfWhatIsBoundReadOnlyAreNotWrittenTo(t *testing.T) {
	if policy.ABI() == 0 {
		testenv.Skip(t, errors.New("no Landlock"))
	}
	dir := t.TempDir()
	require.NoError(t, unix.Mkfifo(dir+"/pipe", 0o666))
	require.NoError(t, os.Chmod(dir+"/pipe", 0o666)) // whatever the umask is
	require.NoError(t, os.Mkdir(dir+"/shm", 0o755))
	for _, name := range devices {
		require.NoError(t, os.WriteFile(dir+"/"+name, nil, 0o666))
	}
	b := newBox(t)
	for _, target := range []string{"/data", "/dev"} {
		b.root = b.with(Root{Binds: []Bind{{Source: dir, Target: target}}})
		const look = "cd %s && test -p pipe && if (: <>pipe) 2>&-; then echo opened; else echo refused; fi"
		assert.Equal(t, "refused\n", b.shell(fmt.Sprintf(look, target)), target)
	}
}

func TestLaterBindsLieOverEarlierOnes(t *testing.T) {
	b := newBox(t)
	outer := hostDir(t, map[string]string{"a": "outer\n", "inner/a": "covered\n"})
	inner := hostDir(t, map[string]string{"a": "inner\n"})
	b.root = b.with(Root{Binds: []Bind{{Source: outer, Target: "/data"}, {Source: inner, Target: "/data/inner"}}})
	assert.Equal(t, []string{"outer", "inner"}, b.lines("cat", "/data/a", "/data/inner/a"))
}

func TestBindsOfOneRootDoNotDisturbTheNext(t *testing.T) {
	b := newBox(t)
	dir := hostDir(t, map[string]string{"file": "of the host\n"})
	asDir := b.with(Root{Binds: []Bind{{Source: dir, Target: "/data"}}})
	asFile := b.with(Root{Binds: []Bind{{Source: dir + "/file", Target: "/data"}}})
	for range 2 {
		b.root = asDir
		assert.Equal(t, []string{"of the host"}, b.lines("cat", "/data/file"))
		b.root = asFile
		assert.Equal(t, []string{"of the host"}, b.lines("cat", "/data"))
		b.root = b.with(Root{})
		assert.Equal(t, []string{"/data: ENOENT"}, b.lines("stat", "/data"))
	}
}

func TestBindsGoWithAKeptUpperLayer(t *testing.T) {
	b := newBox(t)
	dir := hostDir(t, map[string]string{"file": "of the host\n"})
	s := newScratch(t, 1<<20, 100)
	b.root = b.with(Root{Upper: s, Binds: []Bind{{Source: dir, Target: "/data"}, {Source: dir + "/file", Target: "/work/file"}}})
	for range 2 {
		assert.Equal(t, []string{"of the host", "of the host"}, b.lines("cat", "/data/file", "/work/file"))
	}
}

func TestRelativeTargetsAreRefused(t *testing.T) {
	b := newBox(t)
	for _, target := range []string{"", "data", "../data", "/"} {
		_, _, err := b.run(t.Context(), Program{Path: "/probe", Root: b.with(Root{Binds: []Bind{{Source: "/usr", Target: target}}})}, nil)
		require.Error(t, err, "target %q", target)
		assert.ErrorContains(t, err, "bind")
		require.NoError(t, b.Err())
	}
}

// A mount point in a layer could be a link that leads somewhere else while the root is being made.
func TestLinksInLayersDoNotMoveBinds(t *testing.T) {
	b := newBox(t)
	layer := t.TempDir()
	require.NoError(t, os.Symlink("/etc", layer+"/data"))
	require.NoError(t, os.Symlink("/proc", layer+"/dir"))
	source := hostDir(t, map[string]string{"file": "bound\n"})
	b.root = b.with(Root{Layers: []Layer{{Path: layer}}, Binds: []Bind{{Source: source, Target: "/data"}, {Source: source, Target: "/dir/sub"}}})
	assert.Equal(t, []string{"bound", "bound"}, b.lines("cat", "/data/file", "/dir/sub/file"))
	assert.NotContains(t, b.probed("cat", "/etc/passwd"), "ENOENT")
}
