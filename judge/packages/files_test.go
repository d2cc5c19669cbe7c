package packages

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"judge/judge"
)

// files are the files of a package by their names.
type files map[string]string

// write makes a package of files, and what every package has unless it is there.
func (f files) write(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "package")
	all := files{"submissions/accepted/a.py": "", "data/secret/.keep": ""}
	for name, text := range f {
		all[name] = text
	}
	for name, text := range all {
		at := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
		require.NoError(t, os.WriteFile(at, []byte(text), 0o644))
	}
	return dir
}

// tests adds inputs and answers.
func (f files) tests(names ...string) files {
	for _, name := range names {
		f["data/"+name+".in"], f["data/"+name+".ans"] = "", ""
	}
	return f
}

// read opens the package; what it is converted to must load.
func (f files) read(t *testing.T) (*Package, error) {
	t.Helper()
	p, err := Open(f.write(t))
	if err == nil {
		_, err := judge.LoadFiles(p.TaskFile())
		require.NoError(t, err)
	}
	return p, err
}
