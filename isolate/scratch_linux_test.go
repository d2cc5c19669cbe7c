package isolate

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestWhatARunWroteIsALayerOfTheNextInAnySandbox(t *testing.T) {
	b := newBox(t)
	artifact := newScratch(t, 1<<20, 100)
	b.root = b.with(Root{Upper: artifact})
	b.shell("echo compiled > exe; chmod 755 exe; mkdir sub; echo below > sub/file; echo lost > /dev/shm/x")
	other := newBox(t)
	for name, b := range map[string]*box{"the same": b, "another": other} {
		t.Run(name, func(t *testing.T) {
			b := b.in(t)
			b.root = b.with(Root{Layers: []Layer{{Scratch: artifact}}})
			assert.Equal(t, "compiled\nbelow\n", b.shell("cat exe sub/file"))
			b.probed("write", "/work/exe", "changed", "/work/sub/new", "x") // a copy at most
			assert.Equal(t, []string{"/work/new: ok"}, b.lines("write", "/work/new", "x"))
			assert.Equal(t, []string{"/dev/shm/x: ENOENT"}, b.lines("stat", "/dev/shm/x"))
		})
	}
	assert.Equal(t, "compiled\n", content(t, artifact, "/work/exe"))
}

func TestLayerIsNotChangedByRunsThatDeleteFromIt(t *testing.T) {
	b := newBox(t)
	artifact := newScratch(t, 1<<20, 100)
	require.NoError(t, artifact.Create("/work/exe", 0o755, strings.NewReader("compiled")))
	b.root = b.with(Root{Layers: []Layer{{Scratch: artifact}}})
	assert.Equal(t, []string{"/work/exe: ok"}, b.lines("unlink", "/work/exe"))
	assert.Equal(t, "compiled", content(t, artifact, "/work/exe"))
	assert.Equal(t, []string{"/work/exe: ok"}, b.lines("stat", "/work/exe"))
}

func TestScratchKeepsWhatSeveralRunsWrite(t *testing.T) {
	b := newBox(t)
	s := newScratch(t, 1<<20, 100)
	b.root = b.with(Root{Upper: s})
	b.shell("echo one > one")
	b.shell("cat one > two; rm one")
	b.probed("exit", "0")
	assert.Equal(t, "one\n", content(t, s, "/work/two"))
	_, err := s.Open("/work/one")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestOpenRefusesWhatIsNoFile(t *testing.T) {
	b := newBox(t)
	lower := newScratch(t, 1<<20, 100)
	require.NoError(t, lower.Create("/work/covered", 0o644, strings.NewReader("x")))
	s := newScratch(t, 1<<20, 100)
	b.root = b.with(Root{Layers: []Layer{{Scratch: lower}}, Upper: s})
	assert.Equal(t, []string{"link: ok", "dirlink: ok", "uplink: ok", "fifo: ok", "directory: ok", "socket: ok"}, b.lines("tangle", "/work")[:6])
	b.probed("unlink", "/work/covered") // overlayfs leaves a device in the layer
	countDescriptors(t)
	for _, row := range []struct{ name, path string }{
		{"symbolic link", "/work/link"}, {"symbolic link on the way", "/work/dirlink/passwd"}, {"link upwards", "/work/uplink/etc/passwd"},
		{"FIFO", "/work/fifo"}, {"directory", "/work/directory"}, {"socket", "/work/socket"}, {"whiteout", "/work/covered"},
		{"root", "/"}, {"nothing", ""}, {"dots", "/../../../../etc/passwd"}, {"dots inside", "/work/../../../../etc/passwd"},
		{"missing", "/work/missing"}, {"below a file", "/work/link/x"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f, err := s.Open(row.path)
			if !assert.Error(t, err) {
				f.Close()
			}
			assert.ErrorContains(t, err, "open ")
		})
	}
}

func TestOpenTakesPathsAsTheProgramSeesThem(t *testing.T) {
	needSandbox(t)
	s := newScratch(t, 1<<20, 100)
	require.NoError(t, s.Create("work/a", 0o644, strings.NewReader("relative")))
	require.NoError(t, s.Create("/../b", 0o644, strings.NewReader("dots")))
	assert.Equal(t, "relative", content(t, s, "/work/a"))
	assert.Equal(t, "relative", content(t, s, "work/./x/../a"))
	assert.Equal(t, "dots", content(t, s, "/b"))
}

func TestCreatedFilesBelongToNobodyAProgramCanBe(t *testing.T) {
	needOwnIDs(t)
	b := newBox(t)
	s := newScratch(t, 1<<20, 100)
	for name, mode := range map[string]uint32{"/work/readable": 0o644, "/work/secret": 0o600, "/work/all": 0o666} {
		require.NoError(t, s.Create(name, mode, strings.NewReader("content")))
	}
	b.root = b.with(Root{Layers: []Layer{{Scratch: s}}})
	assert.Equal(t, []string{"content/work/secret: EACCES"}, b.lines("cat", "/work/readable", "/work/secret"))
	assert.Equal(t, []string{"/work/readable: EACCES"}, b.lines("write", "/work/readable", "x"))
}

