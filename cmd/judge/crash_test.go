package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"judge/judge"
)

// crashTasks keeps a judge busy with all that it does: compiling, running in parallel, refusing.
const crashTasks = `
[[task]]
name        = "sum"
submissions = ["right.sh", "wrong.sh", "slow.sh"]
checker     = "tokens"
limits      = { time = "20s", wall = "60s" }
expect      = { "wrong.sh" = "wrong-answer" }
`

// crashDir writes the tasks with n tests.
func crashDir(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	var tasks strings.Builder
	tasks.WriteString(crashTasks)
	for i := range n {
		fmt.Fprintf(&tasks, "[[task.test]]\nname = \"%d\"\ninput = \"%d 1\"\nanswer = \"%d\"\n", i, i, i+1)
	}
	for name, text := range map[string]string{
		"tasks.toml": tasks.String(),
		"right.sh":   "read a b; echo $((a + b))",
		"wrong.sh":   "read a b; echo $((a - b))",
		"slow.sh":    "read a b; (sleep 1000 &); sleep 0.01; echo $((a + b))",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text+"\n"), 0o644))
	}
	return dir
}

// wantWholeRecords reads what a judge has written: whole lines, and verdicts that are right. It returns what
// follows the last of them: the kernel ends the write of a killed process between two pages.
func wantWholeRecords(t *testing.T, file string) (unfinished string) {
	t.Helper()
	written, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return ""
	}
	require.NoError(t, err)
	end := bytes.LastIndexByte(written, '\n') + 1
	for line := range bytes.Lines(written[:end]) {
		var r judge.Record
		require.NoError(t, json.Unmarshal(line, &r), "%q", line)
		if r.Kind == judge.KindRun {
			want := judge.Accepted
			if r.Submission == "wrong.sh" {
				want = judge.WrongAnswer
			}
			require.Equal(t, want, r.Verdict, "%s %s: %s", r.Submission, r.Test, r.Message)
		}
	}
	return string(written[end:])
}

// crashes is how often the judge is killed: often enough to hit every stage, from its own start on.
func crashes(t *testing.T) int {
	if testing.Short() {
		return 20
	}
	return 200
}

func TestJudgeKilledAtAnyInstantLeavesNothing(t *testing.T) {
	needsJudging(t)
	dir := crashDir(t, 40)
	records := filepath.Join(dir, "records.jsonl")
	random := rand.New(rand.NewPCG(1, 2))
	ours := map[string]bool{} // groups of judges that were killed
	for range crashes(t) {
		os.Remove(records)
		cmd := exec.Command("judge", "run", "--format", "none", "--all-tests", "--out", records, dir)
		require.NoError(t, cmd.Start())
		<-time.After(time.Duration(random.IntN(250)) * time.Millisecond) // any instant will do
		require.NoError(t, cmd.Process.Kill())
		cmd.Wait()
		for _, g := range judgeGroups() {
			if ownerOf(g) == cmd.Process.Pid {
				ours[g] = true
			}
		}
		wantWholeRecords(t, records)
	}
	assert.NotEmpty(t, ours)
	out, err := exec.Command("judge", "run", "--all-tests", "--format", "none", "--out", records, dir).CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Empty(t, wantWholeRecords(t, records))
	for _, g := range judgeGroups() { // others may be at work
		assert.False(t, ours[g], "the next judge sweeps %s", g)
	}
	assert.Empty(t, sandboxProcesses(t), "processes of dead judges")
}

func TestKilledMachineryIsRetriedAndCostsNobodyAVerdict(t *testing.T) {
	needsJudging(t)
	dir := crashDir(t, 100)
	records := filepath.Join(dir, "records.jsonl")
	cmd := exec.Command("judge", "run", "--format", "none", "--all-tests", "--jobs", "2", "--out", records, dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	random := rand.New(rand.NewPCG(3, 4))
	// No run is hit again and again: this is longer than one takes with a new sandbox, and on a slow machine one of the
	// two that there are has ended since.
	pause := time.Duration(slowness(t)) * 300 * time.Millisecond
	kills, written := 0, int64(-1)
	for {
		select {
		case err := <-ended:
			require.NoError(t, err, stderr.String())
			assert.NotZero(t, kills)
			t.Log(kills, "kills")
			wantWholeRecords(t, records)
			totals := summaryOf(t, records)
			assert.Equal(t, judge.Totals{
				Submissions: 3, Runs: 300, AsExpected: 3,
				Verdicts: map[judge.Verdict]int{judge.Accepted: 2, judge.WrongAnswer: 1},
			}, totals)
			return
		case <-time.After(pause):
			if victims := sandboxProcesses(t); len(victims) > 0 && fileSize(t, records) > written {
				written = fileSize(t, records)
				unix.Kill(victims[random.IntN(len(victims))], unix.SIGKILL)
				kills++
			}
		}
	}
}

// sandboxProcesses lists intermediates and inits of judges that are this binary. They have their name; so
// has a program before it is executed, but who kills that kills a program.
func sandboxProcesses(t *testing.T) []int {
	t.Helper()
	path, err := exec.LookPath("judge")
	require.NoError(t, err)
	binary, err := os.Stat(path)
	require.NoError(t, err)
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	var pids []int
	for _, f := range files {
		line, err := os.ReadFile(f)
		if err != nil || !strings.HasPrefix(string(line), "judge: sandbox") {
			continue
		}
		if exe, err := os.Stat(filepath.Join(filepath.Dir(f), "exe")); err != nil || !os.SameFile(exe, binary) {
			continue
		}
		status, err := os.ReadFile(filepath.Join(filepath.Dir(f), "status"))
		if err != nil || programNS.Match(status) {
			continue
		}
		pid, err := strconv.Atoi(strings.Split(f, "/")[2])
		require.NoError(t, err)
		pids = append(pids, pid)
	}
	return pids
}

// programNS matches the status of process 2 of a run (proc_pid_status(5), NSpid).
var programNS = regexp.MustCompile(`(?m)^NSpid:\t\d+\t2$`)

func summaryOf(t *testing.T, file string) judge.Totals {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	var r judge.Record
	require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &r))
	require.Equal(t, judge.KindSummary, r.Kind)
	return *r.Totals
}
