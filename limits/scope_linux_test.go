package limits

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fakeBusctl puts a busctl on PATH that writes its arguments into a file, a line each, and then goes on
// with a script, in which $8 is the unit's name.
func fakeBusctl(t *testing.T, script string) (arguments string) {
	t.Helper()
	dir := t.TempDir()
	arguments = filepath.Join(dir, "arguments")
	text := "#!/bin/sh\nprintf '%s\\n' \"$@\" >" + arguments + "\n" + script + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "busctl"), []byte(text), 0o755))
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	return arguments
}

func TestScopeIsAskedOfTheUserManager(t *testing.T) {
	membership := filepath.Join(t.TempDir(), "cgroup")
	s := scope{name: "judge-7-X.scope", pid: 7, membership: membership}
	arguments := fakeBusctl(t, "echo 0::/user.slice/user-1000.slice/user@1000.service/app.slice/$8 >"+membership)
	require.NoError(t, s.enter())
	got, err := os.ReadFile(arguments)
	require.NoError(t, err)
	assert.Equal(t, "--user call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager "+
		"StartTransientUnit ssa(sv)a(sa(sv)) judge-7-X.scope fail "+
		"4 Description s judge PIDs au 1 7 Delegate b true CollectMode s inactive-or-failed 0",
		strings.Join(strings.Fields(string(got)), " "))
}

func TestScopeThatCannotBeHadSaysWhy(t *testing.T) {
	s := scope{name: "judge-7-X.scope", pid: 7, membership: filepath.Join(t.TempDir(), "none")}
	t.Run("no bus", func(t *testing.T) {
		fakeBusctl(t, "echo Failed to connect to bus: No medium found >&2; exit 1")
		assert.EqualError(t, s.enter(),
			"ask the user manager for a scope: Failed to connect to bus: No medium found (busctl: exit status 1)")
	})
	t.Run("no busctl", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		assert.EqualError(t, s.enter(), `ask the user manager for a scope: exec: "busctl": executable file not found in $PATH`)
	})
	t.Run("no cgroups", func(t *testing.T) {
		fakeBusctl(t, "")
		assert.ErrorIs(t, s.enter(), os.ErrNotExist)
	})
}

func TestScopeIsForWhomNoGroupIsWritable(t *testing.T) {
	v2 := layout{{unified: true}}
	hybrid := append(layout{{controllers: []string{"memory"}}}, v2...)
	denied := missing("memory", &os.PathError{Op: "mkdir", Path: "/sys/fs/cgroup/judge", Err: syscall.EACCES}, "")
	for _, tt := range []struct {
		name    string
		layout  layout
		root    bool
		problem Problem
		want    bool
	}{
		{"user", v2, false, denied, true},
		{"root", v2, true, denied, false},
		{"hybrid", hybrid, false, denied, false},
		{"others in our cgroup", v2, false, missing("memory", errShared, ""), true},
		{"kernel without the controller", v2, false, missing("memory", errNoController, ""), false},
		{"nothing that matters", v2, false, Problem{Limit: "swap", Cause: errors.New("some")}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := &Host{layout: tt.layout, problems: []Problem{tt.problem}}
			assert.Equal(t, tt.want, h.wantsScope(tt.root))
		})
	}
}

func TestHostWithoutAScopeIsRefusedWithBothCauses(t *testing.T) {
	fakeBusctl(t, "echo no bus; exit 1")
	h := &Host{problems: []Problem{
		missing("cpu", errShared, "do this"),
		{Limit: "swap", Sentence: "Swap is not counted."},
	}}
	h, err := h.move(newScope())
	require.NoError(t, err)
	assert.Equal(t, "Swap is not counted.", h.problems[1].Sentence)
	_, err = h.accept(Options{})
	assert.EqualError(t, err, "no control group for cpu: other processes are in it; "+
		"ask the user manager for a scope: no bus (busctl: exit status 1)\n"+
		"do this; that needs a user manager: log in, or as root: loginctl enable-linger "+strconv.Itoa(os.Geteuid()))
	assert.ErrorIs(t, err, errShared)
}

func TestBusIsFoundWithoutALogin(t *testing.T) {
	assert.Equal(t, []string{"A=b", "XDG_RUNTIME_DIR=/run/user/7"}, busEnvironment([]string{"A=b"}, 7))
	told := []string{"XDG_RUNTIME_DIR=/elsewhere"}
	assert.Equal(t, told, busEnvironment(told, 7))
}

func TestLayoutKnowsOurScope(t *testing.T) {
	own := "/user.slice/user@1000.service/app.slice/" + newScope().name
	for cgroup, want := range map[string]bool{
		own:                              true,
		own + "/judge/7-X/self":          true, // a Host is open
		"/system.slice/judge.service":    false,
		"/app.slice/judge-0-OTHER.scope": false,
		"":                               false,
	} {
		assert.Equal(t, want, layout{{unified: true, own: cgroup}}.inScope(), cgroup)
	}
	assert.False(t, layout{}.inScope())
}
