package judge

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
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

func TestInlineTestsFollowGlobbedOnes(t *testing.T) {
	tasks, dir := load(t, `
schema = 1
[[task]]
name = "x"
submissions = ["a.c"]
tests = ["t/*.in"]
limits = { time = "2s" }
  [[task.test]]
  input = "1 2\n"
  answer = "3\n"
  args = ["-v", ""]
  limits = { time = "5s", memory = "1GiB" }
  [[task.test]]
  name = "from a file"
  input_file = "t/1.in"
  answer_file = "t/1.ans"
  files = { "sub/./data.txt" = "data" }
  [[task.test]]
  answer = ""
`, "a.c t/1.in t/1.ans data")
	tests := tasks[0].Tests
	require.Len(t, tests, 4)
	assert.Equal(t, Data{Text: "1 2\n"}, tests[1].Input)
	assert.Equal(t, &Data{Text: "3\n"}, tests[1].Answer)
	assert.Equal(t, []string{"-v", ""}, tests[1].Args)
	assert.Equal(t, []string{"1", "2", "from a file", "4"}, names(tests))
	assert.Equal(t, Data{File: filepath.Join(dir, "t/1.in")}, tests[2].Input)
	assert.Equal(t, map[string]string{"sub/data.txt": filepath.Join(dir, "data")}, tests[2].Files)
	assert.Equal(t, Data{}, tests[3].Input)
	assert.Equal(t, &Data{}, tests[3].Answer)
	assert.Equal(t, 5*time.Second, tests[1].Limits.CPU)
	assert.Equal(t, 11*time.Second, tests[1].Limits.Wall, "wall follows the test's own time")
	assert.Equal(t, int64(1<<30), tests[1].Limits.Stack, "stack follows the test's own memory")
	assert.Equal(t, tasks[0].Limits, tests[3].Limits)
}

func names(tests []TestCase) []string {
	var result []string
	for _, test := range tests {
		result = append(result, test.Name)
	}
	return result
}

