package judge

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDirectoriesAsSubmissions(t *testing.T) {
	const isMain = "int main() {}"
	cases := []struct {
		name     string
		language string
		files    map[string]string
		want     []string // names, the entry point first; nil: an error
		err      string
	}{
		{"main wins", "", map[string]string{"a.c": isMain, "main.c": ""}, []string{"main.c", "a.c"}, ""},
		{"whatever its case", "", map[string]string{"A.java": "", "Main.java": ""}, []string{"Main.java", "A.java"}, ""},
		{"the only source", "", map[string]string{"a.txt": "", "x.h": isMain, "x.c": ""}, []string{"x.c", "a.txt", "x.h"}, ""},
		{"the only one with a main function", "", map[string]string{"a.c": "", "b.c": isMain, "sub/c.c": ""}, []string{"b.c", "a.c", "sub/c.c"}, ""},
		{"main is not looked for deeper", "", map[string]string{"a.c": isMain, "sub/main.c": ""}, []string{"a.c", "sub/main.c"}, ""},
		{"language by name", "c", map[string]string{"a.c": "", "main.py": ""}, []string{"a.c", "main.py"}, ""},
		{"hidden files are left out", "", map[string]string{".git/config": "", ".hidden.c": isMain, "a.c": ""}, []string{"a.c"}, ""},
		{"nothing", "", nil, nil, "is an empty directory"},
	}
	table, err := builtinLanguages()
	require.NoError(t, err)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range c.files {
				require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
			}
			code, err := table.directory(c.language, dir)
			if c.want == nil {
				require.EqualError(t, err, c.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, code.Names())
			assert.Equal(t, filepath.Join(dir, c.want[0]), code.Files[0].Data.File)
		})
	}
}

func TestDirectoriesWithLinksAreRefused(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(dir+"/main.c", nil, 0o644))
	require.NoError(t, os.Symlink("/etc/passwd", dir+"/link.h"))
	_, err := sourceFiles(dir)
	require.EqualError(t, err, `"link.h" is a symbolic link: want regular files and directories`)
}

func TestDirectoriesOfTooManyFilesAreRefused(t *testing.T) {
	dir := t.TempDir()
	for i := range maxSources + 1 {
		require.NoError(t, os.WriteFile(fmt.Sprintf("%s/%d.c", dir, i), nil, 0o644))
	}
	_, err := sourceFiles(dir)
	require.EqualError(t, err, "has more than 1000 files")
}
