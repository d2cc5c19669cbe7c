package report

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

var update = flag.Bool("update", false, "write the golden files anew")

// exampleRecords are two tasks with a submission of every kind.
func exampleRecords() []*judge.Record {
	yes, no := true, false
	info := &judge.JudgeInfo{Version: "1.0", Kernel: "6.18", Host: "h"}
	submission := func(task, name string, v judge.Verdict, reason, test, message string, cpu time.Duration, memory int64) *judge.Record {
		return &judge.Record{
			Schema: judge.Schema, Kind: judge.KindSubmission, Task: task, Submission: name, Verdict: v, Reason: reason, Test: test,
			Message: message, CPU: judge.Millis(cpu), Memory: memory, Expected: []judge.Verdict{v}, AsExpected: &yes,
		}
	}
	unexpected := submission("sum", "solutions/slow.py", judge.TimeLimit, "idle", "3", "wall 3s of 3s, with cpu 1ms: it waited", time.Millisecond, 9<<20)
	unexpected.Expected, unexpected.AsExpected = []judge.Verdict{judge.Accepted, judge.WrongAnswer}, &no
	silent := submission("sum", "solutions/quiet.c", judge.Accepted, "", "", "", 1234*time.Microsecond, 500<<10)
	silent.Expected, silent.AsExpected = []judge.Verdict{judge.WrongAnswer}, &no
	run := func(name, test string, v judge.Verdict, cpu time.Duration, memory int64) *judge.Record {
		r := &judge.Record{
			Schema: judge.Schema, Kind: judge.KindRun, Task: "sum", Submission: name, Test: test, Verdict: v, CPU: judge.Millis(cpu), Memory: memory,
		}
		if v != judge.Skipped {
			r.Limits = &judge.RecordLimits{CPU: judge.Millis(time.Second), Memory: 64 << 20}
		}
		return r
	}
	waits := run("solutions/slow.py", "3", judge.TimeLimit, time.Millisecond, 9<<20)
	waits.Stderr = &judge.Capture{Text: "one\n\x1b]0;two\a\n\tthree\nfour\nfive\nsix \n"}
	return []*judge.Record{
		{Kind: judge.KindCompile, Task: "sum", Submission: "solutions/good.cpp", Verdict: judge.Accepted, Compiler: "g++ 12", Wall: 3e9 / 2, Judge: info},
		run("solutions/good.cpp", "1", judge.Accepted, 12*time.Millisecond, 3<<20),
		run("solutions/good.cpp", "2", judge.Accepted, 834*time.Millisecond, 2<<20),
		run("solutions/good.cpp", "3", judge.Accepted, 12*time.Millisecond, 62<<20),
		submission("sum", "solutions/good.cpp", judge.Accepted, "", "", "", 12*time.Millisecond, 3<<20),
		run("solutions/wa.py", "1", judge.Accepted, 0, 1<<18),
		run("solutions/wa.py", "2", judge.WrongAnswer, 20*time.Millisecond, 9<<20),
		run("solutions/wa.py", "3", judge.Skipped, 0, 0),
		submission("sum", "solutions/wa.py", judge.WrongAnswer, "checker", "2", `line 3, column 5: expected "17", found "18"`, 20*time.Millisecond, 9<<20),
		run("solutions/slow.py", "1", judge.Accepted, 12*time.Millisecond, 3<<20),
		run("solutions/slow.py", "2", judge.Accepted, 12*time.Millisecond, 3<<20),
		waits,
		unexpected,
		{Kind: judge.KindCompile, Task: "sum", Submission: "solutions/quiet.c", Verdict: judge.Accepted, Cached: true, Compiler: "gcc 12"},
		silent,
		{Kind: judge.KindCompile, Task: "hostile \x1b[31m\u202e", Submission: "a\n\x1b]0;title\a.c", Verdict: judge.CompileError},
		submission("hostile \x1b[31m\u202e", "a\n\x1b]0;title\a.c", judge.CompileError, "exit-code", "", "a.c:1: error: \x1b[2J\r漢字"+strings.Repeat(" long", 50), 0, 0),
		submission("hostile \x1b[31m\u202e", strings.Repeat("name", 30), judge.RuntimeError, "signal", strings.Repeat("1", 99), "ended by SIGSEGV", 1500*time.Millisecond, 256<<20),
		submission("hostile \x1b[31m\u202e", "memory.c", judge.MemoryLimit, "oom", "1", "memory over 256MiB", 0, 256<<20),
		submission("hostile \x1b[31m\u202e", "none.rs", judge.JudgeError, "internal", "1", "rustc is missing", 0, 0),
		{Kind: judge.KindSummary},
	}
}

