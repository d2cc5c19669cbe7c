package isolate

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lastNumber returns the number in the last line, and the lines before it.
func lastNumber(t *testing.T, lines []string) (int, []string) {
	t.Helper()
	n, err := strconv.Atoi(lines[len(lines)-1])
	require.NoError(t, err)
	return n, lines[:len(lines)-1]
}

func TestSizeBoundsAllThatIsWrittenTogether(t *testing.T) {
	b := newBox(t)
	const size = 1 << 20
	b.root = b.with(Root{Size: size})
	for _, row := range []struct {
		name string
		dirs []string
	}{
		{"/work", []string{"/work"}}, {"/tmp", []string{"/tmp"}}, {"/dev/shm", []string{"/dev/shm"}},
		{"all of them", []string{"/work", "/tmp", "/dev/shm"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := b.in(t)
			written, said := lastNumber(t, b.lines(append([]string{"fill"}, row.dirs...)...))
			assert.Equal(t, []string{row.dirs[len(row.dirs)-1] + ": ENOSPC"}, said)
			assert.LessOrEqual(t, written, size)
			assert.GreaterOrEqual(t, written, size-64<<10)
		})
	}
}

func TestInodesBoundFilesAndDirectories(t *testing.T) {
	b := newBox(t)
	for _, row := range []struct {
		name  string
		binds int
	}{{"nothing else", 0}, {"many binds", 20}} {
		t.Run(row.name, func(t *testing.T) {
			b := b.in(t)
			root := Root{Inodes: 100}
			for i := range row.binds {
				root.Binds = append(root.Binds, Bind{Source: t.TempDir(), Target: "/data/deep/" + strconv.Itoa(i)})
			}
			b.root = b.with(root)
			for _, dir := range []string{"/work", "/dev/shm"} {
				made, said := lastNumber(t, b.lines("inodes", dir))
				assert.Equal(t, []string{dir + ": ENOSPC"}, said)
				assert.GreaterOrEqual(t, made, 100)
				assert.LessOrEqual(t, made, 116)
			}
		})
	}
}

func TestDefaultsOfSizeAndInodes(t *testing.T) {
	b := newBox(t)
	b.root = b.with(Root{})
	written, _ := lastNumber(t, b.lines("fill", "/dev/shm"))
	assert.InDelta(t, 64<<20, written, 64<<10)
	made, _ := lastNumber(t, b.lines("inodes", "/dev/shm"))
	assert.InDelta(t, 16384, made, 20)
}

func TestDiskFullSaysThatNothingWasLeftAtTheEnd(t *testing.T) {
	b := newBox(t)
	b.root = b.with(Root{Size: 1 << 20, Inodes: 100})
	for _, row := range []struct {
		name, script string
		want         bool
	}{
		{"untouched", "true", false},
		{"no bytes left", "cat /dev/zero > fill", true},
		{"no bytes left in /dev/shm", "cat /dev/zero > /dev/shm/fill", true},
		{"freed again", "cat /dev/zero > fill; rm fill", false},
		{"no inodes left", "i=0; while : > $i; do i=$((i+1)); done", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			exit, _ := b.in(t).mustRun(Program{Path: "/bin/sh", Args: []string{"sh", "-c", row.script + " 2>&-"}, Env: []string{"PATH=/usr/bin:/bin"}, Dir: "/work", Root: b.root})
			assert.Equal(t, row.want, exit.DiskFull)
		})
	}
}

func TestWhatOneRunWroteDoesNotCountForTheNext(t *testing.T) {
	b := newBox(t)
	b.root = b.with(Root{Size: 1 << 20})
	first := b.probed("fill", "/work")
	assert.Equal(t, first, b.probed("fill", "/work"))
}

func TestScratchHasItsOwnBounds(t *testing.T) {
	b := newBox(t)
	s := newScratch(t, 1<<20, 100)
	b.root = b.with(Root{Upper: s, Size: 1 << 30, Inodes: 1 << 20})
	written, _ := lastNumber(t, b.lines("fill", "/work"))
	assert.LessOrEqual(t, written, 1<<20)
	require.ErrorContains(t, s.Create("/more", 0o644, strings.NewReader(strings.Repeat("x", 64<<10))), "no space left on device")
}
