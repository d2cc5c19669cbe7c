package judge

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/isolate"
)

const sandboxTask = "[[task]]\nname = \"x\"\ncommand = [\"true\"]\nchecker = \"none\"\ntest = [{}]\nsandbox = "

func TestNetworkOfATask(t *testing.T) {
	for _, row := range []struct {
		name, table string
		want        isolate.Config
	}{
		{"default", `{}`, isolate.Config{}},
		{"none", `{ network = "none" }`, isolate.Config{}},
		{"loopback", `{ network = "loopback" }`, isolate.Config{Network: isolate.Loopback}},
		{"user", `{ network = "user", ports = [443, 80] }`, isolate.Config{Network: isolate.User, Ports: []uint16{443, 80}}},
		{"user without a port", `{ network = "user", ports = [] }`, isolate.Config{Network: isolate.User}},
	} {
		t.Run(row.name, func(t *testing.T) {
			tasks, _ := load(t, sandboxTask+row.table+"\n", "")
			assert.Equal(t, row.want, configOf(&tasks[0]))
		})
	}
}

func TestNetworkMistakes(t *testing.T) {
	for _, row := range []struct{ name, table, want string }{
		{"unknown", `{ network = "usr" }`, `network "usr": want "none", "loopback" or "user"`},
		{"user without ports", `{ network = "user" }`, `network "user": want the TCP ports that programs may connect to, as in ports = [443]`},
		{"ports without a network", `{ ports = [443] }`, `ports: are for network = "user"`},
		{"ports of a loopback", `{ network = "loopback", ports = [443] }`, `ports: are for network = "user"`},
		{"one port", `{ network = "user", ports = 443 }`, `ports 443: want an array of TCP ports, as in [443]`},
		{"text", `{ network = "user", ports = ["https"] }`, `ports "https": want TCP ports from 1 to 65535`},
		{"no port", `{ network = "user", ports = [0] }`, `ports 0: want TCP ports from 1 to 65535`},
		{"too large", `{ network = "user", ports = [65536] }`, `ports 65536: want TCP ports from 1 to 65535`},
		{"twice", `{ network = "user", ports = [1, 2, 1] }`, `ports 1: is there twice`},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := write(t, map[string]string{"tasks.toml": sandboxTask + row.table + "\n"})
			_, err := Load(dir)
			require.Error(t, err)
			assert.ErrorContains(t, err, row.want)
		})
	}
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
