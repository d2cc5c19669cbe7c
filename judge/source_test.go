package judge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFenced(t *testing.T) {
	for _, row := range []struct{ name, text, want string }{
		{"no fence", "print(1)\n", "print(1)\n"},
		{"one", "Here:\n```python\nprint(1)\n```\nDone.", "print(1)\n"},
		{"the last", "```\n1\n```\n```\n2\n```\n", "2\n"},
		{"not closed", "Here:\n```c\nint main", "int main"},
		{"the last is not closed", "```\n1\n```\n```\n2", "2"},
		{"tildes around backticks", "~~~md\n```\nx\n```\n~~~", "```\nx\n```\n"},
		{"a longer fence", "````\n```\nx\n````", "```\nx\n"},
		{"code within a line", "```x``` is code", "```x``` is code"},
		{"indented", "  ```\n  x\n  ```", "  x\n"},
		{"indented code is no fence", "    ```\nx", "    ```\nx"},
		{"empty", "", ""},
		{"empty block", "```\n```", ""},
		{"carriage returns", "```py\r\nx\r\n```\r\n", "x\r\n"},
	} {
		assert.Equal(t, row.want, fenced(row.text), row.name)
	}
}

func TestLineIndexKeepsPlaces(t *testing.T) {
	var x lineIndex
	var want []linePlace
	for i := range 1000 {
		p := linePlace{number: 3*i + 1, offset: int64(i) * int64(i) * 1000, length: int64(i)}
		want = append(want, p)
		x.add(p)
	}
	var got []linePlace
	for places := x.places(); ; {
		p, ok := places.next()
		if !ok {
			break
		}
		got = append(got, p)
	}
	assert.Equal(t, want, got)
	assert.Less(t, len(x.packed), 7000)
}

// sourceTask loads a task with a source of these lines.
func sourceTask(t *testing.T, more, lines string) ([]Task, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	require.NoError(t, os.MkdirAll("tests", 0o755))
	for name, text := range map[string]string{
		"tasks.toml":  "[[task]]\nname = \"sum\"\nsource = { file = \"a.jsonl\"" + more + " }\ntest = [{ input = \"\", answer = \"\" }]\n",
		"a.jsonl":     lines,
		"tests/1.in":  "1",
		"tests/1.ans": "1",
		"tests/2.in":  "no answer",
	} {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	}
	outside := filepath.Join(t.TempDir(), "secret.in")
	require.NoError(t, os.WriteFile(outside, nil, 0o644))
	require.NoError(t, os.Symlink(outside, "tests/outside.in"))
	require.NoError(t, os.WriteFile("tests/outside.ans", nil, 0o644))
	return Load("tasks.toml")
}

