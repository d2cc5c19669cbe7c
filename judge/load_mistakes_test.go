package judge

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files below testdata")

// Each directory of testdata/load is a task file with mistakes and the message that Load gives.
func TestMistakesAreExplained(t *testing.T) {
	files, err := filepath.Glob("testdata/load/*/tasks.toml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Chdir(dir)
			tasks, err := Load("tasks.toml")
			require.Error(t, err)
			assert.Nil(t, tasks)
			got := err.Error() + "\n"
			if *update {
				require.NoError(t, os.WriteFile("want.txt", []byte(got), 0o644))
			}
			want, err := os.ReadFile("want.txt")
			require.NoError(t, err)
			assert.Equal(t, string(want), got)
		})
	}
}

func TestMistakesHaveFileAndLine(t *testing.T) {
	t.Chdir("testdata/load/unknown-key")
	_, err := Load("tasks.toml")
	var all *InputErrors
	require.ErrorAs(t, err, &all)
	var first *InputError
	require.True(t, errors.As(err, &first))
	assert.Same(t, all.Errors[0], first)
	assert.Equal(t, "tasks.toml", first.File)
	assert.Positive(t, first.Line)
}

// What cannot be kept in a repository: special files, odd names, large files.
func TestOddFilesAreRefused(t *testing.T) {
	task := taskOfSubmissions
	cases := []struct {
		name  string
		set   func(t *testing.T)
		tasks string
		want  string
	}{
		{"pipe as source", pipe("p.c"), task("p.c"), `submissions "p.c": is a named pipe: want a regular file`},
		{"pipe among sources", pipe("p.c"), task("*.c"), `submissions "p.c": is a named pipe: want a regular file`},
		{"device as source", symlink("/dev/zero", "z.c"), task("*.c"), `submissions "z.c": is a device: want a regular file`},
		{"socketless link", symlink("nowhere", "l.c"), task("*.c"), `submissions "l.c": no such file`},
		{"link in a circle", symlink("l.c", "l.c"), task("l.c"), `submissions "l.c": too many levels of symbolic links`},
		{"directory among sources", mkdir("d.c"), task("*.c"), `submissions "d.c": is a directory: want a regular file`},
		{"newline in a name", touch("a\nb.c"), task("*.c"), `submissions "*.c": file name "a\nb.c" contains a newline`},
		{"escape in a name", touch("a\x1b[2J.c"), task("*.c"), `file name "a\x1b[2J.c" contains a control character`},
		{"name not UTF-8", touch("a\xff.c"), task("*.c"), `file name "a\xff.c" is not valid UTF-8`},
		{"pipe as task file", pipe("tasks.toml"), "", `tasks.toml: is a named pipe: want a regular file`},
		{"device as task file", symlink("/dev/zero", "tasks.toml"), "", `tasks.toml: is a device: want a regular file`},
		{"large task file", large("tasks.toml"), "", `tasks.toml: is 1024 MiB: a task file has at most 64 MiB`},
		{"argument that execve refuses", func(*testing.T) {}, "[[task]]\nname = \"x\"\ncommand = [\"" + strings.Repeat("x", 128<<10) + "\"]\n",
			`command of 131072 bytes: the system takes at most 131071`},
		{"no task file", func(*testing.T) {}, "", `tasks.toml: no such file`},
		{"directory as answer", func(t *testing.T) { touch("1.in")(t); mkdir("1.ans")(t) },
			"[[task]]\nname = \"x\"\ncommand = [\"true\"]\ntests = [\"*.in\"]\n", `tests "1.in": its answer "1.ans": is a directory`},
		{"file that has the pattern as its name", touch("a[1].c"), task("a[1].c"), `write \ before each of * ? [`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			c.set(t)
			if c.tasks != "" {
				require.NoError(t, os.WriteFile("tasks.toml", []byte(c.tasks), 0o644))
			}
			_, err := Load("tasks.toml")
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func taskOfSubmissions(pattern string) string {
	return "[[task]]\nname = \"x\"\nchecker = \"none\"\nsubmissions = [\"" + pattern + "\"]\n[[task.test]]\ninput = \"\"\n"
}

func pipe(name string) func(*testing.T) {
	return func(t *testing.T) { require.NoError(t, syscall.Mkfifo(name, 0o644)) }
}

func symlink(to, name string) func(*testing.T) {
	return func(t *testing.T) {
		require.NoError(t, os.Symlink(to, name))
	}
}

func mkdir(name string) func(*testing.T) {
	return func(t *testing.T) { require.NoError(t, os.Mkdir(name, 0o755)) }
}

func touch(name string) func(*testing.T) {
	return func(t *testing.T) { require.NoError(t, os.WriteFile(name, nil, 0o644)) }
}

func large(name string) func(*testing.T) {
	return func(t *testing.T) {
		touch(name)(t)
		require.NoError(t, os.Truncate(name, 1<<30))
	}
}

func TestWhatMayNotBeReadIsNamed(t *testing.T) {
	if os.Geteuid() == 0 { // reads everything
		runAsNobody(t)
		return
	}
	for _, row := range []struct {
		name string
		set  func() error
		glob string
		want string
	}{
		{"source", func() error { return os.WriteFile("a.c", nil, 0) }, "a.c", `submissions "a.c": permission denied`},
		{"directory", func() error { return os.Mkdir("d", 0) }, "d/*", `read directory "d": permission denied`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			require.NoError(t, row.set())
			require.NoError(t, os.WriteFile("tasks.toml", []byte(taskOfSubmissions(row.glob)), 0o644))
			_, err := Load("tasks.toml")
			assert.ErrorContains(t, err, row.want)
		})
	}
}

// runAsNobody runs a test in this binary again, as an ordinary user.
func runAsNobody(t *testing.T) {
	t.Helper()
	const nobody = 65534
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Dir, cmd.Env = "/", []string{"TMPDIR=/tmp"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "--- PASS: "+t.Name())
}
