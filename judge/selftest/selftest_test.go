package selftest

import (
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/fixtures/hostile"
	"judge/fixtures/testenv"
	"judge/judge"
)

// quick are programs of every kind that need little time. JUDGE_TEST_ALL=1 has all of them run.
var quick = []string{
	"ce_include_secret.c", "ce_py_nested.py", "chk_nul.c", "ctl_exec_children.c", "disk_overlay_games.c", "exec_memory.c",
	"exit_codes.c", "fd_inherited.c", "fd_stdin_tamper.c", "fd_stdout_games.c", "leak_answers.c", "leak_env.c",
	"leak_pid_guess.c", "leak_sysv_ipc.c", "mem_forked_cow.c", "mem_huge_pages.c", "mem_loopback.c", "mem_malloc.c",
	"net_connect.c", "net_families.c", "out_stdout_flood.c", "pair_sysv.c", "persist_artifact.c", "persist_ipc.c", "priv_clone_flags.c", "priv_int80.c",
	"priv_mount.c", "priv_new_calls.c", "priv_pidfd.c", "priv_proc_files.c", "priv_shared_files.c", "priv_userns.c",
	"proc_daemon_left.c", "proc_exit_race.c", "proto_clone_parent.c", "sig_groups.c", "sig_kill_all.c",
}

func TestHostilePrograms(t *testing.T) {
	all, err := hostile.All()
	require.NoError(t, err)
	slowness, err := Slowness()
	require.NoError(t, err)
	runner, err := NewRunner(t.Context(), Options{Slowness: slowness})
	var host *judge.HostError
	if errors.As(err, &host) {
		testenv.Skip(t, err)
	}
	require.NoError(t, err)
	defer func() { assert.NoError(t, runner.Close()) }()
	for _, p := range all {
		if os.Getenv("JUDGE_TEST_ALL") != "1" && !slices.Contains(quick, p.File) {
			continue
		}
		t.Run(p.File, func(t *testing.T) {
			result, err := runner.Run(t.Context(), p)
			require.NoError(t, err)
			if result.Needs != "" {
				testenv.Skip(t, errors.New("needs "+result.Needs))
			}
			for _, broken := range result.Broken {
				t.Error(broken)
			}
		})
	}
}

func TestQuickProgramsExist(t *testing.T) {
	all, err := hostile.All()
	require.NoError(t, err)
	for _, name := range quick {
		assert.True(t, slices.ContainsFunc(all, func(p hostile.Program) bool { return p.File == name }), name)
	}
}

// TestCanariesTell touches the canaries as a program would that got out.
func TestCanariesTell(t *testing.T) {
	c, err := plant(t.TempDir())
	if errors.Is(err, errors.ErrUnsupported) {
		testenv.Skip(t, err)
	}
	require.NoError(t, err)
	defer func() { assert.NoError(t, c.Close()) }()
	assert.Empty(t, c.contacts())
	touchCanaries(t, c)
	found := c.contacts()
	assert.Contains(t, found, `the host's process is in state "T"`)
	assert.Contains(t, found, "somebody connected to "+c.file+".socket")
}
