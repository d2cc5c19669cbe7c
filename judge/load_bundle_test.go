package judge

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bundle writes a task file and files "a.in", "a.ans", "check.py" and "sub/b.in" beside it.
func bundle(t *testing.T, text string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o700))
	for name, text := range map[string]string{"tasks.toml": text, "a.in": "1", "a.ans": "1", "check.py": "", "sub/b.in": ""} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

func TestABundleTakesNothingFromTheHost(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(outside, []byte("the secret"), 0o600))
	const task = "[[task]]\nname = 'x'\ntests = ['a.in']\n"
	for _, row := range []struct{ name, text, want string }{
		{"tests", "[[task]]\nname='x'\ntests=['@']\n", `tests "@": want a path in the bundle`},
		{"tests above", "[[task]]\nname='x'\ntests=['../*.in']\n", "want a path in the bundle"},
		{"tests above by a detour", "[[task]]\nname='x'\ntests=['sub/../../*.in']\n", "want a path in the bundle"},
		{"everything", "[[task]]\nname='x'\ntests=['/**']\n", "want a path in the bundle"},
		{"input", task + "[[task.test]]\ninput_file='@'\nanswer=''\n", "input_file"},
		{"answer", task + "[[task.test]]\ninput=''\nanswer_file='@'\n", "answer_file"},
		{"file of a test", task + "[[task.test]]\ninput=''\nanswer=''\nfiles={ 'x' = '@' }\n", "want a path in the bundle"},
		{"file of a test, named as a key that is free", task + "[[task.test]]\ninput=''\nanswer=''\nfiles={ input = '@' }\n", "want a path in the bundle"},
		{"checker", task + "checker={ source='@' }\n", "source"},
		{"files of a checker", task + "checker={ source=['check.py', '@'] }\n", "source"},
		{"directory of a checker", task + "checker={ source='/etc' }\n", "source"},
		{"beside a checker", task + "checker={ source='check.py', include=['@'] }\n", "include"},
		{"interactor", task + "interactor={ source='@' }\n", "source"},
		{"validator", task + "validators=[{ source='@' }]\n", "source"},
		{"defaults", "[defaults]\nchecker={ source='@' }\n" + task, "source"},
		{"tests of the defaults", "[[defaults.test]]\ninput_file='@'\n" + task, "input_file"},
		{"include", "include=['@']\n" + task, "include: a task that is sent is one file"},
		{"include beside it", "include=['more.toml']\n" + task, "include: a task that is sent is one file"},
		{"layers", task + "sandbox={ layers=['sub'] }\n", "layers: are directories of the host"},
		{"binds", task + "sandbox={ binds=['@:/x'] }\n", "binds: are files and directories of the host"},
		{"binds of the defaults", "[defaults]\nsandbox={ binds=[{ source='sub', target='/x' }] }\n" + task, "binds"},
		{"network", task + "sandbox={ network='user', ports=[80] }\n", `network "user": is the host's`},
		{"ports", task + "sandbox={ ports=[80] }\n", "ports: lead into the host's network"},
		{"preparation", "[language.x]\nrun=['x']\nextensions=['.x']\nprepare=['dd']\n" + task, "prepare: what it makes stays on the host"},
		{"two tasks", task + "[[task]]\nname='y'\ntests=['a.in']\n", "want one [[task]], these are 2"},
		{"no task", "[defaults]\n", "there is no task"},
		{"a key of ours", task + "host_devices=['/dev/kmsg']\n", "want a path in the bundle"},
		{"100,000 tests", task + strings.Repeat("[[task.test]]\ninput=''\nanswer=''\n", 100_000), "want at most 10000, these are 100000"},
		{"large", task + strings.Repeat("# "+strings.Repeat("x", 1000)+"\n", 5000), "a task that is sent has at most"},
		{"deep", task + "x=" + strings.Repeat("[", 100_000) + "\n", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := bundle(t, strings.ReplaceAll(row.text, "@", outside))
			_, err := LoadBundle(dir)
			var mistakes *InputErrors
			require.ErrorAs(t, err, &mistakes)
			assert.Contains(t, err.Error(), strings.ReplaceAll(row.want, "@", outside))
			assert.NotContains(t, err.Error(), "the secret")
			assert.True(t, strings.HasPrefix(err.Error(), "tasks.toml:"), err)
		})
	}
}

func TestABundleMayDescribeItsTask(t *testing.T) {
	task, err := LoadBundle(bundle(t, `
[language.mine]
extensions = [".mine"]
compile = ["/usr/bin/gcc", "-I../include", "-o", "{exe}", "{source}"]
run = ["{exe}", "/dev/stdin"]
[language.go]
time_factor = 2
[[task]]
name = "../x"
submissions = ["/etc/*"]
expect = { "/etc/*" = "wrong-answer" }
tests = ["*.in", "sub/*.in"]
checker = { source = "check.py", args = ["--file=/etc/passwd"] }
sandbox = { env = { A = "/etc" }, network = "loopback" }
[[task.test]]
name = "/1"
input = "/etc"
files = { "sub/x" = "a.in" }
`))
	require.NoError(t, err)
	assert.Empty(t, task.FromHost())
	assert.Len(t, task.Tests, 3)
	assert.Empty(t, task.Submissions)
	for _, name := range []string{"main.go", "main.mine"} {
		s, err := task.NewSubmission("", "", SourceFile{Name: name})
		require.NoError(t, err)
		assert.Empty(t, s.Language.Prepare, "of %s", name)
	}
}

