//go:build linux

package gojudge

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a program makes of its files must not lead out of the sandbox, hold us up or fill our memory.
func TestHostileFilesStayInside(t *testing.T) {
	r, _ := newRunner(t)
	require.FileExists(t, "/etc/passwd")
	for _, row := range []struct {
		name, script string
		kind         FileErrorType
	}{
		{"link to a file of the host", "ln -s /etc/passwd f", CopyOutNotRegularFile},
		{"link to a file of its own", "echo x > /tmp/x; ln -s /tmp/x f", CopyOutNotRegularFile},
		{"link to itself", "ln -s f f", CopyOutNotRegularFile},
		{"FIFO", "mkfifo f", CopyOutNotRegularFile},
		{"directory", "mkdir f", CopyOutNotRegularFile},
		{"socket", `python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("f")'`, CopyOutNotRegularFile},
		{"huge and sparse", "truncate -s 100M f", CopyOutSizeExceeded},
		{"missing", "true", CopyOutOpen},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := run(t, r, shell(row.script, `,"copyOut":["f"]`))[0]
			assert.Equal(t, StatusFileError, got.Status, "%+v", got)
			require.Len(t, got.FileError, 1)
			assert.Equal(t, row.kind, got.FileError[0].Type, "%+v", got)
			assert.Equal(t, "f", got.FileError[0].Name)
			assert.NotContains(t, got.Files, "f")
			cached := run(t, r, shell(row.script, `,"copyOutCached":["f"]`))[0]
			if row.kind == CopyOutSizeExceeded {
				assert.Equal(t, StatusFileError, cached.Status)
			}
			assert.Empty(t, cached.FileIDs)
		})
	}
	t.Run("link on the way", func(t *testing.T) {
		got := run(t, r, shell("ln -s /etc d", `,"copyOut":["d/passwd"]`))[0]
		assert.Equal(t, StatusFileError, got.Status, "%+v", got)
		assert.NotContains(t, got.Files, "d/passwd")
	})
	t.Run("the alias replaced", func(t *testing.T) {
		got := run(t, r, shell("rm /w; ln -s /etc /w; true", `,"copyOut":["/w/passwd?"]`))[0]
		assert.NotContains(t, got.Files, "/w/passwd")
	})
	t.Run("a device", func(t *testing.T) {
		got := run(t, r, shell("mknod f c 1 5", `,"copyOut":["f?"]`))[0]
		assert.Equal(t, StatusNonzeroExitStatus, got.Status)
	})
	t.Run("copyIn through a link", func(t *testing.T) {
		got := run(t, r, shell("true", `,"copyIn":{"d":{"symlink":"/etc"},"d/f":{"content":"x"}}`))[0]
		assert.Equal(t, StatusFileError, got.Status)
		require.Len(t, got.FileError, 1)
		assert.Equal(t, CopyInCreateFile, got.FileError[0].Type)
		assert.NoFileExists(t, "/etc/f")
	})
	t.Run("copyIn twice the same", func(t *testing.T) {
		got := run(t, r, shell("true", `,"copyIn":{"a":{"content":"x"},"./a":{"content":"y"}}`))[0]
		assert.Equal(t, StatusFileError, got.Status)
	})
	t.Run("file and directory", func(t *testing.T) {
		got := run(t, r, shell("true", `,"copyIn":{"a":{"content":"x"},"a/b":{"content":"y"}}`))[0]
		assert.Equal(t, StatusFileError, got.Status)
	})
	t.Run("unreadable directory", func(t *testing.T) {
		got := run(t, r, shell("mkdir d; echo x > d/f; chmod 0 d/f d", `,"copyOut":["d/f"]`))[0]
		assert.Equal(t, StatusAccepted, got.Status, "%+v", got)
	})
	t.Run("truncated", func(t *testing.T) {
		got := run(t, r, shell("echo 12345 > f", `,"copyOut":["f"],"copyOutMax":3,"copyOutTruncate":true`))[0]
		assert.Equal(t, StatusFileError, got.Status)
		assert.Equal(t, "123", got.Files["f"])
	})
	t.Run("full disk", func(t *testing.T) {
		got := run(t, r, shell("head -c 300000000 /dev/zero > f", `,"memoryLimit":1073741824`))[0]
		assert.Contains(t, []Status{StatusNonzeroExitStatus, StatusOutputLimitExceeded}, got.Status)
	})
}

