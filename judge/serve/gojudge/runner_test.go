//go:build linux

package gojudge

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/limits"
)

// newRunner returns a runner with everything in force, and its files.
func newRunner(t *testing.T) (*Runner, *memoryFiles) {
	t.Helper()
	host, err := limits.Open(limits.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, host.Close()) })
	files := newMemoryFiles()
	r := &Runner{Host: host, Files: files}
	t.Cleanup(func() { assert.NoError(t, r.Close()) })
	return r, files
}

// run runs a request that is written as clients write it.
func run(t *testing.T, r *Runner, request string) []Result {
	t.Helper()
	parsed, err := ParseRequest(strings.NewReader(request))
	require.NoError(t, err)
	results, err := r.Run(t.Context(), Command{Owner: "site", Request: parsed})
	require.NoError(t, err)
	require.Len(t, results, len(parsed.Cmd))
	return results
}

// The examples of go-judge's public documents, with the answers that they show.
func TestDocumentedExamples(t *testing.T) {
	r, files := newRunner(t)
	t.Run("compile and run", func(t *testing.T) {
		compiled := run(t, r, `{"cmd":[{"args":["/usr/bin/g++","a.cc","-o","a"],"env":["PATH=/usr/bin:/bin"],
			"files":[{"content":""},{"name":"stdout","max":10240},{"name":"stderr","max":10240}],
			"cpuLimit":10000000000,"memoryLimit":104857600,"procLimit":50,
			"copyIn":{"a.cc":{"content":"#include <iostream>\nusing namespace std;\nint main() {\nint a, b;\ncin >> a >> b;\ncout << a + b << endl;\n}"}},
			"copyOut":["stdout","stderr"],"copyOutCached":["a.cc","a"]}]}`)[0]
		require.Equal(t, StatusAccepted, compiled.Status, "%+v", compiled)
		assert.Equal(t, map[string]string{"stdout": "", "stderr": ""}, compiled.Files)
		assert.NotZero(t, compiled.Time)
		assert.NotZero(t, compiled.RunTime)
		assert.NotZero(t, compiled.Memory)
		assert.NotZero(t, compiled.ProcPeak)
		require.Contains(t, compiled.FileIDs, "a")
		require.Contains(t, compiled.FileIDs, "a.cc")
		require.Len(t, compiled.FileIDs, 2)
		assert.Equal(t, 2, files.count())

		ran := run(t, r, `{"cmd":[{"args":["a"],"env":["PATH=/usr/bin:/bin"],
			"files":[{"content":"1 1"},{"name":"stdout","max":10240},{"name":"stderr","max":10240}],
			"cpuLimit":10000000000,"memoryLimit":104857600,"procLimit":50,
			"copyIn":{"a":{"fileId":"`+compiled.FileIDs["a"]+`"}}}]}`)[0]
		require.Equal(t, StatusAccepted, ran.Status, "%+v", ran)
		assert.Equal(t, map[string]string{"stdout": "2\n", "stderr": ""}, ran.Files)
		assert.Empty(t, ran.FileIDs)
	})
	t.Run("a copied file", func(t *testing.T) {
		got := run(t, r, `{"cmd":[{"args":["/bin/cat","test.txt"],"env":["PATH=/usr/bin:/bin"],
			"files":[{"content":""},{"name":"stdout","max":10240},{"name":"stderr","max":10240}],
			"cpuLimit":10000000000,"memoryLimit":104857600,"procLimit":50,"copyIn":{"test.txt":{"content":"TEST"}}}]}`)[0]
		assert.Equal(t, StatusAccepted, got.Status)
		assert.Equal(t, "TEST", got.Files["stdout"])
	})
	t.Run("a pipe", func(t *testing.T) {
		got := run(t, r, `{"cmd":[{"args":["/bin/cat","1"],"env":["PATH=/usr/bin:/bin"],
			"files":[{"content":""},null,{"name":"stderr","max":10240}],
			"cpuLimit":1000000000,"memoryLimit":1048576,"procLimit":50,"copyIn":{"1":{"content":"TEST 1"}},"copyOut":["stderr"]},
			{"args":["/bin/cat"],"env":["PATH=/usr/bin:/bin"],
			"files":[null,{"name":"stdout","max":10240},{"name":"stderr","max":10240}],
			"cpuLimit":1000000000,"memoryLimit":1048576,"procLimit":50,"copyOut":["stdout","stderr"]}],
			"pipeMapping":[{"in":{"index":0,"fd":1},"out":{"index":1,"fd":0}}]}`)
		assert.Equal(t, StatusAccepted, got[0].Status, "%+v", got[0])
		assert.Equal(t, StatusAccepted, got[1].Status, "%+v", got[1])
		assert.Equal(t, map[string]string{"stderr": ""}, got[0].Files)
		assert.Equal(t, map[string]string{"stdout": "TEST 1", "stderr": ""}, got[1].Files)
	})
	t.Run("an infinite loop", func(t *testing.T) {
		got := run(t, r, `{"cmd":[{"args":["/usr/bin/python3","1.py"],"env":["PATH=/usr/bin:/bin"],
			"files":[{"content":""},{"name":"stdout","max":10240},{"name":"stderr","max":10240}],
			"cpuLimit":300000000,"clockLimit":4000000000,"memoryLimit":104857600,"procLimit":50,
			"copyIn":{"1.py":{"content":"while True:\n    pass"}}}]}`)[0]
		assert.Equal(t, StatusTimeLimitExceeded, got.Status)
		assert.Equal(t, 9, got.ExitStatus)
		assert.GreaterOrEqual(t, got.Time, uint64(300000000))
		assert.Equal(t, map[string]string{"stdout": "", "stderr": ""}, got.Files)
	})
}

