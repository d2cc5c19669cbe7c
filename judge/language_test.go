package judge

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/limits"
)

func TestBuiltinLanguagesAreComplete(t *testing.T) {
	table, err := builtinLanguages()
	require.NoError(t, err)
	assert.Equal(t, []string{"bash", "c", "cpp", "csharp", "go", "haskell", "java", "javascript", "kotlin", "lua", "ocaml",
		"pascal", "perl", "php", "pypy", "python", "ruby", "rust", "typescript"}, table.names())
	for name, l := range table.byName {
		assert.Equal(t, name, l.Name)
		assert.NotEmpty(t, l.Extensions, name)
		assert.NotEmpty(t, l.Run, name)
		assert.NotEmpty(t, l.Version, name)
		assert.Equal(t, 1.0, l.TimeFactor, name)
	}
	for file, want := range map[string]string{"a.c": "c", "b/a.cc": "cpp", "a.c++": "cpp", "a.C": "cpp", "a.py": "python", "x.y.sh": "bash"} {
		require.NotNil(t, table.find("", file), file)
		assert.Equal(t, want, table.find("", file).Name, file)
	}
	assert.Nil(t, table.find("", "Makefile"))
	assert.Nil(t, table.find("", "a.h"))
	assert.Equal(t, "cpp", table.find("cpp", "a.txt").Name)
}

func TestCommandsOfLanguages(t *testing.T) {
	cases := []struct {
		name      string
		arguments []string
		sources   []string
		want      []string
	}{
		{"nothing to do", nil, []string{"a.c"}, nil},
		{"source and artifact", []string{"gcc", "-o", "{exe}", "{source}"}, []string{"s/a.c"}, []string{"gcc", "-o", "/work/a", "/work/s/a.c"}},
		{"option as a name", []string{"{source}", "{exe}", "{main}"}, []string{"-o.c"}, []string{"/work/-o.c", "/work/-o", "-o"}},
		{"no extension", []string{"{exe}", "{main}"}, []string{"prog"}, []string{"/work/prog.out", "prog"}},
		{"all extension", []string{"{exe}", "{main}"}, []string{".c"}, []string{"/work/.c.out", ".c"}},
		{"dot", []string{"{exe}"}, []string{"..c"}, []string{"/work/..c.out"}},
		{"two dots", []string{"{exe}"}, []string{"...c"}, []string{"/work/...c.out"}},
		{"several sources", []string{"cc", "{sources}", "{source}"}, []string{"d/main.c", "d/b.c"}, []string{"cc", "/work/d/main.c", "/work/d/b.c", "/work/d/main.c"}},
		{"other files are no sources", []string{"cc", "{sources}"}, []string{"main", "b.c", "b.h", "data/x"}, []string{"cc", "/work/main", "/work/b.c"}},
		{"another source is called like the artifact", []string{"{exe}"}, []string{"a.c", "a", "a.out"}, []string{"/work/a.out.out"}},
		{"inside of arguments", []string{"-cp={dir}:{dir}/lib", "{main}.class"}, []string{"Main.java"}, []string{"-cp=/work:/work/lib", "Main.class"}},
		{"literal braces", []string{"{{exe}}", "${exe}", "{ x }", "{}", "{X}", "a{b", "{{{main}}}"}, []string{"m.c"},
			[]string{"{exe}", "${exe}", "{ x }", "{}", "{X}", "a{b", "{{main}}"}},
		{"brace too many", []string{"{{main}", "{main}}"}, []string{"m.c"}, []string{"{m", "m}"}},
		{"a source named like a placeholder", []string{"{source}"}, []string{"{exe}.c"}, []string{"/work/{exe}.c"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			code := codeOf(&Language{Compile: c.arguments, Run: c.arguments, Extensions: []string{".c"}}, c.sources...)
			assert.Equal(t, c.want, code.CompileCommand())
			assert.Equal(t, c.want, code.RunCommand(limits.Limits{}))
		})
	}
}

func TestPlaceholdersAreChecked(t *testing.T) {
	for argument, want := range map[string]string{
		"{source}": "", "{sources}": "", "-o{exe}": "", "{{foo}}": "", "${foo}": "", "{Foo}": "", "{ foo }": "", "{}": "",
		"{sorce}":    "unknown placeholder {sorce}",
		"x{sources}": "{sources} stands for several arguments: want it alone",
		"{{foo}":     "unknown placeholder {foo}",
	} {
		got, _ := checkPlaceholders(argument)
		assert.Equal(t, want, got, argument)
	}
}

