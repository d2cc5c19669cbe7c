package judge

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/limits"
)

// write makes files below a new directory.
func write(t testing.TB, files map[string]string) string {
	dir := t.TempDir()
	for name, text := range files {
		at := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
		require.NoError(t, os.WriteFile(at, []byte(text), 0o644))
	}
	return dir
}

// load reads a task file whose other files are given as names, separated by blanks.
func load(t testing.TB, tasks, others string) ([]Task, string) {
	files := map[string]string{"tasks.toml": tasks}
	for _, name := range strings.Fields(others) {
		files[name] = ""
	}
	dir := write(t, files)
	loaded, err := Load(dir)
	require.NoError(t, err)
	return loaded, dir
}

func TestLoadReadsTheExampleOfTheDesign(t *testing.T) {
	tasks, dir := load(t, `
[[task]]
name        = "aplusb"
submissions = ["solutions/*"]          # language by extension
tests       = ["tests/*.in"]           # answer beside it: same stem, .ans, .out or .a
limits      = { time = "1s", memory = "256MiB" }
checker     = "tokens"
expect      = { "solutions/wa_*" = "wrong-answer", "solutions/slow_*" = ["time-limit"] }
`, "solutions/ok.cpp solutions/wa_1.py solutions/slow_1.sh solutions/.ok.cpp.swp tests/2.in tests/2.out tests/10.in tests/10.ans tests/1.in tests/1.a")

	require.Len(t, tasks, 1)
	task := tasks[0]
	assert.Equal(t, "aplusb", task.Name)
	assert.Equal(t, filepath.Join(dir, "tasks.toml"), task.File)
	assert.Equal(t, dir, task.Dir)
	assert.Equal(t, CheckerSpec{Name: "tokens"}, task.Checker)
	assert.Equal(t, "none", task.Sandbox.Network)
	want := limits.Limits{
		CPU: time.Second, Wall: 3 * time.Second, Memory: 256 << 20, Output: 64 << 20, Processes: 64,
		Stack: 256 << 20, Disk: 64 << 20, Inodes: 16384, OpenFiles: 256,
	}
	assert.Equal(t, want, task.Limits)

	var got []string
	for _, s := range task.Submissions {
		assert.Equal(t, filepath.Join(dir, s.Name), s.Files[0].Data.File)
		got = append(got, fmt.Sprint(s.Name, " ", s.Language.Name, " ", s.Expected))
	}
	assert.Equal(t, []string{
		"solutions/ok.cpp cpp [accepted]", "solutions/slow_1.sh bash [time-limit]", "solutions/wa_1.py python [wrong-answer]",
	}, got)

	got = nil
	for _, test := range task.Tests {
		assert.Equal(t, want, test.Limits)
		got = append(got, test.Name+" "+filepath.Base(test.Input.File)+" "+filepath.Base(test.Answer.File))
	}
	assert.Equal(t, []string{"1 1.in 1.a", "10 10.in 10.ans", "2 2.in 2.out"}, got)
}

func TestDefaultsAreMerged(t *testing.T) {
	tasks, _ := load(t, `
[defaults]
submissions = ["a.c"]
checker = "floats:1e-6"
limits = { time = "3s", wall = "20s", processes = 2 }
sandbox = { env = { A = "1", B = "1" } }
expect = { "a.c" = "wrong-answer", "elsewhere.c" = "accepted" }
[[defaults.test]]
answer = ""

[[task]]
name = "plain"

[[task]]
name = "own"
submissions = ["a.c", "b.c"]
checker = "exact"
limits = { time = "1s" }
sandbox.env = { B = "2" }
expect = { "b.c" = "time-limit" }

[[task]]
name = "command"
command = ["true", "x"]
sandbox.env.C = "3"
expect = { "t*" = "runtime-error" }
`, "a.c b.c")
	plain, own, command := tasks[0], tasks[1], tasks[2]

	assert.Equal(t, CheckerSpec{Name: "floats", Tolerance: 1e-6}, plain.Checker)
	assert.Equal(t, CheckerSpec{Name: "exact"}, own.Checker)
	assert.Equal(t, 3*time.Second, plain.Limits.CPU)
	assert.Equal(t, time.Second, own.Limits.CPU)
	assert.Equal(t, 20*time.Second, own.Limits.Wall, "a wall limit that is given anywhere holds")
	assert.Equal(t, 2, own.Limits.Processes)
	assert.Equal(t, map[string]string{"A": "1", "B": "2"}, own.Sandbox.Env)
	assert.Equal(t, map[string]string{"A": "1", "B": "1", "C": "3"}, command.Sandbox.Env)
	assert.Equal(t, map[string]string{"A": "1", "B": "1"}, plain.Sandbox.Env)
	assert.Equal(t, []Verdict{WrongAnswer}, own.Submissions[0].Expected)
	assert.Equal(t, []Verdict{TimeLimit}, own.Submissions[1].Expected)
	assert.Len(t, plain.Tests, 1)
	assert.Equal(t, []string{"true", "x"}, command.Submissions[0].Command, "command takes the place of the default submissions")
	assert.Equal(t, []Verdict{RuntimeError}, command.Submissions[0].Expected)
}

