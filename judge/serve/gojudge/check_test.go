package gojudge

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRequestsThatAreRefusedNameTheField(t *testing.T) {
	cmd := func(fields string) string { return `{"cmd":[{"args":["a"]` + fields + `}]}` }
	for _, row := range []struct{ name, body, field, reason string }{
		{"no JSON", `{`, "", "ends too early"},
		{"empty", ``, "", "ends too early"},
		{"broken JSON", `{"cmd":[}`, "", "at byte"},
		{"more than JSON", `{"cmd":[{"args":["a"]}]} x`, "", "nothing after it"},
		{"a list", `[]`, "", "want an object"},
		{"unknown field", cmd(`,"cpulimits":1`), "cpulimits", "unknown"},
		{"negative limit", cmd(`,"cpuLimit":-1`), "cmd.cpuLimit", "number -1: want a whole number of 0 or more"},
		{"fraction", cmd(`,"memoryLimit":1.5`), "cmd.memoryLimit", "whole number"},
		{"more than 64 bits", cmd(`,"clockLimit":99999999999999999999`), "cmd.clockLimit", "whole number"},
		{"overflow of nanoseconds", cmd(`,"cpuLimit":18446744073709551615`), "cmd[0].cpuLimit", "want at most 600000000000"},
		{"overflow of the clock", cmd(`,"clockLimit":9223372036854775808`), "cmd[0].clockLimit", "want at most"},
		{"overflow of the older clock", cmd(`,"realCpuLimit":9223372036854775808`), "cmd[0].realCpuLimit", "want at most"},
		{"too much memory", cmd(`,"memoryLimit":1000000000000`), "cmd[0].memoryLimit", "want at most"},
		{"too large a stack", cmd(`,"stackLimit":18446744073709551615`), "cmd[0].stackLimit", "want at most"},
		{"too many processes", cmd(`,"procLimit":5000000`), "cmd[0].procLimit", "want at most"},
		{"a rate", cmd(`,"cpuRateLimit":500`), "cmd[0].cpuRateLimit", "cannot be held"},
		{"an older rate", cmd(`,"cpuRate":0.1`), "cmd[0].cpuRate", "cannot be held"},
		{"CPUs", cmd(`,"cpuSetLimit":"3-1"`), "cmd[0].cpuSetLimit", "list of CPUs"},
		{"no CPU", cmd(`,"cpuSetLimit":"99999999"`), "cmd[0].cpuSetLimit", "list of CPUs"},
		{"many CPUs", cmd(`,"cpuSetLimit":"` + strings.Repeat("0-4000,", 9) + `0"`), "cmd[0].cpuSetLimit", "list of CPUs"},
		{"copyOutDir", cmd(`,"copyOutDir":"/tmp"`), "cmd[0].copyOutDir", "copyOut"},
		{"copyOutMax", cmd(`,"copyOutMax":18446744073709551615`), "cmd[0].copyOutMax", "want at most"},
		{"no command", `{"cmd":[]}`, "cmd", "at least one"},
		{"no program", `{"cmd":[{"args":[]}]}`, "cmd[0].args", "at least its name"},
		{"NUL in an argument", cmd(`,"env":["a=\u0000"]`), "cmd[0].env[0]", "NUL"},
		{"long arguments", cmd(`,"env":["` + strings.Repeat("x", MaxArguments) + `"]`), "cmd[0].args", "want at most"},
		{"10000 commands", `{"cmd":[` + strings.Repeat(`{"args":["a"]},`, 9999) + `{"args":["a"]}]}`, "cmd", "10000 commands: want at most 16"},
		{"many pipes", `{"cmd":[{"args":["a"]}],"pipeMapping":[` + strings.Repeat(`{},`, MaxPipes) + `{}]}`, "pipeMapping", "want at most"},
		{"many descriptors", cmd(`,"files":[` + strings.Repeat(`null,`, MaxDescriptors) + `null]`), "cmd[0].files", "want at most"},

		{"src", cmd(`,"files":[{"src":"/etc/passwd"}]`), "cmd[0].files[0].src", "not read"},
		{"src in copyIn", cmd(`,"copyIn":{"a":{"src":"/etc/passwd"}}`), `cmd[0].copyIn["a"].src`, "not read"},
		{"streamIn", cmd(`,"files":[{"streamIn":true}]`), "cmd[0].files[0].streamIn", "no stream"},
		{"streamOut", cmd(`,"files":[{"streamOut":true}]`), "cmd[0].files[0].streamOut", "no stream"},
		{"two kinds", cmd(`,"files":[{"content":"","fileId":"A"}]`), "cmd[0].files[0]", "exactly one"},
		{"no kind", cmd(`,"files":[{}]`), "cmd[0].files[0]", "exactly one"},
		{"half a collector", cmd(`,"files":[{"name":"x"}]`), "cmd[0].files[0]", "a name and a max"},
		{"negative max", cmd(`,"files":[{"name":"x","max":-1}]`), "cmd[0].files[0].max", "0 or more"},
		{"nameless collector", cmd(`,"files":[{"name":"","max":1}]`), "cmd[0].files[0].name", "empty"},
		{"link as a descriptor", cmd(`,"files":[{"symlink":"x"}]`), "cmd[0].files[0].symlink", "copyIn"},
		{"collector in copyIn", cmd(`,"copyIn":{"a":{"name":"x","max":1}}`), `cmd[0].copyIn["a"]`, "belongs in files"},
		{"null in copyIn", cmd(`,"copyIn":{"a":null}`), `cmd[0].copyIn["a"]`, "null"},
		{"NUL in a link", cmd(`,"copyIn":{"a":{"symlink":"\u0000"}}`), `cmd[0].copyIn["a"].symlink`, "NUL"},
		{"null without a pipe", cmd(`,"files":[null]`), "cmd[0].files[0]", "no pipeMapping fills it"},
		{"two inputs of a terminal", cmd(`,"tty":true,"files":[{"content":""},{"content":""},{"name":"x","max":1}]`), "cmd[0].files", "a terminal has one"},
		{"no output of a terminal", cmd(`,"tty":true,"files":[{"content":""}]`), "cmd[0].files", "a terminal has one"},

		{"copyIn outside", cmd(`,"copyIn":{"../x":{"content":""}}`), `cmd[0].copyIn["../x"]`, "no .. in it"},
		{"copyIn outside and back", cmd(`,"copyIn":{"a/../../w/x":{"content":""}}`), `cmd[0].copyIn["a/../../w/x"]`, "no .. in it"},
		{"copyIn elsewhere", cmd(`,"copyIn":{"/etc/x":{"content":""}}`), `cmd[0].copyIn["/etc/x"]`, "below /w"},
		{"copyIn beside", cmd(`,"copyIn":{"/workers/x":{"content":""}}`), `cmd[0].copyIn["/workers/x"]`, "below /w"},
		{"copyIn as the directory", cmd(`,"copyIn":{"/w/":{"content":""}}`), `cmd[0].copyIn["/w/"]`, "below /w"},
		{"copyIn as a directory", cmd(`,"copyIn":{"a/":{"content":""}}`), `cmd[0].copyIn["a/"]`, "below /w"},
		{"copyIn without a name", cmd(`,"copyIn":{"":{"content":""}}`), `cmd[0].copyIn[""]`, "empty"},
		{"copyIn with NUL", cmd(`,"copyIn":{"a\u0000":{"content":""}}`), `cmd[0].copyIn["a\x00"]`, "NUL"},
		{"copyIn with a long name", cmd(`,"copyIn":{"` + strings.Repeat("x", 300) + `":{"content":""}}`), "", "at most 255"},
		{"copyIn in depth", cmd(`,"copyIn":{"` + strings.Repeat("x/", 100) + `x":{"content":""}}`), "", "at most 32"},
		{"copyOut outside", cmd(`,"copyOut":["../../etc/shadow"]`), "cmd[0].copyOut[0]", "no .. in it"},
		{"copyOut elsewhere", cmd(`,"copyOut":["/etc/passwd?"]`), "cmd[0].copyOut[0]", "below /w"},
		{"copyOutCached elsewhere", cmd(`,"copyOutCached":["a","/proc/self/mem"]`), "cmd[0].copyOutCached[1]", "below /w"},
		{"much copyOut", cmd(`,"copyOut":[` + strings.Repeat(`"a",`, MaxCopies) + `"a"]`), "cmd[0].copyOut", "want at most"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := ParseRequest(strings.NewReader(row.body))
			var field *FieldError
			require.ErrorAs(t, err, &field)
			if row.field != "" {
				assert.Equal(t, row.field, field.Field)
			}
			assert.Contains(t, field.Error(), row.reason)
			assert.Less(t, len(field.Error()), 2000)
		})
	}
}

