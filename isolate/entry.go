package isolate

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// Entry is a file, directory or symbolic link that each run finds in its writable layer. What it takes
// is not charged to the run.
type Entry struct {
	Path string // absolute, in the sandbox; the directories above it are made
	// Mode has fs.ModeDir, fs.ModeSymlink or, for a file, neither; and permissions, with fs.ModeSticky if
	// need be. Permissions of zero: 0755 of a directory, 0644 of a file.
	Mode fs.FileMode
	// Content is that of a file, or where a link leads. All entries together may have some 50 KiB; what
	// is larger has its place in a Scratch.
	Content string
	// UID and GID own it, as the sandbox knows them: the program may write what is its own. Zero: root,
	// whom no program can be.
	UID, GID uint32
}

// checkEntries refuses entries that a program would not find, or that would be made elsewhere.
func (r *Root) checkEntries(who IDs, hidden []string) error {
	seen := map[string]Entry{}
	for _, e := range r.Create {
		err := e.check(who)
		p := path.Clean(e.Path)
		_, twice := seen[p]
		switch {
		case err != nil:
		case r.Upper != nil:
			err = errors.New("what is kept has its files by Scratch.Create")
		case twice:
			err = errors.New("it is there twice")
		case slices.Contains(ready, p):
			err = errors.New("it is there in any case")
		default:
			err = reachable(p, seen, hidden)
		}
		if err != nil {
			return fmt.Errorf("create %s: %w", e.Path, err)
		}
		seen[p] = e
	}
	for _, target := range r.targets() {
		if err := reachable(target, seen, nil); err != nil {
			return fmt.Errorf("mount on %s: %w", target, err)
		}
	}
	return nil
}

// ready are the directories that a writable layer has by itself.
var ready = []string{"/work", "/tmp", "/dev", "/dev/shm", "/proc"}

// targets are the mount points of the caller's.
func (r *Root) targets() (targets []string) {
	for _, t := range r.Tmpfs {
		targets = append(targets, path.Clean(t.Target))
	}
	for _, b := range r.Binds {
		targets = append(targets, path.Clean(b.Target))
	}
	return targets
}

// reachable refuses a path below a mount that hides it, below what is no directory, and above
// what is made before it.
func reachable(p string, made map[string]Entry, hidden []string) error {
	for _, h := range hidden {
		if within(p, h) && !within(p, "/dev/shm") {
			return fmt.Errorf("%s is mounted on it", h)
		}
	}
	for other, e := range made {
		if other != p && within(p, other) && !e.Mode.IsDir() {
			return fmt.Errorf("%s is no directory", other)
		}
		if other != p && within(other, p) {
			return fmt.Errorf("it has to come before %s", other)
		}
	}
	return nil
}

// within tells whether a path is a directory or below it.
func within(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

// check refuses what makes no sense by itself.
func (e Entry) check(who IDs) error {
	const allowed = fs.ModeDir | fs.ModeSymlink | fs.ModeSticky | fs.ModePerm
	kind := e.Mode.Type()
	switch {
	case !path.IsAbs(e.Path) || path.Clean(e.Path) == "/":
		return errors.New("it is not an absolute path below /")
	case !utf8.ValidString(e.Path) || strings.Contains(e.Path, "\x00"):
		return errors.New("such a name is not supported")
	case e.Mode&^allowed != 0 || kind != 0 && kind != fs.ModeDir && kind != fs.ModeSymlink:
		return fmt.Errorf("mode %v: want a file, directory or symbolic link with permissions", e.Mode)
	case kind == fs.ModeDir && e.Content != "":
		return errors.New("a directory has no content")
	case kind == fs.ModeSymlink && (e.Content == "" || strings.Contains(e.Content, "\x00")):
		return errors.New("a symbolic link leads to a path")
	case !who.has(e.UID, e.GID):
		return fmt.Errorf("its owner %d:%d is not mapped", e.UID, e.GID)
	}
	return nil
}

// permissions are those for chmod(2).
func (e Entry) permissions() int {
	mode := int(e.Mode.Perm())
	switch {
	case mode == 0 && e.Mode.IsDir():
		mode = 0o755
	case mode == 0:
		mode = 0o644
	}
	if e.Mode&fs.ModeSticky != 0 {
		mode |= 0o1000
	}
	return mode
}