func TestStatuses(t *testing.T) {
	r, _ := newRunner(t)
	for _, row := range []struct {
		name, script, more string
		status             Status
		exit               int
	}{
		{"accepted", "echo x", "", StatusAccepted, 0},
		{"exit code", "exit 3", "", StatusNonzeroExitStatus, 3},
		{"signal", "kill -SEGV $$", "", StatusSignalled, 11},
		{"wall time", "sleep 100", `,"clockLimit":300000000,"cpuLimit":100000000`, StatusTimeLimitExceeded, 9},
		{"wall time by its older name", "sleep 100", `,"realCpuLimit":300000000,"cpuLimit":100000000`, StatusTimeLimitExceeded, 9},
		{"cpu time", "while :; do :; done", `,"cpuLimit":100000000`, StatusTimeLimitExceeded, 9},
		{"memory", "a=$(head -c 60000000 /dev/zero | tr '\\0' a)", `,"memoryLimit":16777216`, StatusMemoryLimitExceeded, 0},
		{"output", "yes", "", StatusOutputLimitExceeded, 9},
		{"missing file", "true", `,"copyOut":["missing"]`, StatusFileError, 0},
		{"missing file that may be", "true", `,"copyOut":["missing?"]`, StatusAccepted, 0},
		{"missing file after a failure", "exit 1", `,"copyOut":["missing"]`, StatusNonzeroExitStatus, 1},
		{"unknown file id", "true", `,"copyIn":{"a":{"fileId":"NOSUCHFILE"}}`, StatusFileError, 0},
		{"processes", "a() { sleep 5 & a; }; a", `,"procLimit":5,"clockLimit":20000000000`, StatusNonzeroExitStatus, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := run(t, r, shell(row.script, row.more))[0]
			assert.Equal(t, row.status, got.Status, "%+v", got)
			if row.status != StatusMemoryLimitExceeded { // who of the two is killed first is open
				assert.Equal(t, row.exit, got.ExitStatus, "%+v", got)
			}
		})
	}
	t.Run("no such program", func(t *testing.T) {
		got := run(t, r, `{"cmd":[{"args":["/no/such"]}]}`)[0]
		assert.Equal(t, StatusInternalError, got.Status)
		assert.Contains(t, got.Error, "/no/such")
	})
}