func TestNamesOfGlobbedTests(t *testing.T) {
	cases := []struct {
		name, globs, files string
		want               []string
	}{
		{"stems", `"t/*.in"`, "t/b.in t/a.in", []string{"a", "b"}},
		{"the order is that of the globs", `"t/b*", "t/*"`, "t/b.in t/a.in", []string{"b", "a"}},
		{"one match of two globs counts once", `"t/*.in", "t/a.in"`, "t/a.in", []string{"a"}},
		{"directories when stems are not unique", `"t/*.in", "u/*.in"`, "t/a.in u/a.in u/b.in", []string{"t/a", "u/a", "u/b"}},
		{"extensions when these are not unique", `"t/*"`, "t/a.in t/a.txt", []string{"t/a.in", "t/a.txt"}},
		{"answers are not inputs", `"t/*"`, "t/a.in t/a.ans t/b.in t/b.out t/c t/c.a", []string{"a", "b", "c"}},
		{"any depth", `"**/*.in"`, "t/a.in t/u/b.in c.in", []string{"c", "a", "b"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tasks, _ := load(t, `
[[task]]
name = "x"
command = ["true"]
checker = "none"
tests = [`+c.globs+`]`, c.files)
			assert.Equal(t, c.want, names(tasks[0].Tests))
		})
	}
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

func TestExpectations(t *testing.T) {
	submissions := func() []Submission {
		var result []Submission
		for _, name := range []string{"s/wa.c", "s/wa_2.c", "s/ok.c", "other.c"} {
			result = append(result, Submission{Name: name, Expected: []Verdict{Accepted}})
		}
		return result
	}
	cases := []struct {
		name, expect string
		want         []Verdict // of each, in order
	}{
		{"nothing said", ``, []Verdict{Accepted, Accepted, Accepted, Accepted}},
		{"exact name first", `"s/wa*" = "wrong-answer", "s/wa.c" = "time-limit"`, []Verdict{TimeLimit, WrongAnswer, Accepted, Accepted}},
		{"most specific pattern", `"**" = "compile-error", "s/*" = "output-limit", "s/wa*" = "wrong-answer"`,
			[]Verdict{WrongAnswer, WrongAnswer, OutputLimit, CompileError}},
		{"whatever the order", `"s/wa*" = "wrong-answer", "s/*" = "output-limit", "**" = "compile-error"`,
			[]Verdict{WrongAnswer, WrongAnswer, OutputLimit, CompileError}},
		{"path is cleaned", `"./s/../other.c" = "runtime-error"`, []Verdict{Accepted, Accepted, Accepted, RuntimeError}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := &document{text: "expect = {" + c.expect + "}"}
			root, fault := parseDocument(d)
			require.Nil(t, fault)
			found := &problems{}
			got := submissions()
			readExpect(reader{problems: found}, root.table["expect"], got)
			require.NoError(t, found.err())
			for i, s := range got {
				assert.Equal(t, []Verdict{c.want[i]}, s.Expected, s.Name)
			}
		})
	}
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

func TestSandboxTable(t *testing.T) {
	tasks, dir := load(t, `
[[task]]
name = "x"
command = ["true"]
checker = "none"
test = [{}]
[task.sandbox]
layers = ["root/", "/"]
binds = ["root:/data", "root:/out:rw", { source = "a:b", target = "/c/../d", writable = false }]
env = { X = "" }
network = "none"
`, "root/f a:b")
	assert.Equal(t, SandboxSpec{
		Layers: []string{filepath.Join(dir, "root"), "/"},
		Binds: []Bind{
			{Source: filepath.Join(dir, "root"), Target: "/data"},
			{Source: filepath.Join(dir, "root"), Target: "/out", Writable: true},
			{Source: filepath.Join(dir, "a:b"), Target: "/d"},
		},
		Env: map[string]string{"X": ""}, Network: "none",
	}, tasks[0].Sandbox)
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

// Hostile shapes must not take quadratic time or the stack of the parser, whose overflow cannot be
// recovered from.
func TestHostileTOMLEndsInAnError(t *testing.T) {
	const n = 1 << 20
	cases := map[string]string{
		"open arrays":            "x = " + strings.Repeat("[", n),
		"open tables":            "x = " + strings.Repeat("{a=", n),
		"junk before brackets":   "x = 1 " + strings.Repeat("[", n),
		"quote before brackets":  "x = ''''''' " + strings.Repeat("[", n),
		"dotted key":             strings.Repeat("a.", n) + "a = 1",
		"dotted header":          "[" + strings.Repeat("a.", n) + "a]",
		"headers":                strings.Repeat("[[a]]\n", n/4),
		"header after header":    "[[a]]\n" + strings.Repeat("[[a.b]]\n", n/8),
		"long key":               strings.Repeat("k", n) + " = 1",
		"long string":            "x = \"" + strings.Repeat("\\u00e9", n/6) + "\"",
		"comments":               "x = [" + strings.Repeat("#\n", n/2) + "]",
		"commas":                 "x = [" + strings.Repeat("1,", n/2) + "]",
		"too many values":        "x = [" + strings.Repeat("1,", maxValues) + "]",
		"many tasks":             strings.Repeat("[[task]]\n", 1<<15),
		"pattern of many stars":  "[[task]]\nname = \"x\"\nsubmissions = [\"" + strings.Repeat("*a", 300) + "\"]\ntests = [\"" + strings.Repeat("**/", 300) + "\"]\n",
		"expect of many stars":   "[[task]]\nname = \"x\"\ncommand = [\"" + strings.Repeat("a", 900) + "\"]\nexpect = { \"" + strings.Repeat("*a", 400) + "b\" = \"accepted\", \"" + strings.Repeat("**/", 400) + "b\" = \"accepted\" }\n",
		"escape at the end":      "x = \"\\",
		"only a quote":           "\"",
		"only three quotes":      "x = \"\"\"",
		"header without end":     "[",
		"many lines of nothing":  strings.Repeat("\n", n) + "x",
		"unterminated long text": "x = '''" + strings.Repeat("'\n", n/2),
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		t.Run(name, func(t *testing.T) {
			_, err := Load(write(t, map[string]string{"tasks.toml": cases[name]}))
			require.Error(t, err)
			assert.Less(t, len(err.Error()), 20_000)
		})
	}
}

func FuzzLoad(f *testing.F) {
	seeds, err := filepath.Glob("testdata/load/*/tasks.toml")
	require.NoError(f, err)
	for _, seed := range seeds {
		if text, err := os.ReadFile(seed); err == nil && len(text) < 10_000 {
			f.Add(string(text))
		}
	}
	f.Add("x = [1, {a.b = \"\"\"x\"\"\"\"\", 'c' = [[],[]]}]\n[[t]]\ny=1\n[[t.u]]\n[t.u.v]\n\"\\u0041\" = 1979-05-27 07:32:00")
	builtin, err := builtinLanguages()
	require.NoError(f, err)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		// The outline knows the place of everything that the parser finds.
		d := &document{file: "tasks.toml", order: 1, text: text}
		if root, fault := parseDocument(d); fault == nil {
			scanned, _, _ := scanOutline(text)
			checkOutline(t, root, scanned)
		}
		if strings.ContainsAny(text, `/\~`) || strings.Contains(text, "..") {
			return // such names could reach the whole file system
		}
		l := &loader{files: newFiles(), loaded: map[string]string{}, taskNames: map[string]*node{}}
		if root, fault := parseDocument(d); fault == nil {
			(&fileReader{loader: l, dir: dir, doc: d}).read(root, builtin, nil)
		}
		for _, one := range l.problems.list {
			if one.Line < 1 {
				t.Errorf("no line: %v", &one.InputError)
			}
		}
		if err := l.problems.err(); err == nil {
			for _, task := range l.tasks {
				assert.NotEmpty(t, task.Submissions)
				assert.NotEmpty(t, task.Tests)
			}
		} else {
			_ = err.Error()
		}
	})
}

// checkOutline compares nodes with their outline. Keys with escapes that only the parser understands
// may be missing.
func checkOutline(t *testing.T, n *node, o *outline) {
	for key, child := range n.table {
		below := o.keys[key]
		if below == nil {
			if !strings.Contains(n.doc.text, `\`) {
				t.Errorf("no place for key %q", key)
			}
			continue
		}
		checkOutline(t, child, below)
	}
	for i, item := range n.items {
		if o.item(i) == nil {
			if !strings.Contains(n.doc.text, `\`) {
				t.Errorf("no place for element %d of %q", i, n.key)
			}
			continue
		}
		checkOutline(t, item, o.item(i))
	}
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