func TestPipesThatAreRefused(t *testing.T) {
	for _, row := range []struct{ name, pipes, field, reason string }{
		{"no such command", `{"in":{"index":2,"fd":1},"out":{"index":1,"fd":0}}`, "pipeMapping[0].in.index", "2: want one of the commands, 0 to 1"},
		{"negative command", `{"in":{"index":0,"fd":1},"out":{"index":-1,"fd":0}}`, "pipeMapping[0].out.index", "-1"},
		{"negative descriptor", `{"in":{"index":0,"fd":-1},"out":{"index":1,"fd":0}}`, "pipeMapping[0].in.fd", "-1"},
		{"large descriptor", `{"in":{"index":0,"fd":1000000000},"out":{"index":1,"fd":0}}`, "pipeMapping[0].in.fd", "want 0 to 63"},
		{"taken by a file", `{"in":{"index":0,"fd":0},"out":{"index":1,"fd":0}}`, "pipeMapping[0].in.fd", "taken already"},
		{"taken by a pipe", `{"in":{"index":0,"fd":1},"out":{"index":1,"fd":0}},{"in":{"index":0,"fd":1},"out":{"index":1,"fd":3}}`, "pipeMapping[1].in.fd", "taken already"},
		{"taken by itself", `{"in":{"index":0,"fd":1},"out":{"index":0,"fd":1}}`, "pipeMapping[0].out.fd", "taken already"},
		{"negative max", `{"in":{"index":0,"fd":1},"out":{"index":1,"fd":0},"proxy":true,"name":"x","max":-1}`, "pipeMapping[0].max", "0 or more"},
		{"name without proxy", `{"in":{"index":0,"fd":1},"out":{"index":1,"fd":0},"name":"x","max":1}`, "pipeMapping[0].name", "proxy"},
		{"name of a collector", `{"in":{"index":0,"fd":1},"out":{"index":1,"fd":0},"proxy":true,"name":"err","max":1}`, "pipeMapping[0].name", "a collector"},
		{"nothing", ``, "cmd[0].files[1]", "no pipeMapping fills it"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := ParseRequest(strings.NewReader(`{"cmd":[{"args":["a"],"files":[{"content":""},null,{"name":"err","max":1}]},{"args":["b"],"files":[null]}],
				"pipeMapping":[` + row.pipes + `]}`))
			var field *FieldError
			require.ErrorAs(t, err, &field)
			assert.Equal(t, row.field, field.Field)
			assert.Contains(t, field.Reason, row.reason)
		})
	}
}

