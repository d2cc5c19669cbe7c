package isolate

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEntriesAreThereForEachRun(t *testing.T) {
	needOwnIDs(t)
	b := newBox(t)
	layer := hostDir(t, map[string]string{"data/below": "of the layer\n", "data/file": "covered\n"})
	b.root = b.with(Root{
		Layers: []Layer{{Path: layer}},
		Create: []Entry{
			{Path: "/data/file", Content: "of root\n"},
			{Path: "/data/own", Mode: 0o600, Content: "of the program\n", UID: programID, GID: programID},
			{Path: "/data/secret", Mode: 0o600, Content: "of root\n"},
			{Path: "/data/empty", Mode: 0o444},
			{Path: "/data/bytes", Content: "\xff\x00\xfe"},
			{Path: "/data/link", Mode: fs.ModeSymlink, Content: "own"},
			{Path: "/room", Mode: fs.ModeDir, UID: programID, GID: programID},
			{Path: "/room/sticky", Mode: fs.ModeDir | fs.ModeSticky | 0o777},
			{Path: "/work/input.txt", Content: "for work\n", UID: programID},
			{Path: "/etc/passwd", Content: "a:x:1000:1000::/:\n"},
		},
		Binds: []Bind{{Source: layer, Target: "/room/bound"}},
	})
	for range 2 {
		out := b.shell(`
			cd /data; cat below file own link; cat secret 2> /dev/null || echo secret; od -An -tx1 bytes; id -un
			stat -c '%n %a %u:%g %F' file own secret empty /room /room/sticky /work/input.txt
			stat -c '%n %F' link
			cat /room/bound/data/below
			echo more >> own; echo more >> /work/input.txt; echo x > /room/x; echo x > /room/sticky/x
			(echo x > file) 2> /dev/null || echo no; (echo x > /data/x) 2> /dev/null || echo no`)
		assert.Equal(t, `of the layer
of root
of the program
of the program
secret
 ff 00 fe
a
file 644 0:0 regular file
own 600 1000:1000 regular file
secret 600 0:0 regular file
empty 444 0:0 regular empty file
/room 755 1000:1000 directory
/room/sticky 1777 0:0 directory
/work/input.txt 644 1000:0 regular file
link symbolic link
of the layer
no
no
`, out)
	}
}

func TestEntriesAreNotChargedToTheRun(t *testing.T) {
	b := newBox(t)
	var entries []Entry
	for i := range 20 {
		entries = append(entries, Entry{Path: fmt.Sprintf("/data/%d", i), Content: strings.Repeat("x", 1000)})
	}
	const size, inodes = 1 << 20, 10
	b.root = b.with(Root{Create: entries, Size: size, Inodes: inodes})
	out := b.shell("for i in 1 2 3 4 5 6 7 8 9; do : > $i || exit; done; head -c 1000000 /dev/zero > 1; stat -c %s 1")
	assert.Equal(t, "1000000\n", out)
}

func TestEntriesOfOneIDAreTheProgramsOwn(t *testing.T) {
	withOneID(t, func(t *testing.T) {
		b := plainBox(t, Root{Create: []Entry{
			{Path: "/work/in", Content: "text\n"}, {Path: "/data/in", Content: "text\n", UID: programID, GID: programID},
		}})
		assert.Equal(t, "text\ntext\n", b.shell("cat /work/in /data/in; echo more >> /data/in"))
	})
}

