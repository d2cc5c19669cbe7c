package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

// bundles are tasks, by name.
var bundles = map[string]map[string]string{
	"double": {
		"tasks.toml": "[[task]]\nname = \"double\"\ntests = [\"tests/*.in\"]\nlimits = { time = \"10s\", wall = \"120s\", output = \"64KiB\" }\n",
		"tests/1.in": "2\n", "tests/1.ans": "4\n", "tests/2.in": "-3\n", "tests/2.ans": "-6\n", "tests/3.in": "0\n", "tests/3.ans": "0\n",
	},
	"short of time": {
		"tasks.toml": "[[task]]\nname = \"short of time\"\nlimits = { time = \"100ms\", wall = \"120s\", memory = \"16MiB\" }\n[[task.test]]\ninput = \"\"\nanswer = \"1\"\n",
	},
	"checked": {
		"tasks.toml": "[[task]]\nname = \"checked\"\ntests = [\"*.in\"]\nlimits = { time = \"10s\", wall = \"120s\" }\nchecker = { source = \"check.c\", limits = { time = \"10s\", wall = \"120s\" } }\n",
		"1.in":       "10\n", "1.ans": "5\n", "2.in": "12\n", "2.ans": "6\n",
		// The answer, or one less.
		"check.c": `#include <stdio.h>
int main(int argc, char **argv) {
	int want, is;
	return argc > 2 && fscanf(fopen(argv[2], "r"), "%d", &want) == 1 && scanf("%d", &is) == 1 && (is == want || is == want - 1) ? 42 : 43;
}
`,
	},
}

// specimen is a program whose verdict is known.
type specimen struct {
	bundle string
	name   string
	text   string
	want   judge.Verdict
}

var specimens = []specimen{
	{"double", "right.sh", "read x; echo $((2 * x))\n", judge.Accepted},
	{"double", "right.c", "#include <stdio.h>\nint main(void) { int x; scanf(\"%d\", &x); printf(\"%d\\n\", 2 * x); }\n", judge.Accepted},
	{"double", "wrong.sh", "read x; echo $((x * x))\n", judge.WrongAnswer},
	{"double", "exits.sh", "read x; echo $((2 * x)); [ $x != -3 ] || exit 3\n", judge.RuntimeError},
	{"double", "aborts.c", "#include <stdlib.h>\nint main(void) { abort(); }\n", judge.RuntimeError},
	{"double", "broken.c", "int main(void) { return x; }\n", judge.CompileError},
	{"double", "floods.sh", "while :; do echo 0123456789abcdef0123456789abcdef; done\n", judge.OutputLimit},
	{"short of time", "right.sh", "echo 1\n", judge.Accepted},
	{"short of time", "spins.sh", "while :; do :; done\n", judge.TimeLimit},
	{"short of time", "eats.c", "#include <stdlib.h>\n#include <string.h>\nint main(void) { for (;;) memset(malloc(1 << 20), 1, 1 << 20); }\n", judge.MemoryLimit},
	{"checked", "half.sh", "read x; echo $((x / 2))\n", judge.Accepted},
	{"checked", "less.sh", "read x; echo $((x / 2 - x % 4 / 2))\n", judge.Accepted},
	{"checked", "more.sh", "read x; echo $((x / 2 + x % 4 / 2))\n", judge.WrongAnswer},
}

// runSpecimens are the records of `judge run` of all specimens, in their order.
func runSpecimens(t *testing.T) [][]string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "records.jsonl")
	for name, files := range bundles {
		for file, text := range files {
			writeBelow(t, dir, filepath.Join(name, file), text)
		}
		tasks := files["tasks.toml"]
		writeBelow(t, dir, filepath.Join(name, "tasks.toml"), strings.Replace(tasks, "\nlimits", "\nsubmissions = [\"submissions/*\"]\nlimits", 1))
	}
	for _, s := range specimens {
		writeBelow(t, dir, filepath.Join(s.bundle, "submissions", s.name), s.text)
	}
	args := []string{"run", "--no-cache", "--format", "none", "--out", file}
	for name := range bundles {
		args = append(args, filepath.Join(dir, name))
	}
	out, err := exec.Command("judge", args...).CombinedOutput()
	var exit *exec.ExitError
	require.True(t, err == nil || assert.ErrorAs(t, err, &exit) && exit.ExitCode() == statusUnexpected, "%v %s", err, out)
	records, err := os.ReadFile(file)
	require.NoError(t, err)
	all := make([][]string, len(specimens))
	for i, s := range specimens {
		all[i] = steadyRecords(t, records, s.bundle, "submissions/"+s.name)
		require.NotEmpty(t, all[i], s.name)
		var last judge.Record
		require.NoError(t, json.Unmarshal([]byte(all[i][len(all[i])-1]), &last))
		require.Equal(t, s.want, last.Verdict, "%s: %s", s.name, last.Message)
	}
	return all
}

func writeBelow(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

// steadyRecords are the records of a task's submission, without figures, its name, and what a task file says of submissions.
func steadyRecords(t *testing.T, records []byte, task, submission string) (lines []string) {
	t.Helper()
	for line := range bytes.Lines(records) {
		var r map[string]any
		require.NoError(t, json.Unmarshal(line, &r), "%s", line)
		if r["task"] != task || r["submission"] != submission {
			continue
		}
		for _, figure := range []string{"submission", "cpu_ms", "wall_ms", "memory_bytes", "processes", "started_at", "judge", "expected", "as_expected", "cached"} {
			delete(r, figure)
		}
		if message, ok := r["message"].(string); ok && strings.Contains(message, " of ") { // how much it was
			delete(r, "message")
		}
		for _, stream := range []string{"stdout", "stderr"} { // how much it could print before it was ended
			if c, ok := r[stream].(map[string]any); ok && c["truncated"] == true {
				r[stream] = "cut"
			}
		}
		text, err := json.Marshal(r)
		require.NoError(t, err)
		lines = append(lines, string(text))
	}
	return lines
}
