package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

// TestScripts runs the scripts of testdata/script; those in directory judge run programs.
//
// The command `status N judge ...` wants this exit status, where `exec` tells only success and failure.
func TestScripts(t *testing.T) {
	runScripts(t, "testdata/script")
}

func TestJudgingScripts(t *testing.T) {
	needsJudging(t)
	runScripts(t, "testdata/script/judge")
}

func runScripts(t *testing.T, dir string) {
	files, err := filepath.Glob(dir + "/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	testscript.Run(t, testscript.Params{
		Files:               files,
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"status": execStatus, "damage": damage, "windows": windows},
	})
}

// execStatus executes a command and compares its exit status; its output is there for stdout and stderr.
func execStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command [argument...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	if got := statusOfExec(err); got != want {
		ts.Fatalf("%s: exit status %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// damage changes the last byte of each file in a directory.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: damage directory")
	}
	dir := ts.MkAbs(args[0])
	entries, err := os.ReadDir(dir)
	ts.Check(err)
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		content, err := os.ReadFile(name)
		ts.Check(err)
		content[len(content)-1] ^= 1
		ts.Check(os.WriteFile(name, content, 0o600))
	}
}

// windows gives a file the line ends of Windows.
func windows(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: windows file")
	}
	name := ts.MkAbs(args[0])
	text := strings.ReplaceAll(ts.ReadFile(name), "\n", "\r\n")
	ts.Check(os.WriteFile(name, []byte(text), 0o644))
}

func statusOfExec(err error) int {
	if exit, ok := err.(*exec.ExitError); ok {
		return exit.ExitCode()
	}
	if err != nil {
		return -1
	}
	return 0
}