func TestPartialOverrideKeepsTheOtherFields(t *testing.T) {
	tasks, _ := load(t, `
[language.python]
run = ["pypy3", "{source}"]
env = { PYTHONHASHSEED = "0" }
limits = { processes = 1 }
compile_limits = { time = "20s" }
time_factor = 2.5

[language.awk]
extensions = [".awk", ".c"]
run = ["awk", "-f", "{source}"]

[[task]]
name = "x"
submissions = ["a.py", "b.awk", "c.c", "d.cpp"]
checker = "none"
test = [{}]

[[task]]
name = "y"
submissions = ["c.c"]
language = "c"
checker = "none"
test = [{}]
`, "a.py b.awk c.c d.cpp")
	builtin, err := builtinLanguages()
	require.NoError(t, err)

	python, awk, c, cpp := tasks[0].Submissions[0].Language, tasks[0].Submissions[1].Language, tasks[0].Submissions[2].Language, tasks[0].Submissions[3].Language
	old := builtin.byName["python"]
	assert.Equal(t, []string{"pypy3", "{source}"}, python.Run)
	assert.Equal(t, old.Compile, python.Compile)
	assert.Equal(t, old.Extensions, python.Extensions)
	assert.Equal(t, old.Version, python.Version)
	assert.Equal(t, map[string]string{"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}, python.Env)
	assert.Equal(t, limits.Limits{Processes: 1}, python.Limits)
	assert.Equal(t, 20*time.Second, python.CompileLimits.CPU)
	assert.Equal(t, time.Minute, python.CompileLimits.Wall)
	assert.Equal(t, int64(1<<30), python.CompileLimits.Memory)
	assert.Equal(t, 2.5, python.TimeFactor)
	assert.NotContains(t, old.Env, "PYTHONHASHSEED", "the built-in table is not changed")

	assert.Equal(t, "awk", awk.Name)
	assert.Empty(t, awk.Compile)
	assert.Same(t, awk, c, "the file's own language has the extension")
	assert.Same(t, builtin.byName["cpp"], cpp)
	assert.Equal(t, "c", tasks[1].Submissions[0].Language.Name)
}

func TestLimitsForALanguage(t *testing.T) {
	test := completeLimits(limits.Limits{CPU: 2 * time.Second, Memory: 64 << 20})
	cases := []struct {
		name     string
		language Language
		want     limits.Limits // fields that differ from the test's
	}{
		{"nothing said", Language{}, limits.Limits{}},
		{"own limits win", Language{Limits: limits.Limits{Processes: 100}, TimeFactor: 1}, limits.Limits{Processes: 100}},
		{"factor is for both clocks", Language{TimeFactor: 1.5}, limits.Limits{CPU: 3 * time.Second, Wall: 7500 * time.Millisecond}},
		{"wall is never shorter than the own time needs", Language{Limits: limits.Limits{CPU: 10 * time.Second}},
			limits.Limits{CPU: 10 * time.Second, Wall: 21 * time.Second}},
		{"the runtime's own comes on top", Language{ExtraMemory: 1 << 20, ExtraProcesses: 7}, limits.Limits{Memory: 65 << 20, Processes: 71}},
		{"stack follows memory", Language{Limits: limits.Limits{Memory: 1 << 30}}, limits.Limits{Memory: 1 << 30, Stack: 1 << 30}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, overlaid(test, c.want), c.language.LimitsFor(test))
		})
	}
}

func TestNoPlaceholderIsLeft(t *testing.T) {
	table, err := builtinLanguages()
	require.NoError(t, err)
	for _, l := range table.byName {
		code := codeOf(l, "a.x")
		for _, argument := range append(code.CompileCommand(), code.RunCommand(limits.Limits{})...) {
			assert.NotRegexp(t, `\{(source|sources|exe|main|dir|memory|stack)\}`, argument)
		}
	}
}