func TestCommandsFindWhatTheyAreGiven(t *testing.T) {
	r, files := newRunner(t)
	stored, err := files.Put(t.Context(), "site", "s", strings.NewReader("stored"))
	require.NoError(t, err)
	for _, row := range []struct{ name, script, more, want string }{
		{"work directory", "pwd; cd /w; pwd -P", "", "/work\n/work\n"},
		{"environment", "env | grep -v -e PWD -e _= | sort", "", "PATH=/usr/bin:/bin\n"},
		{"copied files", "cat a d/e/f s l", `,"copyIn":{"a":{"content":"1"},"d/e/f":{"content":"2"},"s":{"fileId":"` + stored.ID + `"},"l":{"symlink":"d/e/f"}}`, "12stored2"},
		{"an absolute name", "cat b", `,"copyIn":{"/w/b":{"content":"x"}}`, "x"},
		{"what they may do with them", "echo new > a && cat a && mv a b && rm b && echo x > d/g && mkdir d/h && ls", `,"copyIn":{"a":{"content":"old"},"d/f":{"content":""}}`, "new\nd\n"},
		{"executable files", "./p", `,"copyIn":{"p":{"content":"#!/bin/sh\necho hi"}}`, "hi\n"},
		{"limits of rlimits", "ulimit -s; ulimit -n; ulimit -d; ulimit -v", `,"stackLimit":8388608,"dataSegmentLimit":true,"addressSpaceLimit":true`, "8192\n256\n102400\n102400\n"},
		{"CPUs", "grep -c . /proc/self/status >/dev/null; grep Cpus_allowed_list /proc/self/status", `,"cpuSetLimit":"0"`, "Cpus_allowed_list:\t0\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := run(t, r, shell(row.script, row.more))[0]
			assert.Equal(t, StatusAccepted, got.Status, "%+v", got)
			assert.Equal(t, row.want, got.Files["stdout"], "%+v", got)
		})
	}
}

func TestMemoryThatTheHostDoesNotHave(t *testing.T) {
	r := &Runner{Memory: 1 << 30}
	for _, got := range run(t, r, `{"cmd":[{"args":["a"],"memoryLimit":900000000},{"args":["b"]}]}`) {
		assert.Equal(t, StatusInternalError, got.Status)
		assert.Contains(t, got.Error, "1168435456 bytes together: this worker allows at most 1073741824")
	}
}

func TestFilesComeBack(t *testing.T) {
	r, files := newRunner(t)
	t.Run("returned, stored, and missing", func(t *testing.T) {
		got := run(t, r, shell("echo 1 > a; mkdir d; echo 2 > d/b; echo 3 > c; echo 4", `,"copyOut":["a","d/b","x?"],"copyOutCached":["c","stdout"]`))[0]
		assert.Equal(t, StatusAccepted, got.Status, "%+v", got)
		assert.Equal(t, map[string]string{"a": "1\n", "d/b": "2\n", "stderr": ""}, got.Files)
		for name, want := range map[string]string{"c": "3\n", "stdout": "4\n"} {
			file, content, err := files.Open(t.Context(), "site", got.FileIDs[name])
			require.NoError(t, err)
			assert.Equal(t, name, file.Name)
			assert.EqualValues(t, len(want), file.Bytes)
			content.Close()
		}
	})
	t.Run("one collector for two descriptors", func(t *testing.T) {
		got := run(t, r, `{"cmd":[{"args":["/bin/sh","-c","echo a; echo b >&2"],"files":[null,{"name":"both","max":100},{"name":"both","max":100}]}],
			"pipeMapping":[{"in":{"index":0,"fd":3},"out":{"index":0,"fd":0}}]}`)[0]
		assert.Equal(t, map[string]string{"both": "a\nb\n"}, got.Files)
	})
	t.Run("further descriptors", func(t *testing.T) {
		got := run(t, r, `{"cmd":[{"args":["/bin/sh","-c","cat <&4 >&3"],"files":[{"content":""},{"name":"o","max":9},{"name":"e","max":9},{"name":"3","max":9},{"content":"four"}]}]}`)[0]
		assert.Equal(t, map[string]string{"o": "", "e": "", "3": "four"}, got.Files, "%+v", got)
	})
	t.Run("what is no UTF-8", func(t *testing.T) {
		got, err := r.Execute(t.Context(), []byte(`{"owner":"site","request":`+shell(`printf 'a\377b'`, "")+`}`))
		require.NoError(t, err)
		assert.Contains(t, string(got), `"stdout":"a\ufffdb"`)
	})
}

func TestATerminal(t *testing.T) {
	r, _ := newRunner(t)
	got := run(t, r, `{"cmd":[{"args":["/bin/sh","-c","tty; read line; echo got $line; test -t 1 && test -t 2 && echo terminal"],"env":["TERM=xterm","PATH=/usr/bin:/bin"],
		"tty":true,"files":[{"content":"hello\n"},{"name":"stdout","max":1000},{"name":"stderr","max":1000}]}]}`)[0]
	assert.Equal(t, StatusAccepted, got.Status, "%+v", got)
	assert.Contains(t, got.Files["stdout"], "got hello\r\n")
	assert.Contains(t, got.Files["stdout"], "terminal\r\n")
	assert.NotContains(t, got.Files, "stderr")
}