func TestCommands(t *testing.T) {
	dir := write(t, map[string]string{"bin/prog": "", "tasks.toml": `
[defaults]
checker = "none"
test = [{ input = "" }]
[[task]]
name = "file"
command = ["./bin/prog", "x"]
expect = { "./bin/prog" = "time-limit" }
[[task]]
name = "word"
command = ["python3", "-V"]
expect = { "python3" = ["accepted", "runtime-error", "accepted"] }
`})
	prog := filepath.Join(dir, "bin/prog")
	require.NoError(t, os.Chmod(prog, 0o755))
	tasks, err := Load(dir)
	require.NoError(t, err)
	assert.Equal(t, []Submission{{Name: "./bin/prog", Path: prog, Command: []string{"./bin/prog", "x"}, Expected: []Verdict{TimeLimit}}}, tasks[0].Submissions)
	assert.Equal(t, []Submission{{Name: "python3", Command: []string{"python3", "-V"}, Expected: []Verdict{Accepted, RuntimeError}}}, tasks[1].Submissions)
}

func TestIncludes(t *testing.T) {
	task := func(name string) string {
		return "[[task]]\nname = \"" + name + "\"\nsubmissions = [\"a.c\"]\nchecker = \"none\"\n[[task.test]]\ninput = \"\"\n"
	}
	dir := write(t, map[string]string{
		"tasks.toml":     "include = [\"sub\", \"p/*/tasks.toml\"]\n[defaults]\nlimits.time = \"9s\"\n[language.c]\nrun = [\"{exe}\", \"outer\"]\nversion = [\"outer\"]\n" + task("first"),
		"a.c":            "",
		"sub/tasks.toml": "[language.c]\nversion = [\"inner\"]\n" + task("second"),
		"sub/a.c":        "",
		"p/b/tasks.toml": task("fourth"), "p/b/a.c": "",
		"p/a/tasks.toml": task("third"), "p/a/a.c": "",
	})
	t.Chdir(dir)
	tasks, err := Load(".")
	require.NoError(t, err)
	var got []string
	for _, task := range tasks {
		s := task.Submissions[0]
		got = append(got, fmt.Sprint(task.Name, " ", task.File, " ", s.Name, " ", s.Language.Run, s.Language.Version, task.Limits.CPU))
		assert.Equal(t, filepath.Join(task.Dir, "a.c"), s.Files[0].Data.File)
	}
	assert.Equal(t, []string{
		"first tasks.toml a.c [{exe} outer] [outer] 9s",
		"second sub/tasks.toml a.c [{exe} outer] [inner] 1s",
		"third p/a/tasks.toml a.c [{exe} outer] [outer] 1s",
		"fourth p/b/tasks.toml a.c [{exe} outer] [outer] 1s",
	}, got)
}

func TestSeveralFilesAreLoadedTogether(t *testing.T) {
	task := "[[task]]\nname = \"x\"\ncommand = [\"true\"]\nchecker = \"none\"\ntest = [{}]\n"
	dir := write(t, map[string]string{"a/tasks.toml": task, "b.toml": task, "c.toml": strings.Replace(task, "x", "y", 1)})
	t.Chdir(dir)
	tasks, err := Load("a", "c.toml")
	require.NoError(t, err)
	assert.Len(t, tasks, 2)
	_, err = Load("a", "b.toml")
	assert.ErrorContains(t, err, `b.toml:2: task "x": name "x": is taken by the task in a/tasks.toml:2`)
	_, err = Load("a", "a/tasks.toml")
	assert.ErrorContains(t, err, `a/tasks.toml: is loaded already, as "a/tasks.toml"`)
}

func TestWindowsLineEndsAreFine(t *testing.T) {
	tasks, _ := load(t, "[[task]]\r\nname = \"x\"\r\ncommand = [\"true\"]\r\nchecker = \"none\"\r\n[[task.test]]\r\ninput = \"\"\"\r\n1\r\n\"\"\"\r\n", "")
	assert.Len(t, tasks, 1)
}

func BenchmarkLoad10000Tasks(b *testing.B) {
	var text strings.Builder
	text.WriteString("[defaults]\nlimits = { memory = \"64MiB\" }\n")
	for i := range 10_000 {
		fmt.Fprintf(&text, `
[[task]]
name = "task %d"
submissions = ["solutions/*"]
tests = ["tests/*.in"]
limits = { time = "1.5s" }
expect = { "solutions/b*" = ["wrong-answer", "time-limit"] }
[[task.test]]
input = "1 2\n"
answer = "3\n"
`, i)
	}
	dir := write(b, map[string]string{
		"tasks.toml": text.String(), "solutions/a.c": "", "solutions/b.py": "", "tests/1.in": "", "tests/1.ans": "", "tests/2.in": "", "tests/2.ans": "",
	})
	for b.Loop() {
		if _, err := Load(dir); err != nil {
			b.Fatal(err)
		}
	}
}