func TestLimitsThatAreNotGivenHaveDefaults(t *testing.T) {
	for _, row := range []struct {
		cmd  Cmd
		want string
	}{
		{Cmd{}, "10s 21s 268435456 0 64"},
		{Cmd{CPULimit: 1e9}, "1s 3s 268435456 0 64"},
		{Cmd{CPULimit: 2e9, ClockLimit: 1e9}, "2s 2s 268435456 0 64"},
		{Cmd{CPULimit: 1e9, ClockLimit: 5e9, RealCPULimit: 4e9}, "1s 4s 268435456 0 64"},
		{Cmd{MemoryLimit: 1 << 20, StackLimit: 1 << 30, ProcLimit: 1}, "10s 21s 1048576 1048576 1"},
	} {
		l, err := row.cmd.limits("cmd")
		require.NoError(t, err)
		assert.Equal(t, row.want, fmt.Sprint(l.CPU, l.Wall, l.Memory, l.Stack, l.Processes), "%+v", row.cmd)
	}
}

func FuzzParseRequest(f *testing.F) {
	f.Add(`{"cmd":[{"args":["a"],"copyIn":{"a":{"content":"x"}},"files":[null,{"name":"x","max":1}]}],"pipeMapping":[{"in":{"index":0,"fd":3},"out":{"index":0,"fd":0},"proxy":true,"name":"y"}]}`)
	f.Add(shell("true", `,"copyOut":["a?"],"cpuSetLimit":"0-3"`))
	f.Fuzz(func(t *testing.T, body string) {
		r, err := ParseRequest(strings.NewReader(body))
		if err != nil {
			var field *FieldError
			assert.True(t, errors.As(err, &field), "%v", err)
			return
		}
		for _, c := range r.Cmd {
			for name := range c.CopyIn {
				at, err := place(name)
				require.NoError(t, err)
				assert.True(t, strings.HasPrefix(at, workDir+"/") && !strings.Contains(at, "/../"), at)
			}
		}
	})
}
