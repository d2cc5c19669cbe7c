package packages

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"judge/judge"
)

// tree is a package's directory.
type tree struct {
	root  string // absolute and without links
	shown string // as the user named it
}

// show is a file's name in messages.
func (t tree) show(name string) string { return filepath.Join(t.shown, filepath.FromSlash(name)) }

// at is a file's path.
func (t tree) at(name string) string { return filepath.Join(t.root, filepath.FromSlash(name)) }

// fail is a mistake in a file of the package, or in the package itself when the name is empty.
func (t tree) fail(name, format string, args ...any) *judge.InputError {
	return &judge.InputError{File: t.show(name), Message: fmt.Sprintf(format, args...)}
}

// has tells whether there is something of this name.
func (t tree) has(name string) bool {
	_, err := os.Stat(t.at(name))
	return err == nil
}

func (t tree) isDir(name string) bool {
	info, err := os.Stat(t.at(name))
	return err == nil && info.IsDir()
}

// isGoodName tells whether a file of a package may be called so, with + what DOMjudge takes too, for C++; others
// count as not there.
func isGoodName(name string) bool {
	return name != "" && len(name) <= 255 && !strings.ContainsAny(name[:1], ".+-") && strings.Trim(name, goodCharacters) == ""
}

const goodCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+-"

// list returns the names in a directory in lexicographic order, without those that are not there for the
// judge; none when there is no such directory.
func (t tree) list(dir string) ([]string, error) {
	entries, err := os.ReadDir(t.at(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, t.fail(dir, "%v", cause(err))
	}
	var names []string
	for _, e := range entries {
		if isGoodName(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// odd returns the names in a directory that are not those of a package's files, but for hidden ones.
func (t tree) odd(dir string) []string {
	entries, _ := os.ReadDir(t.at(dir)) // what is wrong shows when it is listed
	var names []string
	for _, e := range entries {
		if !isGoodName(e.Name()) && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names
}

const wantName = "want a name of letters, digits, _, ., - and + only"

// mostText bounds the files that are read into memory.
const mostText = 4 << 20

// text reads a file; false when there is none.
func (t tree) text(name string) (string, bool, error) {
	info, err := os.Stat(t.at(name))
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	if err == nil && !info.Mode().IsRegular() {
		return "", false, t.fail(name, "want a regular file")
	}
	f, err := os.Open(t.at(name))
	if err != nil {
		return "", false, t.fail(name, "%v", cause(err))
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, mostText+1))
	if err != nil {
		return "", false, t.fail(name, "%v", cause(err))
	}
	if len(content) > mostText {
		return "", false, t.fail(name, "is larger than %d MiB", mostText>>20)
	}
	return string(content), true, nil
}

// mostFiles bounds a package, in case a path names the wrong directory.
const mostFiles = 200_000

// checkLinks refuses symbolic links that lead out of the package or nowhere.
func (t tree) checkLinks() error {
	files := 0
	return filepath.WalkDir(t.root, func(at string, entry fs.DirEntry, err error) error {
		if err != nil {
			return t.fail(t.below(at), "%v", cause(err))
		}
		if files++; files > mostFiles {
			return t.fail("", "has more than %d files", mostFiles)
		}
		if entry.Type()&fs.ModeSymlink == 0 {
			return nil
		}
		name := t.below(at)
		target, err := filepath.EvalSymlinks(at)
		if err != nil {
			return t.fail(name, "symbolic link: %v", cause(err))
		}
		if target != t.root && !strings.HasPrefix(target, t.root+string(filepath.Separator)) {
			return t.fail(name, "is a symbolic link that leads out of the package")
		}
		if strings.HasPrefix(at, target+string(filepath.Separator)) {
			return t.fail(name, "is a symbolic link to a directory that it is in")
		}
		return nil
	})
}

// below is the name of a path in the package.
func (t tree) below(at string) string {
	name, err := filepath.Rel(t.root, at)
	if err != nil {
		return at
	}
	return filepath.ToSlash(name)
}

// files are the regular files below a directory, relative to it.
func (t tree) files(dir string) ([]string, error) {
	names, err := t.list(dir)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, name := range names {
		if !t.isDir(path.Join(dir, name)) {
			all = append(all, name)
			continue
		}
		below, err := t.files(path.Join(dir, name))
		if err != nil {
			return nil, err
		}
		for _, b := range below {
			all = append(all, path.Join(name, b))
		}
	}
	return all, nil
}

// filesOf are the files of a program, which is a file or a directory.
func (t tree) filesOf(name string) ([]string, error) {
	if !t.isDir(name) {
		return []string{name}, nil
	}
	below, err := t.files(name)
	for i := range below {
		below[i] = path.Join(name, below[i])
	}
	return below, err
}

// cause is an error without the path, which the message has in the user's words.
func cause(err error) error {
	var inPath *fs.PathError
	if !errors.As(err, &inPath) {
		return err
	}
	if errors.Is(inPath.Err, fs.ErrNotExist) {
		return errors.New("leads to no file")
	}
	return inPath.Err
}