// TestNamesThatCompilersTake: a program of one file may come under any name, with a language said beside it.
func TestNamesThatCompilersTake(t *testing.T) {
	cases := []struct{ language, file, want string }{
		{"go", "sum_1.go", "sum_1.go"},
		{"go", "sum_test.go", "main.go"},
		{"go", "_sum.go", "main.go"},
		{"go", "-sum.go", "main.go"},
		{"go", "sub/sum.txt", "sub/main.go"},
		{"java", "sum", "main.java"},
		{"kotlin", "a:b.kt", "main.kt"},
		{"kotlin", "sum.kt", "sum.kt"},
		{"haskell", "sum.lhs", "sum.lhs"},
		{"haskell", "sum.cc", "main.hs"},
		{"ocaml", "sum.txt", "main.ml"},
		{"typescript", "sum.js", "main.ts"},
		{"csharp", "sum.txt", "sum.txt"},
		{"csharp", "it's.cs", "main.cs"},
		{"pascal", "a;b.pas", "main.pas"},
		{"python", "sum.txt", "sum.txt"},
		{"c", "sum.txt", "sum.txt"},
	}
	table, err := builtinLanguages()
	require.NoError(t, err)
	for _, c := range cases {
		assert.Equal(t, []string{c.want}, codeOf(table.byName[c.language], c.file).Names(), "%s %s", c.language, c.file)
	}
	assert.Equal(t, []string{"a_test.go", "b.go"}, codeOf(table.byName["go"], "a_test.go", "b.go").Names(), "several files refer to one another")
}

// codeOf is a program whose files have these names.
func codeOf(l *Language, names ...string) Code {
	var files []SourceFile
	for _, name := range names {
		files = append(files, SourceFile{Name: name})
	}
	return NewCode(l, files...)
}

func TestLimitsInRunCommands(t *testing.T) {
	cases := []struct {
		name   string
		limits limits.Limits
		want   []string
	}{
		{"in MiB", limits.Limits{Memory: 256 << 20, Stack: 64 << 20}, []string{"-Xmx256m", "64000"}},
		{"whole ones", limits.Limits{Memory: 7<<20 + 1, Stack: 2<<20 - 1}, []string{"-Xmx7m", "1000"}},
		{"at least one", limits.Limits{Memory: 1 << 10, Stack: 1 << 10}, []string{"-Xmx1m", "1000"}},
		{"no more stack than a JVM takes", limits.Limits{Memory: 4 << 30, Stack: 4 << 30}, []string{"-Xmx4096m", "1024000"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l := &Language{Run: []string{"-Xmx{memory}m", "{stack}000"}, ExtraMemory: 100 << 20}
			assert.Equal(t, c.want, codeOf(l, "a.x").RunCommand(l.LimitsFor(c.limits)), "the runtime's own is not the program's")
		})
	}
}

func TestArtifactOfALanguage(t *testing.T) {
	for want, run := range map[string][]string{
		"/work/a":     {"{exe}"},
		"/work/a.jar": {"java", "-cp={exe}", "-jar", "{exe}.jar"},
		"":            {"python3", "{source}"},
	} {
		assert.Equal(t, want, codeOf(&Language{Run: run}, "a.x").artifact(), run)
	}
}

func TestRuntimeOutOfMemory(t *testing.T) {
	l := &Language{OutOfMemory: []string{"heap space", "no memory"}}
	for _, c := range []struct {
		language     *Language
		stderr, want string
	}{
		{l, "fatal: no memory\n", "no memory"},
		{l, "fatal\n", ""},
		{nil, "no memory", ""}, // a command has no runtime
	} {
		said := c.language.outOfMemory()
		said.take([]byte(c.stderr))
		assert.Equal(t, c.want, said.found, c.stderr)
	}
}

func TestPythonOutOfMemory(t *testing.T) {
	table, err := builtinLanguages()
	require.NoError(t, err)
	const where = "Traceback (most recent call last):\n  File \"/work/a.py\", line 2, in f\n"
	for _, c := range []struct{ stderr, want string }{
		{"MemoryError\n", "MemoryError"},
		{where + "    b = bytearray(30 << 30)\nMemoryError\n", "MemoryError"},
		{where + "numpy._core._exceptions._ArrayMemoryError: Unable to allocate 74.5 GiB\n", "ArrayMemoryError: "},
		{where + "    except MemoryError: f()\nValueError: no\n", ""},
		{where + "    raise ValueError('no')\nValueError: MemoryError\n", ""},
	} {
		for _, name := range []string{"python", "pypy"} {
			said := table.byName[name].outOfMemory()
			said.take([]byte(c.stderr))
			assert.Equal(t, c.want, said.found, "%s: %s", name, c.stderr)
		}
	}
}
