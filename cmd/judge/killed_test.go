package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"judge/judge"
)

// patience is when a test gives up waiting for what comes at once, if the machine is not slow.
const patience = 2 * time.Minute

// busyProgram shows in a pipe of ours that it runs: it and everything that it starts hold the pipe open,
// so that its end tells when the last of them is gone. It sleeps, spins and forks, and minds no signal.
const busyProgram = `#!/bin/bash
exec 3>/shared/pipe
trap '' TERM INT HUP
(setsid bash -c 'trap "" TERM INT HUP; while :; do sleep 1000; done' &)
while :; do (exit); done &
echo started >&3
while :; do sleep 1000; done
`

// busyTasks begins with a submission that is accepted at once.
const busyTasks = `
[defaults]
checker = "none"
limits  = { time = "500s", wall = "1000s" }
test    = [{ name = "1", input = "" }, { name = "2", input = "" }]

[[task]]
name    = "quick"
command = ["true"]

[[task]]
name    = "busy"
command = ["./busy"]
sandbox = { binds = ["shared:/shared:rw"] }
`

// busyJudge is a judge with a program that runs.
type busyJudge struct {
	*exec.Cmd
	stderr  bytes.Buffer
	records string
	pipe    *os.File
}

// startBusy returns when the program is running.
func startBusy(t *testing.T) *busyJudge {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(dir+"/tasks.toml", []byte(busyTasks), 0o644))
	require.NoError(t, os.WriteFile(dir+"/busy", []byte(busyProgram), 0o755))
	pipe := dir + "/shared/pipe"
	require.NoError(t, os.Mkdir(dir+"/shared", 0o755))
	require.NoError(t, unix.Mkfifo(pipe, 0))
	require.NoError(t, os.Chmod(pipe, 0o666)) // whatever the umask and the program's user are
	j := &busyJudge{records: filepath.Join(dir, "records.jsonl")}
	j.Cmd = exec.Command("judge", "run", "--jobs", "1", "--format", "none", "--out", j.records, dir)
	j.Stderr = &j.stderr
	require.NoError(t, j.Start())
	t.Cleanup(func() {
		j.Process.Kill()
		j.Wait()
	})
	within(t, "the program starts", func() (err error) {
		j.pipe, err = os.Open(pipe) // waits for the program to open it too
		return err
	})
	t.Cleanup(func() { j.pipe.Close() })
	require.NoError(t, j.pipe.SetReadDeadline(time.Now().Add(patience)))
	started := make([]byte, len("started\n"))
	_, err := io.ReadFull(j.pipe, started)
	require.NoError(t, err)
	return j
}

// wait returns the exit status, or that of a shell for a signal.
func (j *busyJudge) wait(t *testing.T) int {
	t.Helper()
	within(t, "judge ends", func() error {
		j.Wait()
		return nil
	})
	if status := j.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() {
		return 128 + int(status.Signal())
	}
	return j.ProcessState.ExitCode()
}

// wantGone waits until no program has the pipe open any more.
func (j *busyJudge) wantGone(t *testing.T) {
	t.Helper()
	require.NoError(t, j.pipe.SetReadDeadline(time.Now().Add(patience)))
	_, err := io.Copy(io.Discard, j.pipe)
	require.NoError(t, err, "programs are still there")
}

// groups are those of this judge.
func (j *busyJudge) groups() []string {
	var own []string
	for _, g := range judgeGroups() {
		if ownerOf(g) == j.Process.Pid {
			own = append(own, g)
		}
	}
	return own
}

func within(t *testing.T, what string, f func() error) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		require.NoError(t, err, what)
	case <-time.After(patience):
		t.Fatalf("%s: not within %v", what, patience)
	}
}

func TestSignalsEndProgramsAndKeepResults(t *testing.T) {
	needsJudging(t)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(unix.SignalName(signal), func(t *testing.T) {
			j := startBusy(t)
			require.NoError(t, j.Process.Signal(signal))
			assert.Equal(t, statusInterrupted, j.wait(t))
			assert.Equal(t, "judge: interrupted: what was known is written\n", j.stderr.String())
			j.wantGone(t)
			assert.Empty(t, j.groups())
			var done []string
			for _, r := range readRecords(t, j.records) {
				if r.Kind == judge.KindSubmission {
					done = append(done, strings.TrimSpace(r.Task+" "+string(r.Verdict)+" "+r.Reason))
				}
			}
			assert.Contains(t, done, "quick accepted")
			assert.NotContains(t, done, "busy accepted")
		})
	}
}

func TestProgramsDieWithAKilledJudge(t *testing.T) {
	needsJudging(t)
	dead := startBusy(t)
	living := startBusy(t)
	require.NoError(t, dead.Process.Kill())
	assert.Equal(t, 128+int(syscall.SIGKILL), dead.wait(t))
	dead.wantGone(t)
	kept := living.groups()
	require.NotEmpty(t, kept)

	records, status := judgeFixture(t, fixtures+"/defaults-include", runFlags{})
	assert.Equal(t, statusExpected, status)
	assert.NotEmpty(t, records)
	assert.Empty(t, dead.groups(), "left by the dead judge after the next run")
	assert.Equal(t, kept, living.groups(), "of a judge that lives")

	require.NoError(t, living.Process.Signal(os.Interrupt))
	assert.Equal(t, statusInterrupted, living.wait(t), living.stderr.String())
	living.wantGone(t)
	for _, r := range readRecords(t, dead.records) {
		assert.NotEqual(t, judge.KindSummary, r.Kind)
	}
}