func TestTable(t *testing.T) {
	command := func(selector string) string { return "judge run --only " + selector + " tasks.toml" }
	tests := []struct {
		name   string
		config TableConfig
	}{
		{"plain", TableConfig{Command: command}},
		{"narrow", TableConfig{Width: 80, Command: command}},
		{"unicode", TableConfig{Unicode: true, Width: 120}},
		{"color", TableConfig{Unicode: true, Color: true, Width: 120}},
		{"quiet", TableConfig{Width: 100, Detail: Quiet}},
		{"verbose", TableConfig{Width: 120, Detail: Verbose}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("NO_COLOR", "1") // is for the caller to respect: no part of the table reads it
			var out strings.Builder
			table := NewTable(&out, tt.config)
			for _, r := range exampleRecords() {
				require.NoError(t, table.Write(r))
			}
			require.NoError(t, table.Close())
			require.NoError(t, table.Close())

			golden := filepath.Join("testdata", "table_"+tt.name+".txt")
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(out.String()), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), out.String())
			if !tt.config.Color {
				assert.NotContains(t, out.String(), "\x1b")
			}
			if !tt.config.Unicode {
				assert.NotContains(t, out.String(), "✓")
			}
		})
	}
}

func TestTableIsPrintedWhenItsTaskIsComplete(t *testing.T) {
	var out strings.Builder
	table := NewTable(&out, TableConfig{})
	records := exampleRecords()
	next := slices.IndexFunc(records, func(r *judge.Record) bool { return r.Task != "sum" })
	for _, r := range records[:next] {
		require.NoError(t, table.Write(r))
	}
	assert.Empty(t, out.String())
	require.NoError(t, table.Write(records[next]))
	assert.Contains(t, out.String(), "solutions/good.cpp")
}

func TestTableShowsScoresWhereThereAreSome(t *testing.T) {
	yes, no := true, false
	score := func(points float64) *float64 { return &points }
	records := []*judge.Record{
		{Verdict: judge.Accepted, Score: score(100), MaxScore: score(100), Submission: "all.py", AsExpected: &yes},
		{Verdict: judge.WrongAnswer, Score: score(86.666667), MaxScore: score(100), Submission: "most.py", Test: "b", AsExpected: &no,
			ExpectedScore: &judge.ScoreRange{20, 40}, Message: "no"},
		{Verdict: judge.WrongAnswer, Score: score(0), Submission: "points.py", Test: "a", AsExpected: &no,
			Expected: []judge.Verdict{judge.Accepted, judge.TimeLimit}, ExpectedScore: &judge.ScoreRange{12.5, 12.5}},
		{Verdict: judge.JudgeError, Submission: "broken.py", Expected: []judge.Verdict{judge.Accepted}, AsExpected: &no},
	}
	var out strings.Builder
	table := NewTable(&out, TableConfig{})
	require.NoError(t, table.Write(&judge.Record{Kind: judge.KindRun, Task: "scored", Verdict: judge.Skipped}))
	for _, r := range records {
		r.Kind, r.Task = judge.KindSubmission, "scored"
		require.NoError(t, table.Write(r))
	}
	require.NoError(t, table.Close())
	const want = `scored
      submission  verdict           score  tests  message
ok    all.py      accepted        100/100  -
FAIL  most.py     wrong-answer  86.67/100         expected score 20 to 40; b: no
FAIL  points.py   wrong-answer          0         expected accepted or time-limit, score 12.5; a
FAIL  broken.py   judge-error                     expected accepted

scored/most.py/b: wrong-answer, score 86.67/100, expected score 20 to 40
  no

scored/points.py/a: wrong-answer, score 0, expected accepted or time-limit, score 12.5

scored/broken.py: judge-error, expected accepted

tests: - skipped

4 submissions, 0 runs, 3 not as expected, 1 judge-error
`
	assert.Equal(t, want, out.String())
}

// brokenWriter is a full disk.
type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

func TestTableReportsThatItCannotPrint(t *testing.T) {
	cause := errors.New("no space left on device")
	table := NewTable(brokenWriter{cause}, TableConfig{})
	var err error
	for _, r := range exampleRecords() {
		err = table.Write(r)
	}
	assert.ErrorIs(t, err, cause)
	assert.ErrorIs(t, table.Close(), cause)
}

func TestSummary(t *testing.T) {
	tests := []struct {
		totals judge.Totals
		want   string
	}{
		{judge.Totals{}, "0 submissions, 0 runs"},
		{judge.Totals{Submissions: 1, Runs: 1, AsExpected: 1}, "1 submission, 1 run, all as expected"},
		{judge.Totals{Submissions: 12, Runs: 57, AsExpected: 12}, "12 submissions, 57 runs, all as expected"},
		{judge.Totals{Submissions: 3, Runs: 4, AsExpected: 1, JudgeErrors: 1}, "3 submissions, 4 runs, 2 not as expected, 1 judge-error"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, Summary(tt.totals))
	}
}