func TestCreateDoesNotReplace(t *testing.T) {
	needSandbox(t)
	s := newScratch(t, 1<<20, 100)
	require.NoError(t, s.Create("/work/a", 0o644, strings.NewReader("first")))
	require.ErrorIs(t, s.Create("/work/a", 0o644, strings.NewReader("second")), os.ErrExist)
	assert.Equal(t, "first", content(t, s, "/work/a"))
	require.Error(t, s.Create("/work/a/b", 0o644, strings.NewReader("below a file")))
	require.Error(t, s.Create("/work", 0o644, strings.NewReader("a directory")))
}

// A run may have left links where the caller wants to create a file next.
func TestCreateFollowsNoLinks(t *testing.T) {
	b := newBox(t)
	outside := t.TempDir()
	s := newScratch(t, 1<<20, 100)
	b.root = b.with(Root{Upper: s})
	b.shell(fmt.Sprintf("ln -s %s out; ln -s %s/file file", outside, outside))
	assert.Error(t, s.Create("/work/out/dir/file", 0o644, strings.NewReader("x")))
	assert.Error(t, s.Create("/work/out/file", 0o644, strings.NewReader("x")))
	assert.Error(t, s.Create("/work/file", 0o644, strings.NewReader("x")))
	made, err := filepath.Glob(outside + "/*")
	require.NoError(t, err)
	assert.Empty(t, made, "made on the host")
}

func TestScratchMayBeClosedTwiceAndIsThenOfNoUse(t *testing.T) {
	b := newBox(t)
	s := newScratch(t, 1<<20, 100)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	require.Error(t, s.Create("/work/a", 0o644, strings.NewReader("x")))
	_, err := s.Open("/work/a")
	require.Error(t, err)
	_, _, err = b.run(t.Context(), Program{Path: "/probe", Root: b.with(Root{Upper: s})}, nil)
	require.Error(t, err)
	_, _, err = b.run(t.Context(), Program{Path: "/probe", Root: b.with(Root{Layers: []Layer{{Scratch: s}}})}, nil)
	require.Error(t, err)
	require.NoError(t, b.Err())
	b.probed("exit", "0")
}

func TestFileOfAClosedScratchCanStillBeRead(t *testing.T) {
	needSandbox(t)
	s := newScratch(t, 1<<20, 100)
	require.NoError(t, s.Create("/work/a", 0o644, strings.NewReader("kept")))
	f, err := s.Open("/work/a")
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, s.Close())
	b, err := io.ReadAll(f)
	require.NoError(t, err)
	assert.Equal(t, "kept", string(b))
}

func TestScratchWithoutBoundsIsRefused(t *testing.T) {
	needSandbox(t)
	for _, row := range []struct {
		name         string
		size, inodes int64
	}{{"no size", 0, 100}, {"negative size", -1, 100}, {"negative inodes", 1 << 20, -100}} {
		t.Run(row.name, func(t *testing.T) {
			s, err := NewScratch(row.size, row.inodes)
			if !assert.ErrorIs(t, err, unix.EINVAL) { // tmpfs takes a size of zero for no bound
				s.Close()
			}
		})
	}
}

func TestScratchLeavesNoDescriptor(t *testing.T) {
	needSandbox(t)
	newScratch(t, 1<<20, 10).Close()
	countDescriptors(t)
	for range 5 {
		s, err := NewScratch(1<<20, 10)
		require.NoError(t, err)
		require.NoError(t, s.Create("/work/a", 0o644, strings.NewReader("x")))
		require.NoError(t, s.Close())
	}
}

func TestALinkInALayerIsFollowedByProgramsAlone(t *testing.T) {
	b := newBox(t)
	s := newScratch(t, 1<<20, 100)
	require.NoError(t, s.Create("/work/given", 0o444, strings.NewReader("x\n")))
	require.NoError(t, s.Symlink("given", "/work/link"))
	require.ErrorIs(t, s.Symlink("given", "/work/link"), unix.EEXIST)
	require.ErrorIs(t, s.Symlink("given", "/work/missing/link"), unix.ENOENT)
	_, err := s.Open("/work/link")
	require.ErrorIs(t, err, unix.ELOOP)
	b.root = b.with(Root{Upper: s})
	assert.Equal(t, "x\n", b.shell("cat link"))
}

func TestProgramsWriteToASharedDirectoryUntilItIsClearedOfAFile(t *testing.T) {
	b := newBox(t)
	s := newScratch(t, 1<<20, 100)
	require.NoError(t, s.Create("/work/given", 0o444, strings.NewReader("x")))
	require.NoError(t, s.MakeShared("/work/shared"))
	require.ErrorIs(t, s.MakeShared("/work/shared"), unix.EEXIST)
	require.ErrorIs(t, s.MakeShared("/work/missing/shared"), unix.ENOENT)
	b.root = b.with(Root{Upper: s})
	b.shell("echo one > shared/file; ln -s /etc shared/link; mkdir shared/directory")
	assert.Equal(t, "one\n", content(t, s, "/work/shared/file"))
	require.NoError(t, s.Remove("/work/shared/file"))
	require.ErrorIs(t, s.Remove("/work/shared/file"), os.ErrNotExist)
	require.ErrorIs(t, s.Remove("/work/shared/directory"), unix.EISDIR)
	require.Error(t, s.Remove("/work/shared/link/passwd"), "a link on the way")
	require.NoError(t, s.Remove("/work/shared/link"))
	assert.Equal(t, "directory\n", b.shell("ls shared"))
}
