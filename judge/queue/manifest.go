package queue

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a manifest.
const (
	MaxManifest      = 8 << 20 // bytes of its JSON
	MaxManifestFiles = 32768
	MaxDirectories   = 10_000 // that its files are in
	MaxPath          = 512    // bytes of one path
	maxPathPart      = 255    // bytes of a name in it, which is what file systems take
)

// TaskFile is the file that every task has.
const TaskFile = "tasks.toml"

// Manifest lists the files of a task. Its encoding is a file of the store, and the hash of that is the task's id.
type Manifest struct {
	Files map[string]string `json:"files"` // path to SHA-256, in lower-case hex
}

// ParseManifest reads and checks a manifest.
func ParseManifest(b []byte) (*Manifest, error) {
	if len(b) > MaxManifest {
		return nil, fmt.Errorf("manifest: %w: %d bytes of %d", ErrTooLarge, len(b), MaxManifest)
	}
	m := new(Manifest)
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("manifest: %w: %w", ErrInvalid, err)
	}
	if err := m.Check(); err != nil {
		return nil, err
	}
	return m, nil
}

// Encode returns the manifest as canonical JSON: the same files give the same bytes.
func (m *Manifest) Encode() ([]byte, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	b, err := json.Marshal(m) // sorts the keys
	if err == nil && len(b) > MaxManifest {
		err = fmt.Errorf("%w: %d bytes of %d", ErrTooLarge, len(b), MaxManifest)
	}
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	return b, nil
}

// Check tells what is wrong with the manifest, as ErrInvalid or ErrTooLarge: a path (see CheckPath), a hash, a file that is
// also the directory of another, too many of them or of directories, no TaskFile.
func (m *Manifest) Check() error {
	if len(m.Files) > MaxManifestFiles {
		return fmt.Errorf("manifest: %w: %d files of %d", ErrTooLarge, len(m.Files), MaxManifestFiles)
	}
	if _, ok := m.Files[TaskFile]; !ok {
		return fmt.Errorf("manifest: %w: no file %s", ErrInvalid, TaskFile)
	}
	paths := slices.Sorted(maps.Keys(m.Files)) // the same mistake is found each time
	for _, p := range paths {
		if err := CheckHash(m.Files[p]); err != nil {
			return fmt.Errorf("manifest: file %.80q: %w", p, err)
		}
	}
	return checkPaths(paths)
}

// checkPaths checks each path, and that they can be files of one directory together.
func checkPaths(paths []string) error {
	files := make(map[string]bool, len(paths))
	for _, p := range paths {
		if err := CheckPath(p); err != nil {
			return err
		}
		if files[p] {
			return fmt.Errorf("path %.80q: %w: it comes twice", p, ErrInvalid)
		}
		files[p] = true
	}
	dirs := map[string]bool{}
	for _, p := range paths {
		for dir := path.Dir(p); dir != "." && !dirs[dir]; dir = path.Dir(dir) {
			if files[dir] {
				return fmt.Errorf("path %.80q: %w: %.80q is a file", p, ErrInvalid, dir)
			}
			if dirs[dir] = true; len(dirs) > MaxDirectories {
				return fmt.Errorf("paths: %w: more than %d directories", ErrTooLarge, MaxDirectories)
			}
		}
	}
	return nil
}

// CheckPath tells why a path cannot be that of a file: it is relative, clean, of valid UTF-8 with '/' between
// names, without "..", backslash and control characters, and of at most MaxPath bytes, 255 for each name.
func CheckPath(p string) error {
	why := ""
	switch {
	case p == "" || p == ".":
		why = "it names no file"
	case len(p) > MaxPath:
		why = fmt.Sprintf("at most %d bytes", MaxPath)
	case !utf8.ValidString(p):
		why = "it is not UTF-8"
	case strings.ContainsRune(p, '\\') || strings.ContainsFunc(p, unicode.IsControl):
		why = "no backslash and no control characters"
	case path.IsAbs(p) || path.Clean(p) != p || p == ".." || strings.HasPrefix(p, "../"):
		why = `want a clean path below the task, as "tests/1.in"`
	case slices.ContainsFunc(strings.Split(p, "/"), func(part string) bool { return len(part) > maxPathPart }):
		why = fmt.Sprintf("names of at most %d bytes", maxPathPart)
	default:
		return nil
	}
	return fmt.Errorf("path %.80q: %w: %s", p, ErrInvalid, why)
}

// CheckHash tells whether s is a SHA-256 in lower-case hex.
func CheckHash(s string) error {
	if len(s) != 64 || strings.ToLower(s) != s || hexError(s) != nil {
		return fmt.Errorf("hash %.80q: %w: want the 64 lower-case hex digits of a SHA-256", s, ErrInvalid)
	}
	return nil
}

func hexError(s string) error {
	_, err := hex.DecodeString(s)
	return err
}
