package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// resumeTasks has submissions in files and in lines, right and wrong ones, twins, and points.
const resumeTasks = `
[defaults]
limits = { time = "20s", wall = "60s" }
test   = [{ input = "1 2", answer = "3" }, { input = "4 4", answer = "8" }, { input = "0 7", answer = "7" }]

[[task]]
name        = "files"
submissions = ["*.sh"]
expect      = { "wrong.sh" = "wrong-answer" }

[[task]]
name   = "lines"
source = { file = "answers.jsonl" }
expect = { "*-wrong" = "wrong-answer", "*-broken" = "compile-error" }

[[task]]
name        = "points"
submissions = ["*.sh"]
group       = [{ name = "few", tests = ["1"], score = 30 }, { name = "many", tests = ["2", "3"], score = 70 }]
expect      = { "wrong.sh" = { score = 30, verdict = "wrong-answer" } }
`

// resumeDir writes the tasks, with n answers in the JSONL file.
func resumeDir(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	const right = "read a b; echo $((a + b))"
	var lines bytes.Buffer
	for i := range n {
		id, code := fmt.Sprint(i), fmt.Sprintf("%s # %d", right, i)
		switch i % 7 {
		case 1:
			code = right
		case 3:
			id, code = id+"-wrong", fmt.Sprintf("read a b; echo $((a + b - a %% 4)) # %d", i%2)
		case 5:
			id, code = id+"-broken", fmt.Sprintf("if # %d", i)
		}
		require.NoError(t, json.NewEncoder(&lines).Encode(map[string]string{"id": id, "language": "bash", "code": code}))
	}
	for name, text := range map[string]string{
		"tasks.toml":    resumeTasks,
		"answers.jsonl": lines.String(),
		"right.sh":      right,
		"wrong.sh":      "read a b; echo $((a + b - a % 4 / 3 * 3 - (a == 4)))",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return dir
}

func TestKilledAndResumedIsAsIfUndisturbed(t *testing.T) {
	needsJudging(t)
	dir := resumeDir(t, 60)
	keys := []string{"same_as", "score", "groups", "pass_at", "limits"}
	whole := filepath.Join(dir, "whole.jsonl")
	out, err := exec.Command("judge", "run", "--format", "none", "--out", whole, dir).CombinedOutput()
	require.NoError(t, err, string(out))
	want := stable(t, readRecords(t, whole), keys)
	size := fileSize(t, whole)

	random := rand.New(rand.NewPCG(5, 6))
	for round := range 3 {
		records := filepath.Join(dir, fmt.Sprintf("%d.jsonl", round))
		for kills, tries := 0, 0; ; tries++ {
			cmd := exec.Command("judge", "run", "--format", "none", "--resume", "--out", records, dir)
			var stderr strings.Builder
			cmd.Stderr = &stderr
			require.NoError(t, cmd.Start())
			// It is killed when it has written a random share of what there is to write, up to once too often.
			until := random.Int64N(size/3) + fileSize(t, records)
			killed, err := waitOrKill(cmd, records, until)
			if killed && err != nil {
				kills++
				continue
			}
			require.NoError(t, err, stderr.String())
			if kills > 0 {
				break
			}
			require.Less(t, tries, 10, "it was never killed in time")
			require.NoError(t, os.Remove(records))
		}
		assertLines(t, want, stable(t, readRecords(t, records), keys))
	}

	// What is complete stays as it is, and the table is there again.
	before, err := os.ReadFile(whole)
	require.NoError(t, err)
	out, err = exec.Command("judge", "run", "--resume", "--out", whole, dir).CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Contains(t, string(out), "64 submissions,")
	assert.Contains(t, string(out), "pass@1")
	after, err := os.ReadFile(whole)
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after))
}

// waitOrKill waits for a judge, which it kills when its file has so many bytes. It returns whether it did.
func waitOrKill(cmd *exec.Cmd, file string, size int64) (killed bool, err error) {
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			return killed, err
		case <-time.After(time.Millisecond): // any instant will do
		}
		if info, err := os.Stat(file); err == nil && info.Size() >= size && !killed {
			killed = cmd.Process.Kill() == nil
		}
	}
}

