package isolate

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// etcFiles are what compilers, interpreters and their runtimes read below /etc, files or whole
// directories, when the host has them. What is not readable by everybody is left out.
var etcFiles = []string{
	"alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types",
	"fpc*.cfg", "java*", "mono", "perl", "php", "python*", "rubygems", "ghc*", "lua", "nsswitch.conf",
}

// etcFromElsewhere are directories of the host that toolchains cannot do without, by what they are below /etc
// inside: Debian keeps GHC's list of its own libraries in /var, of which programs see nothing.
var etcFromElsewhere = map[string]string{"/var/lib/ghc/package.conf.d": "ghc/package.conf.d"}

const (
	maxEtcFile = 4 << 20
	maxEtc     = 4096 // entries
)

// synthetic are the files of /etc that say who is who inside.
func synthetic(i IDs) map[string]string {
	return map[string]string{
		"passwd": fmt.Sprintf("root:x:0:0:root:/:/usr/sbin/nologin\njudge:x:%d:%d:judge:/work:/bin/sh\n"+
			"nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n", i.user(), i.group()),
		"group":    fmt.Sprintf("root:x:0:\njudge:x:%d:\nnogroup:x:65534:\n", i.group()),
		"hosts":    "127.0.0.1 localhost sandbox\n::1 localhost\n",
		"hostname": "sandbox\n",
	}
}

// etcEntry is a file, directory or link to make below /etc.
type etcEntry struct {
	name    string // relative to /etc
	mode    fs.FileMode
	content string // or the link's target
}

// readEtc collects what of /etc programs get to see. What cannot be read is not there.
func readEtc(i IDs) []etcEntry {
	var entries []etcEntry
	for _, pattern := range etcFiles {
		matches, _ := filepath.Glob("/etc/" + pattern)
		for _, m := range matches {
			entries = appendEtc(entries, m, strings.TrimPrefix(m, "/etc/"))
		}
	}
	for place, name := range etcFromElsewhere {
		entries = appendEtc(entries, place, name)
	}
	for name, content := range synthetic(i) {
		entries = append(entries, etcEntry{name: name, mode: 0o644, content: content})
	}
	return entries
}

// appendEtc adds what is in a place of the host under a name below /etc. Of Debian's hundreds of alternatives most are
// manual pages, which nobody reads here.
func appendEtc(entries []etcEntry, place, name string) []etcEntry {
	filepath.WalkDir(place, func(p string, d fs.DirEntry, err error) error {
		if err != nil || len(entries) >= maxEtc || name == "alternatives" && strings.HasSuffix(p, ".gz") {
			return nil
		}
		if e, ok := readEtcEntry(p, d.Type()); ok {
			e.name = name + strings.TrimPrefix(p, place)
			entries = append(entries, e)
		}
		return nil
	})
	return entries
}

func readEtcEntry(p string, kind fs.FileMode) (e etcEntry, ok bool) {
	e.mode = kind
	var err error
	switch {
	case kind.IsDir():
	case kind&fs.ModeSymlink != 0:
		e.content, err = os.Readlink(p)
	case kind.IsRegular():
		e.content, err = readForAll(p)
	default:
		return e, false
	}
	return e, err == nil
}

// readForAll reads a regular file that everybody may read. Every start reads a hundred of them, so it does
// without package os, which asks three times as much of the kernel.
func readForAll(p string) (string, error) {
	fd, err := unix.Open(p, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return "", err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG || st.Mode&0o004 == 0 {
		return "", os.ErrPermission
	}
	content := make([]byte, min(st.Size, maxEtcFile))
	read := 0
	for read < len(content) {
		n, err := unix.Read(fd, content[read:])
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return "", io.ErrUnexpectedEOF
		}
		read += n
	}
	return string(content), nil
}

func (e etcEntry) write(dir string) error {
	p := filepath.Join(dir, e.name)
	switch {
	case e.mode.IsDir():
		return os.MkdirAll(p, 0o755)
	case e.mode&fs.ModeSymlink != 0:
		return os.Symlink(e.content, p)
	}
	fd, err := unix.Open(p, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC|unix.O_CLOEXEC, 0o644)
	if err != nil {
		return &os.PathError{Op: "create", Path: p, Err: err}
	}
	defer unix.Close(fd)
	for rest := []byte(e.content); len(rest) > 0; {
		n, err := unix.Write(fd, rest)
		if err != nil && err != unix.EINTR {
			return &os.PathError{Op: "write", Path: p, Err: err}
		}
		rest = rest[max(n, 0):]
	}
	return nil
}
