package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

// TestInteractiveVerdictsDoNotDependOnChance judges submissions that end at about the same time as the
// interactor, many times, more at a time than there are CPUs.
func TestInteractiveVerdictsDoNotDependOnChance(t *testing.T) {
	needsJudging(t)
	const times = 25
	want := map[string]string{
		"ok.cpp": "accepted", "ok_chatty.py": "accepted", "wrong_then_crash.py": "wrong-answer checker",
		"wrong_then_killed.c": "wrong-answer checker", "wrong_silent_exit.py": "wrong-answer checker",
		"crash_early.py": "runtime-error exit-code", "deadlock_unflushed.c": "time-limit deadlock",
	}
	dir := t.TempDir()
	copyFile(t, filepath.Join(fixtures, "interactive/interact.py"), filepath.Join(dir, "interact.py"))
	for name := range want {
		copyFile(t, filepath.Join(fixtures, "interactive/subs", name), filepath.Join(dir, "subs", name))
	}
	tasks := "[[task]]\nname = \"guess\"\nsubmissions = [\"subs/*\"]\nlimits = { time = \"2s\", wall = \"60s\" }\ninteractor = { source = \"interact.py\" }\n"
	for i := range times {
		tasks += fmt.Sprintf("[[task.test]]\ninput = \"%d\"\n", 2*i+2)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tasks.toml"), []byte(tasks), 0o644))
	records, _ := judgeFixture(t, dir, runFlags{jobs: 6, allTests: true})
	got := map[string]map[string]int{}
	for _, r := range records {
		if r.Kind != judge.KindRun {
			continue
		}
		name := strings.TrimPrefix(r.Submission, "subs/")
		if got[name] == nil {
			got[name] = map[string]int{}
		}
		got[name][strings.TrimSpace(string(r.Verdict)+" "+r.Reason)]++
	}
	for name, verdict := range want {
		assert.Equal(t, map[string]int{verdict: times}, got[name], name)
	}
}

// TestReplayPlaysTheInteractorsPart feeds one side of what was said in an earlier run.
func TestReplayPlaysTheInteractorsPart(t *testing.T) {
	needsJudging(t)
	dir := filepath.Join(fixtures, "interactive")
	first, _ := judgeFixture(t, dir, runFlags{transcript: true, only: []string{"guess/subs/ok.py", "guess/subs/deadlock_unflushed.c", "to the end", "silent"}})
	said := ""
	for _, r := range first {
		if r.Submission == "subs/ok.py" && r.Test == "1" {
			for _, m := range r.Transcript {
				said += fmt.Sprintf("%s: %s", m.From, m.Text)
			}
		}
	}
	assert.Equal(t, "submission: 64\ninteractor: lower\nsubmission: 32\ninteractor: higher\nsubmission: 48\ninteractor: lower\nsubmission: 40\ninteractor: lower\n"+
		"submission: 36\ninteractor: higher\nsubmission: 38\ninteractor: lower\nsubmission: 37\ninteractor: correct\n", said)

	file := filepath.Join(t.TempDir(), "transcripts.jsonl")
	var lines []byte
	for _, r := range first {
		var err error
		lines, err = judge.AppendRecord(lines, &r)
		require.NoError(t, err)
	}
	require.NoError(t, os.WriteFile(file, lines, 0o644))
	got := map[string]string{}
	again, _ := judgeFixture(t, dir, runFlags{replay: file, only: []string{
		"guess/subs/ok.py", "guess/subs/ok.cpp", "guess/subs/wrong_guess.py", "guess/subs/crash_early.py", "guess/subs/deadlock_reads_twice.py", "to the end", "silent"}})
	for _, r := range again {
		if r.Kind == judge.KindRun && r.Test == "1" {
			got[r.Submission] = fmt.Sprintf("%s %s", r.Verdict, r.Message)
		}
	}
	assert.Equal(t, map[string]string{
		"subs/ok.py":                   "accepted ",
		"subs/ok.cpp":                  "accepted ", // says the same
		"subs/wrong_guess.py":          `wrong-answer message 1 of the transcript: expected "64\n", found "1\n"`,
		"subs/crash_early.py":          "runtime-error exit code 3",
		"subs/deadlock_reads_twice.py": `wrong-answer message 1 of the transcript: expected "64\n", found "1\n"`,
		"ends/says_bye.sh":             "accepted ",
		"listens.sh":                   "accepted ",
		"ends/never_ends.sh":           "time-limit all wait for input: interactor wrote last, so submission should have written (is its output flushed?)",
	}, got)
}

func TestTranscriptOfAnotherSubmissionIsTheSecondChoice(t *testing.T) {
	run := func(submission string, cut bool, texts ...string) judge.Record {
		r := judge.Record{Schema: judge.Schema, Kind: judge.KindRun, Task: "t", Submission: submission, Test: "1", Transcript: []judge.Message{}, TranscriptCut: cut}
		for _, text := range texts {
			r.Transcript = append(r.Transcript, judge.Message{From: judge.InteractorName, To: judge.SubmissionName, Text: text})
		}
		return r
	}
	file := filepath.Join(t.TempDir(), "records.jsonl")
	var lines []byte
	for _, r := range []judge.Record{run("silent", false), run("floods", true, "x"), run("talks", false, "hello")} {
		var err error
		lines, err = judge.AppendRecord(lines, &r)
		require.NoError(t, err)
	}
	require.NoError(t, os.WriteFile(file, lines, 0o644))
	source, err := readTranscripts(file)
	require.NoError(t, err)
	talk := run("", false, "hello").Transcript
	for submission, want := range map[string][]judge.Message{"talks": talk, "unknown": talk, "silent": {}, "floods": nil} {
		assert.Equal(t, want, source("t", submission, "1"), submission)
	}
	assert.Nil(t, source("t", "talks", "2"))
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o755))
	require.NoError(t, os.WriteFile(to, content, 0o644))
}