func TestHostileProgramsEndWithTheirRequest(t *testing.T) {
	r, _ := newRunner(t)
	t.Run("children that it leaves", func(t *testing.T) {
		name := fmt.Sprintf("left-%d", os.Getpid())
		got := run(t, r, shell("cp /bin/sleep "+name+"; (setsid ./"+name+" 1000 &) >/dev/null 2>&1; echo done", ""))[0]
		assert.Equal(t, StatusAccepted, got.Status, "%+v", got)
		assert.Empty(t, processes(t, name))
	})
	t.Run("children that hold the output", func(t *testing.T) {
		got := run(t, r, shell("sleep 1000 & echo done", ""))[0]
		assert.Equal(t, StatusAccepted, got.Status, "%+v", got)
		assert.Equal(t, "done\n", got.Files["stdout"])
	})
	t.Run("output beyond max", func(t *testing.T) {
		got := run(t, r, shell("yes | head -c 20000; sleep 1000", ""))[0]
		assert.Equal(t, StatusOutputLimitExceeded, got.Status)
		assert.Len(t, got.Files["stdout"], 10240)
		assert.Equal(t, []FileError{{Name: "stdout", Type: CollectSizeExceeded, Message: "more than 10240 bytes"}}, got.FileError)
	})
	t.Run("output beyond the reply", func(t *testing.T) {
		got := run(t, r, `{"cmd":[{"args":["/usr/bin/yes"],"files":[{"content":""},{"name":"stdout","max":9000000000000000000}],"clockLimit":60000000000}]}`)[0]
		assert.Equal(t, StatusOutputLimitExceeded, got.Status)
		assert.Len(t, got.Files["stdout"], MaxReply)
	})
	t.Run("a terminal flooded", func(t *testing.T) {
		got := run(t, r, `{"cmd":[{"args":["/usr/bin/yes"],"tty":true,"files":[{"content":"`+strings.Repeat("x", 100000)+`"},{"name":"stdout","max":1000},{"name":"stderr","max":1000}]}]}`)[0]
		assert.Equal(t, StatusOutputLimitExceeded, got.Status, "%+v", got.Error)
	})
	t.Run("a pipe to itself", func(t *testing.T) {
		got := run(t, r, `{"cmd":[{"args":["/bin/cat"],"files":[null,null,null],"clockLimit":300000000,"cpuLimit":200000000}],
			"pipeMapping":[{"in":{"index":0,"fd":1},"out":{"index":0,"fd":0}},{"in":{"index":0,"fd":2},"out":{"index":0,"fd":9}}]}`)[0]
		assert.Equal(t, StatusTimeLimitExceeded, got.Status)
	})
	t.Run("as many commands as there may be", func(t *testing.T) {
		commands := strings.Repeat(`{"args":["/bin/true"]},`, MaxCommands)
		for _, got := range run(t, r, `{"cmd":[`+strings.TrimSuffix(commands, ",")+`]}`) {
			assert.Equal(t, StatusAccepted, got.Status, "%+v", got)
		}
	})
	t.Run("the longest arguments", func(t *testing.T) {
		got := run(t, r, `{"cmd":[{"args":["/bin/true"`+strings.Repeat(`,"`+strings.Repeat("x", 9999)+`"`, 100)+`]}]}`)[0]
		assert.Contains(t, []Status{StatusAccepted, StatusInternalError}, got.Status, "%+v", got)
	})
	t.Run("nothing of a request is left for the next", func(t *testing.T) {
		run(t, r, shell("echo secret > /tmp/x; echo secret > /work/x; echo secret > /dev/shm/x", ""))
		got := run(t, r, shell("ls /tmp /work /dev/shm", ""))[0]
		assert.NotContains(t, got.Files["stdout"], "x")
	})
	for _, limit := range []string{
		`"memoryLimit":1`, `"memoryLimit":4096`, `"memoryLimit":200000`, `"stackLimit":1`, `"procLimit":1`, `"cpuLimit":1`, `"clockLimit":1,"cpuLimit":1`,
		`"memoryLimit":4096,"addressSpaceLimit":true`, `"memoryLimit":4096,"dataSegmentLimit":true`, `"cpuSetLimit":"4000"`,
	} {
		t.Run("the least limits, "+limit, func(t *testing.T) {
			got := run(t, r, `{"cmd":[{"args":["/bin/true"],`+limit+`}]}`)[0]
			assert.NotEmpty(t, got.Status, "%+v", got)
		})
	}
	t.Run("descriptors stay as many", func(t *testing.T) {
		requests := []string{
			shell("yes", ""), shell("true", `,"copyIn":{"a":{"fileId":"NONE"}}`),
			`{"cmd":[{"args":["/no/such"],"files":[{"content":"x"},null,null]},{"args":["/bin/cat"],"files":[null,{"name":"o","max":1}]}],
				"pipeMapping":[{"in":{"index":0,"fd":1},"out":{"index":1,"fd":0},"proxy":true,"name":"x","max":1},{"in":{"index":0,"fd":2},"out":{"index":1,"fd":5}}]}`,
			`{"cmd":[{"args":["/bin/true"],"tty":true,"files":[{"fileId":"NONE"},{"name":"o","max":1}]}]}`,
			`{"cmd":[{"args":["/bin/true"],"tty":true,"files":[{"content":"x"},{"name":"o","max":1}]}]}`,
		}
		all := func() {
			for _, request := range requests {
				run(t, r, request)
			}
		}
		all()
		before := descriptorsOfOurs(t)
		for range 5 {
			all()
		}
		assert.LessOrEqual(t, descriptorsOfOurs(t), before+1) // and fewer if what a test has forgotten is collected
	})
	for name, cmd := range map[string]string{
		"one file as many descriptors": `{"args":["/bin/true"],"files":[{"fileId":"ID"},null,null,{"fileId":"ID"},{"fileId":"ID"}]}`,
		"one file as many copies":      `{"args":["/bin/true"],"copyIn":{"a":{"fileId":"ID"},"b":{"fileId":"ID"},"c":{"fileId":"ID"}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			files := r.Files.(*memoryFiles)
			large, err := files.Put(t.Context(), "site", "large", strings.NewReader("not as large as it says"))
			require.NoError(t, err)
			large.Bytes = MaxInput * 2 / 5
			files.files[[2]string{"site", large.ID}] = memoryFile{StoredFile: large}
			got := run(t, r, strings.ReplaceAll(`{"cmd":[`+strings.ReplaceAll(cmd, ",null", `,{"name":"x","max":1}`)+`]}`, "ID", large.ID))[0]
			assert.Equal(t, StatusFileError, got.Status, "%+v", got)
			assert.Contains(t, got.Error, "bytes together")
		})
	}
	t.Run("no room in the store", func(t *testing.T) {
		r.Files.(*memoryFiles).room = 0
		got := run(t, r, shell("echo x > f", `,"copyOutCached":["f"]`))[0]
		assert.Equal(t, StatusFileError, got.Status)
		assert.Equal(t, CopyOutCreateFile, got.FileError[0].Type)
	})
}

// processes are those whose command is named so, anywhere on the machine.
func processes(t *testing.T, name string) (pids []string) {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	require.NoError(t, err)
	for _, e := range entries {
		line, _ := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		if strings.Contains(string(line), name) && strings.Trim(e.Name(), "0123456789") == "" {
			pids = append(pids, e.Name())
		}
	}
	return pids
}

func descriptorsOfOurs(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(entries)
}
