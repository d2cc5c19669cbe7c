package packages

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Bounds of an archive. Test data are often a few bytes repeated, and so compress well; what a bomb holds
// is thousands of times its size.
const (
	mostUnpacked  = 8 << 30
	smallUnpacked = 256 << 20 // is let pass, however well it was compressed
	mostRatio     = 100
)

// isArchive tells an archive by its name.
func isArchive(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".zip", ".kpp":
		return true
	}
	return false
}

// unpack writes what a zip archive holds below dir, and returns the directory of the package: the only one
// at the top, or dir. Nothing is written outside dir, whatever the entries are called.
func unpack(archive, dir string) (root string, err error) {
	r, err := zip.OpenReader(archive)
	if err != nil {
		return "", fmt.Errorf("is no zip archive that can be read: %w", cause(err))
	}
	defer r.Close()
	info, err := os.Stat(archive)
	if err != nil {
		return "", cause(err)
	}
	if len(r.File) > mostFiles {
		return "", fmt.Errorf("has %d entries: want at most %d", len(r.File), mostFiles)
	}
	below, err := os.OpenRoot(dir)
	if err != nil {
		return "", err
	}
	defer below.Close()
	left := min(mostUnpacked, max(smallUnpacked, mostRatio*info.Size()))
	for _, f := range r.File {
		if err := checkEntry(f); err != nil {
			return "", fmt.Errorf("entry %q: %w", f.Name, err)
		}
		n, err := unpackEntry(below, f, left)
		if err != nil {
			return "", fmt.Errorf("entry %q: %w", f.Name, err)
		}
		left -= n
	}
	return topOf(dir)
}

// checkEntry refuses what leads out of the directory, or could.
func checkEntry(f *zip.File) error {
	name := strings.TrimSuffix(f.Name, "/")
	mode := f.Mode()
	switch {
	case strings.HasPrefix(name, "/"):
		return errors.New("is an absolute name")
	case strings.ContainsAny(name, "\\\x00"):
		return errors.New("want slashes between names, and no NUL")
	case strings.Contains("/"+name+"/", "/../"):
		return errors.New("leads out of the archive")
	case !filepath.IsLocal(name) || path.Clean(name) != name:
		return errors.New("want a clean relative name")
	case mode&fs.ModeSymlink != 0:
		return errors.New("is a symbolic link: archives may not have any")
	case !mode.IsRegular() && !mode.IsDir():
		return errors.New("want a regular file or a directory")
	}
	return nil
}

// unpackEntry writes one entry of at most left bytes, and returns its size.
func unpackEntry(below *os.Root, f *zip.File, left int64) (int64, error) {
	if f.Mode().IsDir() {
		return 0, below.MkdirAll(strings.TrimSuffix(f.Name, "/"), 0o755)
	}
	if parent := path.Dir(f.Name); parent != "." {
		if err := below.MkdirAll(parent, 0o755); err != nil {
			return 0, cause(err)
		}
	}
	content, err := f.Open()
	if err != nil {
		return 0, err
	}
	defer content.Close()
	out, err := below.OpenFile(f.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644|f.Mode().Perm()&0o111)
	if errors.Is(err, fs.ErrExist) {
		return 0, errors.New("is there twice")
	}
	if err != nil {
		return 0, cause(err)
	}
	n, err := io.Copy(out, io.LimitReader(content, left+1)) // the size in the header may be a lie
	if err := errors.Join(err, out.Close()); err != nil {
		return n, err
	}
	if n > left {
		return n, errors.New("the archive holds far more than its size lets expect: it is taken for a decompression bomb")
	}
	return n, nil
}

// topOf is where the package begins.
func topOf(dir string) (string, error) {
	if manifestOf(dir) != "" {
		return dir, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	if len(entries) == 1 && entries[0].IsDir() {
		return filepath.Join(dir, entries[0].Name()), nil
	}
	return dir, nil
}