func TestBuiltInLanguagesKeepTheirPreparationUnlessTheEnvironmentChanges(t *testing.T) {
	for env, want := range map[string]bool{"": true, "sandbox = { env = { GOEXPERIMENT = 'x' } }": false} {
		task, err := LoadBundle(bundle(t, "[[task]]\nname = 'x'\ntests = ['a.in']\n"+env))
		require.NoError(t, err)
		s, err := task.NewSubmission("", "", SourceFile{Name: "main.go"})
		require.NoError(t, err)
		assert.Equal(t, want, len(s.Language.Prepare) > 0, env)
	}
}

func TestFromHost(t *testing.T) {
	dir := bundle(t, "")
	code := Code{Files: []SourceFile{{Name: "x", Data: Data{File: "/else/x"}}}}
	task := Task{
		Dir:         dir,
		Tests:       []TestCase{{Name: "1", Input: Data{File: dir + "/a.in"}, Answer: &Data{File: dir + "x/a"}, Files: map[string]string{"x": dir + "/../b"}}},
		Checker:     CheckerSpec{Tool: &Tool{Code: code, Role: "checker", Name: "c"}},
		Submissions: []Submission{{Name: "s", Path: "/bin/true"}},
		Source:      &Source{File: "/lines"},
		Sandbox:     SandboxSpec{Layers: []string{"/srv"}, Binds: []Bind{{Source: "/data"}}, Network: "user"},
	}
	assert.Equal(t, []string{
		"sandbox.layers: /srv", "sandbox.binds: /data", "sandbox.network: user",
		`test "1": ` + dir + "x/a", `test "1": ` + dir + "/../b",
		"checker c: /else/x", `submission "s": /bin/true`, "source: /lines",
	}, task.FromHost())
}

func TestNewSubmissionIsWhatLoadMakesOfTheSameFiles(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{
		"one/a.c":           "int main(){}",
		"many/Main.java":    "package p; public class Main { public static void main(String[] a) {} }",
		"many/q/Other.java": "package p.q; class Other {}",
		"go/x.go":           "package main\nfunc helper() {}",
		"go/y.go":           "package main\nfunc main() {}",
	}
	for name, text := range files {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	tasks, err := LoadFiles(TaskFile{Name: "t", Dir: dir, Text: `
[[task]]
name = "x"
submissions = ["one/a.c", "many/", "go/"]
[[task.test]]
input = ""
answer = ""
`})
	require.NoError(t, err)
	for _, want := range tasks[0].Submissions {
		var sources []SourceFile
		top := strings.Split(want.Name, "/")[0]
		for name := range files {
			if inside, ok := strings.CutPrefix(name, top+"/"); ok {
				sources = append(sources, SourceFile{Name: inside, Data: Data{File: filepath.Join(dir, name)}})
			}
		}
		got, err := tasks[0].NewSubmission(want.Name, "", sources...)
		require.NoError(t, err)
		want.Expected = nil
		assert.Equal(t, want, got)
	}
}

func TestNewSubmissionRefuses(t *testing.T) {
	task, err := LoadBundle(bundle(t, "[[task]]\nname='x'\ntests=['a.in']\n[[task.test]]\ninput=''\nanswer=''\nfiles={ 'data/x' = 'a.in' }\n"))
	require.NoError(t, err)
	many := make([]string, maxSources+1)
	for i := range many {
		many[i] = fmt.Sprintf("%d.c", i)
	}
	for _, row := range []struct {
		name, language string
		files          []string
		want           string
	}{
		{"nothing", "", nil, "want at least one file"},
		{"too many", "", many, "has more than 1000 files"},
		{"above", "", []string{"../a.c"}, "want a clean path"},
		{"absolute", "", []string{"/a.c"}, "want a clean path"},
		{"not clean", "", []string{"a//b.c"}, "want a clean path"},
		{"the directory itself", "", []string{"."}, "want a clean path"},
		{"hidden", "", []string{".config/go/env", "a.go"}, "begin with a dot"},
		{"newline", "", []string{"a\n.c"}, "contains a newline"},
		{"bad UTF-8", "", []string{"a\xff.c"}, "not valid UTF-8"},
		{"a name that no file can have", "", []string{strings.Repeat("x", 250) + ".c"}, "too long"},
		{"twice", "", []string{"a.c", "a.c"}, "is there twice"},
		{"file and directory", "", []string{"a.c", "a.c/b"}, `"a.c" is a file`},
		{"no such language", "cobol", []string{"a.c"}, `language "cobol": want one of`},
		{"no language", "", []string{"a.xyz"}, `no language has the extension ".xyz"`},
		{"no entry point", "", []string{"a.c", "b.c"}, "sources: has no entry point"},
		{"where a test's files are", "c", []string{"data"}, `"data" is a file of test "2"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			var files []SourceFile
			for _, name := range row.files {
				files = append(files, SourceFile{Name: name})
			}
			_, err := task.NewSubmission("", row.language, files...)
			require.Error(t, err)
			assert.Contains(t, err.Error(), row.want)
		})
	}
}