func TestBadLinesAreExplained(t *testing.T) {
	const good = `{"id": "a", "code": "", "language": "c"}` + "\n"
	for _, row := range []struct{ name, more, lines, want string }{
		{"no lines", "", "\n \n", `tasks.toml:3: task "sum": source: "a.jsonl" has no lines`},
		{"not JSON", "", good + "nonsense\n", `a.jsonl:2: is not JSON: invalid character 'o' in literal null (expecting 'u'), at byte 2`},
		{"half a line", "", `{"id": "a", "co`, `a.jsonl:1: is not JSON: unexpected end of JSON input, at byte 15`},
		{"no object", "", "[1]\n", `a.jsonl:1: want a JSON object`},
		{"null", "", "null\n", `a.jsonl:1: want a JSON object`},
		{"not UTF-8", "", "{\"id\": \"\xff\"}\n", `a.jsonl:1: is not valid UTF-8`},
		{"no id", "", "\n{}\n", `a.jsonl:2: task "sum": field "id" is missing`},
		{"no code", "", `{"id": 1}`, `a.jsonl:1: task "sum": field "code" is missing`},
		{"code that is a list", "", `{"id": 1, "code": []}`, `field "code": want a string, this is an array`},
		{"no language", "", `{"id": 1, "code": ""}`, `field "language" is missing`},
		{"unknown language", "", `{"id": 1, "code": "", "language": "pyhton"}`, `field "language": there is no language "pyhton"; did you mean "python"?`},
		{"same id", "", good + "\n" + good, `a.jsonl:3: task "sum": field "id": "a" is there already, in line 1`},
		{"id with a newline", "", `{"id": "a\nb"}`, `field "id": "a\nb": contains a newline`},
		{"id that is a fraction", "", `{"id": 1.5}`, `field "id": want a string, this is a number`},
		{"nobody's line", `, task = "for"`, good, `a.jsonl:1: field "for" is missing`},
		{"other's lines", `, task = "id"`, strings.ReplaceAll(good, `"a"`, `"sun"`), `source: no line of "a.jsonl" has "sum" in field "id"`},
		{"tests of no kind", `, tests = "code"`, strings.ReplaceAll(good, `""`, `" "`), `field "code": " ": want a file name or a pattern`},
		{"no tests", `, tests = "t"`, `{"id": 1, "code": "", "language": "c", "t": []}`, `field "t": want at least one test, this is empty`},
		{"test without input", `, tests = "t"`, `{"id": 1, "code": "", "language": "c", "t": [{}]}`, `field "t": test 1: field "input" is missing`},
		{"test without answer", `, tests = "t"`, `{"id": 1, "code": "", "language": "c", "t": [{"input": ""}]}`, `field answer is missing (or output)`},
		{"tests that are nowhere", `, tests = "t"`, `{"id": 1, "code": "", "language": "c", "t": "x/*"}`, `field "t": "x/*": matches no file`},
		{"test without its answer", `, tests = "t"`, `{"id": 1, "code": "", "language": "c", "t": "tests/2.in"}`, `"tests/2.in": has no answer beside it`},
		{"tests above", `, tests = "t"`, `{"id": 1, "code": "", "language": "c", "t": "../*"}`, `"../*": is not below the task file's directory`},
		{"tests elsewhere", `, tests = "t"`, `{"id": 1, "code": "", "language": "c", "t": "/etc/passwd"}`, `is not below the task file's directory`},
		{"tests behind a link", `, tests = "t"`, `{"id": 1, "code": "", "language": "c", "t": "tests/o*.in"}`, `"tests/outside.in": is not below the task file's directory`},
		{"unknown key", `, cod = "x"`, good, `unknown key "cod"`},
		{"extract", `, extract = "html"`, good, `extract "html": want "fence"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := sourceTask(t, row.more, row.lines)
			assert.ErrorContains(t, err, row.want)
		})
	}
}

func TestLongLineIsOneMistake(t *testing.T) {
	t.Chdir(t.TempDir())
	file, err := os.Create("a.jsonl")
	require.NoError(t, err)
	defer file.Close()
	require.NoError(t, file.Truncate(maxLineBytes+2)) // a hole
	_, err = file.WriteAt([]byte("\n{\"id\": 1}\n"), maxLineBytes+2)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile("tasks.toml", []byte("[[task]]\nname = \"x\"\nsource = { file = \"a.jsonl\" }\ntest = [{ input = \"\", answer = \"\" }]\n"), 0o644))
	_, err = Load("tasks.toml")
	assert.EqualError(t, err, "a.jsonl:1: is longer than 64 MiB")
}

// walked lists what a walk gives.
func walked(t *testing.T, tasks []Task) []string {
	t.Helper()
	w := walk{tasks: tasks}
	var got []string
	for {
		a, ok, err := w.next()
		require.NoError(t, err)
		if !ok {
			return got
		}
		word := a.submission.Name + ": " + strings.Join(names(a.task.Tests), " ")
		if a.fault != nil {
			word = a.fault.Error()
		}
		got = append(got, word)
	}
}

func TestSelectorsPickLines(t *testing.T) {
	line := `{"id": %q, "code": "", "language": "c", "t": [{"name": "x", "input": "", "answer": ""}, {"name": "y", "input": "", "answer": ""}]}` + "\n"
	tasks, err := sourceTask(t, `, tests = "t"`, fmt.Sprintf(line, "a/1")+fmt.Sprintf(line, "a/2")+`{"id": "b", "code": "", "language": "c"}`)
	require.NoError(t, err)
	for only, want := range map[string][]string{
		"sum":         {"a/1: x y", "a/2: x y", "b: 1"},
		"sum/a/*":     {"a/1: x y", "a/2: x y"},
		"sum/a/2/y":   {"a/2: y"},
		"sum/b/1":     {"b: 1"},
		"sum/*/1":     {"a/1: x y"},
		"sum/a/*/x b": nil,
	} {
		plan, err := Plan(tasks, strings.Split(only, " "))
		if want == nil {
			assert.ErrorContains(t, err, `--only "b": there is no such task`)
			continue
		}
		require.NoError(t, err, only)
		assert.Equal(t, want, walked(t, plan), only)
	}
	assert.Equal(t, []string{"a/1: x y", "a/2: x y", "b: 1"}, walked(t, tasks))
}

func TestChangedLineIsAFaultOfItsOwn(t *testing.T) {
	tasks, err := sourceTask(t, "", `{"id": "a", "code": "", "language": "c"}`+"\n"+`{"id": "b", "code": "", "language": "c"}`+"\n")
	require.NoError(t, err)
	text, err := os.ReadFile("a.jsonl")
	require.NoError(t, err)
	text[0] = '?'
	require.NoError(t, os.WriteFile("a.jsonl", text, 0o644))
	got := walked(t, tasks)
	require.Len(t, got, 2)
	assert.Contains(t, got[0], "a.jsonl:1: has changed since judge read it first: is not JSON")
	assert.Equal(t, "b: 1", got[1])
}

func TestManyLinesNeedLittleMemory(t *testing.T) {
	const lines = 100_000
	var text bytes.Buffer
	for i := range lines {
		line, err := json.Marshal(map[string]string{"id": fmt.Sprint(i), "code": strings.Repeat("x", 500), "language": "c"})
		require.NoError(t, err)
		text.Write(append(line, '\n'))
	}
	tasks, err := sourceTask(t, "", text.String())
	text = bytes.Buffer{}
	require.NoError(t, err)
	assert.Equal(t, lines, tasks[0].Source.Len())
	used := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	w, count := walk{tasks: tasks}, 0
	before := used()
	for {
		_, ok, err := w.next()
		require.NoError(t, err)
		if !ok {
			break
		}
		if count++; count == lines/2 {
			assert.Less(t, used(), before+(1<<20), "half-way")
		}
	}
	assert.Equal(t, lines, count)
	assert.Less(t, len(tasks[0].Source.lines.packed), 8*lines)
}
