package isolate

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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

// appendEtc adds what is in a place of the host under a name below /etc.
func appendEtc(entries []etcEntry, place, name string) []etcEntry {
	filepath.WalkDir(place, func(p string, d fs.DirEntry, err error) error {
		if err != nil || len(entries) >= maxEtc {
			return nil
		}
		if e, ok := readEtcEntry(p); ok {
			e.name = name + strings.TrimPrefix(p, place)
			entries = append(entries, e)
		}
		return nil
	})
	return entries
}

func readEtcEntry(p string) (etcEntry, bool) {
	info, err := os.Lstat(p)
	if err != nil {
		return etcEntry{}, false
	}
	e := etcEntry{mode: info.Mode()}
	switch {
	case info.IsDir():
	case info.Mode()&fs.ModeSymlink != 0:
		e.content, err = os.Readlink(p)
	case info.Mode().IsRegular() && info.Mode()&0o004 != 0:
		var f *os.File
		if f, err = os.Open(p); err != nil {
			break
		}
		defer f.Close()
		var b []byte
		b, err = io.ReadAll(io.LimitReader(f, maxEtcFile))
		e.content = string(b)
	default:
		return etcEntry{}, false
	}
	return e, err == nil
}

func (e etcEntry) write(dir string) error {
	p := filepath.Join(dir, e.name)
	switch {
	case e.mode.IsDir():
		return os.MkdirAll(p, 0o755)
	case e.mode&fs.ModeSymlink != 0:
		return os.Symlink(e.content, p)
	}
	return os.WriteFile(p, []byte(e.content), 0o644)
}