func fileSize(t *testing.T, file string) int64 {
	t.Helper()
	info, err := os.Stat(file)
	if os.IsNotExist(err) {
		return 0
	}
	require.NoError(t, err)
	return info.Size()
}

func TestInterruptedCanBeResumed(t *testing.T) {
	needsJudging(t)
	dir := resumeDir(t, 60)
	records := filepath.Join(dir, "records.jsonl")
	interrupted := false
	for range 10 { // as often as we come too late
		os.Remove(records)
		cmd := exec.Command("judge", "run", "--format", "none", "--out", records, dir)
		require.NoError(t, cmd.Start())
		for fileSize(t, records) < 20_000 {
			<-time.After(time.Millisecond) // any instant will do
		}
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		if interrupted = cmd.Wait() != nil; interrupted {
			assert.Equal(t, statusInterrupted, cmd.ProcessState.ExitCode())
			break
		}
	}
	require.True(t, interrupted)
	out, err := exec.Command("judge", "run", "--format", "none", "--resume", "--out", records, dir).CombinedOutput()
	require.NoError(t, err, string(out))
	for _, r := range readRecords(t, records) {
		assert.NotEqual(t, "cancelled", r.Reason)
	}
	assert.Equal(t, 64, summaryOf(t, records).Submissions)
}

func TestRecordsOfOtherTasksAreNotTouched(t *testing.T) {
	needsJudging(t)
	dir := resumeDir(t, 7)
	records := filepath.Join(dir, "records.jsonl")
	out, err := exec.Command("judge", "run", "--format", "none", "--out", records, "--only", "files", dir).CombinedOutput()
	require.NoError(t, err, string(out))
	whole, err := os.ReadFile(records)
	require.NoError(t, err)
	for _, row := range []struct {
		name, text string
		args       []string
		want       string
	}{
		{"other tests", string(whole), []string{"--only", "files/*/3"}, `line 2: is run of "right.sh" on test "1" in task "files"; the plan has run of "right.sh" on test "3"`},
		{"other task", string(whole), []string{"--only", "lines"}, `line 1: is compile of "right.sh" in task "files"; the plan has compile of "0" in task "lines"`},
		{"more tasks", string(whole), nil, `is the summary; the plan has compile of "0" in task "lines"`},
		{"fewer tasks", string(whole), []string{"--only", "files/right.sh"}, `the plan is at its end`},
		{"all tests", string(whole), []string{"--only", "files", "--all-tests"}, `of "wrong.sh" on test`},
		{"no records", "something else", nil, "line 1: is not a record"},
		{"no records, with an end", "something else\n", nil, "line 1: is not a record"},
		{"after the summary", string(whole) + string(whole), []string{"--only", "files"}, "follows the summary"},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(records, []byte(row.text), 0o644))
			args := append([]string{"run", "--resume", "--format", "none", "--out", records, dir}, row.args...)
			out, err := exec.Command("judge", args...).CombinedOutput()
			assert.Equal(t, statusUsage, statusOfExec(err))
			assert.Contains(t, string(out), row.want)
			after, err := os.ReadFile(records)
			require.NoError(t, err)
			assert.Equal(t, row.text, string(after), "the file")
		})
	}
}

func TestTwoJudgesDoNotWriteOneFile(t *testing.T) {
	dir := resumeDir(t, 7)
	records := filepath.Join(dir, "records.jsonl")
	require.NoError(t, os.WriteFile(records, []byte("kept"), 0o644))
	file, err := os.Open(records)
	require.NoError(t, err)
	defer file.Close()
	require.NoError(t, unix.Flock(int(file.Fd()), unix.LOCK_EX))
	for _, args := range [][]string{{}, {"--resume"}} {
		out, err := exec.Command("judge", append([]string{"run", "--out", records, dir}, args...)...).CombinedOutput()
		assert.Equal(t, statusUsage, statusOfExec(err))
		assert.Contains(t, string(out), "another judge is writing it")
		text, err := os.ReadFile(records)
		require.NoError(t, err)
		assert.Equal(t, "kept", string(text))
	}
}