func TestEntriesThatMakeNoSenseAreRefused(t *testing.T) {
	b := newBox(t)
	file := Entry{Path: "/a", Content: "x"}
	link := Entry{Path: "/a", Mode: fs.ModeSymlink, Content: "/base"}
	for _, row := range []struct {
		name string
		root Root
		want string
	}{
		{"relative", Root{Create: []Entry{{Path: "a"}}}, "create a: it is not an absolute path below /"},
		{"root", Root{Create: []Entry{{Path: "/a/.."}}}, "it is not an absolute path below /"},
		{"zero byte", Root{Create: []Entry{{Path: "/a\x00b"}}}, "such a name is not supported"},
		{"no text", Root{Create: []Entry{{Path: "/a\xff"}}}, "such a name is not supported"},
		{"pipe", Root{Create: []Entry{{Path: "/a", Mode: fs.ModeNamedPipe}}}, "want a file, directory or symbolic link"},
		{"setuid", Root{Create: []Entry{{Path: "/a", Mode: fs.ModeSetuid | 0o755}}}, "want a file, directory or symbolic link"},
		{"directory with content", Root{Create: []Entry{{Path: "/a", Mode: fs.ModeDir, Content: "x"}}}, "a directory has no content"},
		{"link to nothing", Root{Create: []Entry{{Path: "/a", Mode: fs.ModeSymlink}}}, "a symbolic link leads to a path"},
		{"owner", Root{Create: []Entry{{Path: "/a", UID: 7}}}, "its owner 7:0 is not mapped"},
		{"twice", Root{Create: []Entry{file, {Path: "/b/../a"}}}, "it is there twice"},
		{"directory of each run", Root{Create: []Entry{{Path: "/work", Mode: fs.ModeDir}}}, "it is there in any case"},
		{"below a file", Root{Create: []Entry{file, {Path: "/a/b"}}}, "create /a/b: /a is no directory"},
		{"below a link", Root{Create: []Entry{link, {Path: "/a/etc/passwd"}}}, "create /a/etc/passwd: /a is no directory"},
		{"bind below a link", Root{Create: []Entry{link}, Binds: []Bind{{Source: "/usr", Target: "/a/b"}}}, "mount on /a/b: /a is no directory"},
		{"tmpfs below a file", Root{Create: []Entry{file}, Tmpfs: []Tmpfs{{Target: "/a/b"}}}, "mount on /a/b: /a is no directory"},
		{"above another", Root{Create: []Entry{{Path: "/a/b"}, {Path: "/a", Mode: fs.ModeDir}}}, "create /a: it has to come before /a/b"},
		{"hidden by a bind", Root{Create: []Entry{{Path: "/a/b"}}, Binds: []Bind{{Source: "/usr", Target: "/a"}}}, "create /a/b: /a is mounted on it"},
		{"hidden by the toolchain", Root{Create: []Entry{{Path: "/usr/x"}}}, "create /usr/x: /usr is mounted on it"},
		{"in place of a link of the base", Root{Create: []Entry{{Path: "/bin/x"}}}, "create /bin/x: /bin is mounted on it"},
		{"a device", Root{Create: []Entry{{Path: "/dev/null"}}}, "create /dev/null: /dev is mounted on it"},
		{"kept", Root{Create: []Entry{file}, Upper: newScratch(t, 1<<20, 10)}, "what is kept has its files by Scratch.Create"},
		{"too much", Root{Create: []Entry{{Path: "/a", Content: strings.Repeat("x", 70000)}}}, "create 1 files, directories and links: they take "},
		{"too deep", Root{Create: []Entry{{Path: strings.Repeat("/a", 2000)}}}, "at most 65536"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := b.in(t)
			_, _, err := b.run(t.Context(), Program{Path: "/probe", Root: b.with(row.root)}, nil)
			require.ErrorContains(t, err, row.want)
			require.NoError(t, b.Err())
		})
	}
	b.probed("exit", "0")
}

func TestAsManyEntriesAsMayBe(t *testing.T) {
	b := newBox(t)
	b.root = b.with(Root{Create: []Entry{{Path: "/a", Content: strings.Repeat("x", 60000)}}})
	assert.Equal(t, "60000\n", b.shell("stat -c %s /a"))
	b.root = b.with(Root{Create: []Entry{{Path: "/dev/shm/x"}}})
	assert.Equal(t, "/dev/shm/x\n", b.shell("ls /dev/shm/x"))
}
