package judge

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProgramsSayWhatFilesDoNotTell(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.py", "b.py", "two/x.py", "two/y.py", "two/lib.py", "odd/code.txt", "lib/lib.py", "lib/main.py", "driver/main.c", "c.c"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("# "+name), 0o644))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "py"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "py/a.py"), nil, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "py/b.py"), []byte("if __name__ == '__main__':\n    pass\n"), 0o644))
	tests := []struct {
		name, submissions, programs string
		want                        []string // language and files, the entry point first; nil: an error
		err                         string
	}{
		{"a language", `"a.py"`, `"*.py" = { language = "pypy" }`, []string{"pypy", "a.py"}, ""},
		{"the exact name first", `"a.py"`, `"*.py" = { language = "pypy" }, "a.py" = { language = "ruby" }`, []string{"ruby", "a.py"}, ""},
		{"an entry point", `"two/"`, `two = { entry = "y.py" }`, []string{"python", "y.py", "lib.py", "x.py"}, ""},
		{"both", `"two/"`, `two = { entry = "y.py", language = "pypy" }`, []string{"pypy", "y.py", "lib.py", "x.py"}, ""},
		{"included beside one file", `"a.py"`, `"a.py" = { include = ["lib/lib.py"] }`, []string{"python", "a.py", "lib.py"}, ""},
		{"included in place of its own", `"two/"`, `two = { entry = "x.py", include = ["lib/lib.py"] }`, []string{"python", "x.py", "lib.py", "y.py"}, ""},
		{"an included driver", `"a.py"`, `"a.py" = { include = ["lib/*"] }`, []string{"python", "main.py", "a.py", "lib.py"}, ""},
		{"a driver in C", `"c.c"`, `"c.c" = { include = ["driver/main.c"] }`, []string{"c", "main.c", "c.c"}, ""},
		{"a file whose name tells nothing", `"odd/"`, `odd = { entry = "code.txt", language = "lua" }`, []string{"lua", "code.txt"}, ""},
		{"the only one with a main function, in PyPy", `"py/"`, `py = { language = "pypy" }`, []string{"pypy", "b.py", "a.py"}, ""},
		{"no such entry point", `"two/"`, `two = { entry = "z.py" }`, nil, `submissions "two": has no file "z.py" for its entry point`},
		{"no such language", `"a.py"`, `"a.py" = { language = "c++" }`, nil, `programs "a.py": language "c++": want one of`},
		{"no such submission", `"a.py"`, `"c.py" = { language = "pypy" }`, nil, `programs "c.py": matches no submission`},
		{"no such key", `"a.py"`, `"a.py" = { langauge = "pypy" }`, nil, `programs "a.py": unknown key "langauge"`},
		{"no table", `"a.py"`, `"a.py" = "pypy"`, nil, `programs "a.py"`},
		{"no language", `"odd/code.txt"`, `"odd/*" = { entry = "code.txt" }`, nil, `submissions "odd/code.txt": no language has the extension ".txt"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tasks, err := LoadFiles(TaskFile{Name: "tasks.toml", Dir: dir, Text: "[[task]]\nname = \"t\"\nsubmissions = [" + tt.submissions +
				"]\nchecker = \"none\"\ntest = [{ input = \"\" }]\nprograms = { " + tt.programs + " }\n"})
			if tt.want == nil {
				require.ErrorContains(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			code := tasks[0].Submissions[0].Code
			assert.Equal(t, tt.want, append([]string{code.Language.Name}, code.Names()...))
		})
	}
}

func TestProgramsNeedSubmissions(t *testing.T) {
	const head = "[[task]]\nname = \"t\"\nchecker = \"none\"\ntest = [{ input = \"\" }]\ncommand = [\"true\"]\n"
	const programs = "programs = { \"a.py\" = { language = \"pypy\" } }\n"
	_, err := LoadFiles(TaskFile{Name: "tasks.toml", Dir: t.TempDir(), Text: head + programs})
	require.ErrorContains(t, err, `task "t": programs goes with submissions, and there are none`)
	_, err = LoadFiles(TaskFile{Name: "tasks.toml", Dir: t.TempDir(), Text: "[defaults]\n" + programs + head})
	require.NoError(t, err)
}

// TestIncludedFileStandsInForTheSubmissions makes sure which of two files of one name is compiled.
func TestIncludedFileStandsInForTheSubmissions(t *testing.T) {
	table, err := builtinLanguages()
	require.NoError(t, err)
	file := func(name, from string) SourceFile { return SourceFile{Name: name, Data: Data{File: from}} }
	code, err := table.assembled("", "main.py", []SourceFile{file("main.py", "own"), file("lib.py", "own")}, []SourceFile{file("lib.py", "included")})
	require.NoError(t, err)
	assert.Equal(t, []SourceFile{file("main.py", "own"), file("lib.py", "included")}, code.Files)
}