func TestPipes(t *testing.T) {
	r, _ := newRunner(t)
	two := func(first, second, pipes string) []Result {
		return run(t, r, `{"cmd":[
			{"args":["/bin/sh","-c",`+quoted(first)+`],"env":["PATH=/usr/bin:/bin"],"files":[null,null,{"name":"stderr","max":1000}],"clockLimit":2000000000,"cpuLimit":1000000000},
			{"args":["/bin/sh","-c",`+quoted(second)+`],"env":["PATH=/usr/bin:/bin"],"files":[null,null,{"name":"stderr","max":1000}],"clockLimit":2000000000,"cpuLimit":1000000000}],
			"pipeMapping":[`+pipes+`]}`)
	}
	const cross = `{"in":{"index":0,"fd":1},"out":{"index":1,"fd":0}},{"in":{"index":1,"fd":1},"out":{"index":0,"fd":0}}`
	const crossProxy = `{"in":{"index":0,"fd":1},"out":{"index":1,"fd":0},"proxy":true,"name":"said","max":4},{"in":{"index":1,"fd":1},"out":{"index":0,"fd":0},"proxy":true}`
	t.Run("a conversation", func(t *testing.T) {
		got := two("echo ping; read a; echo $a >&2", "read a; echo $a >&2; echo pong", cross)
		assert.Equal(t, "pong\n", got[0].Files["stderr"], "%+v", got)
		assert.Equal(t, "ping\n", got[1].Files["stderr"], "%+v", got)
	})
	t.Run("a conversation by proxy", func(t *testing.T) {
		got := two("echo ping; read a; echo $a >&2", "read a; echo $a >&2; echo pong", crossProxy)
		assert.Equal(t, map[string]string{"stderr": "pong\n", "said": "ping"}, got[0].Files, "%+v", got)
		assert.Equal(t, StatusAccepted, got[0].Status)
		assert.Equal(t, map[string]string{"stderr": "ping\n"}, got[1].Files, "%+v", got)
	})
	t.Run("both wait for the other", func(t *testing.T) {
		got := two("cat >/dev/null", "cat >/dev/null", cross)
		statuses := []Status{got[0].Status, got[1].Status}
		assert.Contains(t, statuses, StatusTimeLimitExceeded)
		assert.Subset(t, []Status{StatusTimeLimitExceeded, StatusAccepted}, statuses, "the end of one is the end of the other's input")
	})
	t.Run("nobody reads", func(t *testing.T) {
		got := two("exec yes", "exit 0", cross)
		assert.Equal(t, StatusSignalled, got[0].Status)
		assert.Equal(t, 13, got[0].ExitStatus)
	})
	t.Run("nobody reads the proxy", func(t *testing.T) {
		got := two("head -c 1000000 /dev/zero", "exit 0", crossProxy)
		assert.Equal(t, StatusAccepted, got[0].Status, "%+v", got)
	})
	t.Run("one cannot be started", func(t *testing.T) {
		got := run(t, r, `{"cmd":[{"args":["/no/such"],"files":[{"content":""},null]},{"args":["/bin/cat"],"files":[null,{"name":"stdout","max":9}]}],
			"pipeMapping":[{"in":{"index":0,"fd":1},"out":{"index":1,"fd":0}}]}`)
		assert.Equal(t, StatusInternalError, got[0].Status)
		assert.Equal(t, StatusAccepted, got[1].Status)
	})
	t.Run("one has no files", func(t *testing.T) {
		got := run(t, r, `{"cmd":[{"args":["/bin/true"],"copyIn":{"a":{"fileId":"NONE"}},"files":[{"content":""},null]},{"args":["/bin/cat"],"files":[null,{"name":"stdout","max":9}]}],
			"pipeMapping":[{"in":{"index":0,"fd":1},"out":{"index":1,"fd":0}}]}`)
		assert.Equal(t, StatusFileError, got[0].Status)
		assert.Equal(t, []FileError{{Name: "a", Type: CopyInOpenFile, Message: `fileId "NONE": no such file`}}, got[0].FileError)
		assert.Equal(t, StatusAccepted, got[1].Status)
	})
}

func TestACancelledRequestEnds(t *testing.T) {
	r, files := newRunner(t)
	parsed, err := ParseRequest(strings.NewReader(shell("sleep 100", `,"clockLimit":60000000000,"copyOutCached":["stdout"]`)))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	r.Acquire = func(context.Context) ([]int, func(), error) { cancel(); return nil, func() {}, nil }
	_, err = r.Run(ctx, Command{Request: parsed})
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, files.count())
}
