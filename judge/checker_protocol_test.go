package judge

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"judge/limits"
)

func TestOutcomeOfCheckerPrograms(t *testing.T) {
	l := limits.Limits{CPU: time.Second, Wall: 2 * time.Second, Memory: 64 << 20, Output: 1 << 20, Processes: 8, Disk: 1 << 20, Inodes: 100}
	said := func(text string) *Capture { return NewCapture([]byte(text), int64(len(text)), KeepFeedback) }
	written := func(text string) *string { return &text }
	cases := []struct {
		name     string
		protocol string
		facts    Facts // limits are filled in
		feedback feedback
		stderr   string

		correct bool
		score   string // empty: none
		message string
		failure string // after the tool's name; empty: none
	}{
		{name: "accepted", facts: Facts{ExitCode: 42}, correct: true},
		{name: "wrong", facts: Facts{ExitCode: 43}},
		{name: "first line of the message", facts: Facts{ExitCode: 43}, feedback: feedback{judge: said("\n  line 3: too small\nmore\n")}, message: "line 3: too small"},
		{name: "what this pass has added", facts: Facts{ExitCode: 43}, feedback: feedback{judge: said("pass 1\npass 2\n"), told: "pass 1\n"}, message: "pass 2"},
		{name: "nothing was added", facts: Facts{ExitCode: 43}, feedback: feedback{judge: said("pass 1\n"), told: "pass 1\n"}, message: "pass 1"},
		{name: "written anew", facts: Facts{ExitCode: 43}, feedback: feedback{judge: said("pass 2\n"), told: "pass 1\n"}, message: "pass 2"},
		{name: "message with escapes", facts: Facts{ExitCode: 43}, feedback: feedback{judge: said("\x1b[31mred\x00\xff")}, message: `\x1b[31mred\x00` + "�"},
		{name: "endless line", facts: Facts{ExitCode: 43}, feedback: feedback{judge: said(strings.Repeat("x", 9999))}, message: strings.Repeat("x", messageLimit) + "…"},
		{name: "score", facts: Facts{ExitCode: 42}, feedback: feedback{score: written(" 12.50\n")}, correct: true, score: "12.5"},
		{name: "score of a wrong answer", facts: Facts{ExitCode: 43}, feedback: feedback{score: written("0")}, score: "0"},
		{name: "negative zero", facts: Facts{ExitCode: 42}, feedback: feedback{score: written("-0.0")}, correct: true, score: "0"},
		{name: "exponent", facts: Facts{ExitCode: 42}, feedback: feedback{score: written("1e2")}, correct: true, score: "100"},
		{name: "empty score", facts: Facts{ExitCode: 42}, feedback: feedback{score: written("")}, failure: `feedback/score.txt: score "": want a decimal number that is not negative`},
		{name: "no number", facts: Facts{ExitCode: 42}, feedback: feedback{score: written("NaN")}, failure: `feedback/score.txt: score "NaN": want a decimal number that is not negative`},
		{name: "infinite", facts: Facts{ExitCode: 42}, feedback: feedback{score: written("inf")}, failure: `feedback/score.txt: score "inf": want a decimal number that is not negative`},
		{name: "too large", facts: Facts{ExitCode: 42}, feedback: feedback{score: written("1e999")}, failure: `feedback/score.txt: score "1e999": want a decimal number that is not negative`},
		{name: "hexadecimal", facts: Facts{ExitCode: 42}, feedback: feedback{score: written("0x10")}, failure: `feedback/score.txt: score "0x10": want a decimal number that is not negative`},
		{name: "underscores", facts: Facts{ExitCode: 42}, feedback: feedback{score: written("1_0")}, failure: `feedback/score.txt: score "1_0": want a decimal number that is not negative`},
		{name: "negative", facts: Facts{ExitCode: 42}, feedback: feedback{score: written("-1")}, failure: `feedback/score.txt: score "-1": want a decimal number that is not negative`},
		{name: "two numbers", facts: Facts{ExitCode: 42}, feedback: feedback{score: written("1 2")}, failure: `feedback/score.txt: score "1 2": want a decimal number that is not negative`},
		{name: "success of a shell", facts: Facts{ExitCode: 0}, failure: "exit code 0: want 42 for accepted or 43 for wrong-answer"},
		{name: "other code with words", facts: Facts{ExitCode: 1}, stderr: "Traceback:\nKeyError\n", failure: "exit code 1: want 42 for accepted or 43 for wrong-answer: KeyError"},
		{name: "odd files", facts: Facts{ExitCode: 42}, feedback: feedback{problem: "open /work/feedback/judgemessage.txt: not a regular file"}, failure: "open /work/feedback/judgemessage.txt: not a regular file"},
		{name: "another pass after a wrong answer", facts: Facts{ExitCode: 43}, feedback: feedback{nextPass: true}, failure: "feedback/nextpass.in with exit code 43: want 42 when there is to be another pass"},
		{name: "crash", facts: Facts{Signal: "SIGSEGV"}, stderr: "assertion\x1b failed", failure: `ended by SIGSEGV: assertion\x1b failed`},
		{name: "slow", facts: Facts{Stop: StopCPU, Signal: "SIGKILL", CPU: 1100 * time.Millisecond}, failure: "cpu 1.1s of 1s"},
		{name: "hangs", facts: Facts{Stop: StopWall, Signal: "SIGKILL", Wall: 2 * time.Second}, failure: "wall 2s of 2s, with cpu 0s: it waited"},
		{name: "out of memory", facts: Facts{OOM: true, ExitCode: 42}, failure: "memory over 64MiB"},
		{name: "much memory and a verdict", facts: Facts{Memory: 64 << 20, ExitCode: 43}},
		{name: "writes too much", facts: Facts{Stop: StopStdout, Signal: "SIGKILL", Stdout: 1<<20 + 1}, failure: "standard output over 1MiB"},
		{name: "fork refused and a verdict", facts: Facts{ForkRefused: true, ExitCode: 42}, correct: true},

		{name: "ok", protocol: Testlib, facts: Facts{ExitCode: 0}, stderr: "ok 3 numbers\n", correct: true, message: "ok 3 numbers"},
		{name: "wrong answer", protocol: Testlib, facts: Facts{ExitCode: 1}, stderr: "wrong answer 2nd differs\n", message: "wrong answer 2nd differs"},
		{name: "presentation error", protocol: Testlib, facts: Facts{ExitCode: 2}, stderr: "wrong output format\n", message: "wrong output format"},
		{name: "dirt", protocol: Testlib, facts: Facts{ExitCode: 4}},
		{name: "unexpected end of file", protocol: Testlib, facts: Facts{ExitCode: 8}},
		{name: "fail", protocol: Testlib, facts: Facts{ExitCode: 3}, stderr: "FAIL jury is worse\n", failure: "exit code 3, which means that it failed: FAIL jury is worse"},
		{name: "points", protocol: Testlib, facts: Facts{ExitCode: 7}, stderr: "points 0.25 nearly\n", correct: true, score: "0.25", message: "points 0.25 nearly"},
		{name: "bare points", protocol: Testlib, facts: Facts{ExitCode: 7}, stderr: "3\n", correct: true, score: "3", message: "3"},
		{name: "no points", protocol: Testlib, facts: Facts{ExitCode: 7}, stderr: "points 0 bad\n", score: "0", message: "points 0 bad"},
		{name: "points without a number", protocol: Testlib, facts: Facts{ExitCode: 7}, stderr: "", failure: `exit code 7 without "points NUMBER" on standard error: score "": want a decimal number that is not negative`},
		{name: "partially", protocol: Testlib, facts: Facts{ExitCode: 150}, stderr: "partially correct (100)\n", correct: true, score: "0.5", message: "partially correct (100)"},
		{name: "partially nothing", protocol: Testlib, facts: Facts{ExitCode: 50}, score: "0"},
		{name: "partially everything", protocol: Testlib, facts: Facts{ExitCode: 250}, correct: true, score: "1"},
		{name: "more than everything", protocol: Testlib, facts: Facts{ExitCode: 251}, failure: "exit code 251, which testlib does not have"},
		{name: "code of the other protocol", protocol: Testlib, facts: Facts{ExitCode: 42}, failure: "exit code 42, which testlib does not have"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tool := &Tool{Role: "checker", Name: "c.py", Protocol: Kattis}
			if c.protocol != "" {
				tool.Protocol = c.protocol
			}
			c.facts.Limits = l
			got := tool.outcome(c.facts, c.feedback, &stream{head: []byte(c.stderr), total: int64(len(c.stderr))})
			if c.failure != "" {
				assert.Equal(t, "checker c.py: "+c.failure, got.Failure)
				return
			}
			assert.Empty(t, got.Failure)
			assert.Equal(t, c.correct, got.Correct)
			assert.Equal(t, c.message, got.Message)
			score := ""
			if got.Score != nil {
				score = strconv.FormatFloat(*got.Score, 'f', -1, 64)
			}
			assert.Equal(t, c.score, score)
		})
	}
}
