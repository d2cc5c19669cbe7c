package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
	"judge/limits"
)

var update = flag.Bool("update", false, "write golden files anew")

const fixtures = "../../fixtures"

// fixtureAllTests are run with --all-tests.
var fixtureAllTests = []string{"all-tests", "bytes", "checker-args", "checker-broken", "checker-kattis", "checker-testlib", "checkers", "inline-args-files", "limits", "memory", "multipass"}

// fixtureKeys are compared beside stableKeys.
var fixtureKeys = map[string][]string{
	"bytes":               {"stdout"},
	"checker-kattis":      {"judge_message", "team_message"},
	"multipass":           {"passes", "judge_message"},
	"limits":              {"limits"},
	"output":              {"stdout", "stderr"},
	"source":              {"same_as", "pass_at"},
	"source-tests-inline": {"same_as", "problem", "pass_at"},
	"repeat":              {"samples", "timing"},
}

// TestFixtures judges each directory of fixtures and compares what is stable in the records.
func TestFixtures(t *testing.T) {
	needsJudging(t)
	files, err := filepath.Glob(fixtures + "/*/tasks.toml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		dir := filepath.Dir(file)
		name := filepath.Base(dir)
		t.Run(name, func(t *testing.T) {
			records, status := judgeFixture(t, dir, runFlags{allTests: slices.Contains(fixtureAllTests, name)})
			got := stable(t, records, fixtureKeys[name])
			golden := filepath.Join(dir, "want.jsonl")
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err, "run go test -update")
			assertLines(t, string(want), got)
			assert.Equal(t, wantedStatus(records), status, "exit status")
		})
	}
}

// TestVerdictsDoNotDependOnJobs judges the fixture with most kinds of ends one at a time and crowded.
func TestVerdictsDoNotDependOnJobs(t *testing.T) {
	needsJudging(t)
	want, err := os.ReadFile(fixtures + "/quickstart/want.jsonl")
	require.NoError(t, err)
	for _, jobs := range []int{1, 8} {
		t.Log("--jobs", jobs)
		records, _ := judgeFixture(t, fixtures+"/quickstart", runFlags{jobs: jobs})
		assertLines(t, string(want), stable(t, records, nil))
	}
}

// TestMemoryFigures compares the figures of a program that touches N MiB with those of N = 0.
func TestMemoryFigures(t *testing.T) {
	needsJudging(t)
	records, _ := judgeFixture(t, fixtures+"/memory", runFlags{allTests: true, only: []string{"figures"}})
	figures := map[string]int64{}
	for _, r := range records {
		if r.Kind == judge.KindRun {
			figures[r.Test] = r.Memory
		}
	}
	for name, figure := range figures {
		n, err := strconv.ParseFloat(name, 64)
		require.NoError(t, err)
		want := n * (1 << 20)
		assert.InDelta(t, want, figure-figures["0"], math.Ceil(1<<19+want/100), "%s MiB", name)
	}
	assert.Len(t, figures, 4)
}

// judgeFixture does what `judge run` does, in this process.
func judgeFixture(t *testing.T, dir string, f runFlags) ([]judge.Record, int) {
	t.Helper()
	tasks, err := judge.Load(dir)
	require.NoError(t, err)
	tasks, err = judge.Plan(tasks, f.only)
	require.NoError(t, err)
	slowDown(tasks, slowness(t))
	f.format, f.noCache = formatNone, true
	f.out = filepath.Join(t.TempDir(), "records.jsonl")
	err = f.judge(t.Context(), tasks, io.Discard, io.Discard)
	require.Empty(t, messageOf(err))
	return readRecords(t, f.out), statusOf(err)
}

// slowness is how many times slower than usual this machine is, such as an emulated one.
func slowness(t *testing.T) int {
	t.Helper()
	text := os.Getenv("JUDGE_TEST_SLOW")
	if text == "" {
		return 1
	}
	factor, err := strconv.Atoi(text)
	require.NoError(t, err, "JUDGE_TEST_SLOW")
	return factor
}

// slowDown gives more time to all tasks. Languages are copied, because tasks share them.
func slowDown(tasks []judge.Task, factor int) {
	scale := func(l *limits.Limits) {
		l.CPU *= time.Duration(factor)
		l.Wall *= time.Duration(factor)
	}
	for _, task := range tasks {
		for i := range task.Tests {
			scale(&task.Tests[i].Limits)
		}
		for i := range task.Submissions {
			if s := &task.Submissions[i]; s.Language != nil {
				slow := *s.Language
				scale(&slow.Limits)
				scale(&slow.CompileLimits)
				s.Language = &slow
			}
		}
	}
}

func readRecords(t *testing.T, file string) []judge.Record {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var records []judge.Record
	for line := range bytes.Lines(text) {
		var r judge.Record
		require.NoError(t, json.Unmarshal(line, &r), "%s", line)
		records = append(records, r)
	}
	return records
}

// stableKeys are the same in every run of a fixture, on every host, but for what unstable takes out.
var stableKeys = []string{"kind", "task", "submission", "language", "test", "verdict", "reason", "flags", "message",
	"exit_code", "signal", "checker", "score", "max_score", "groups", "expected", "expected_score", "as_expected", "totals"}

// unstable lists keys by verdict. Messages quote figures and compilers; how a program ends that judge ends
// is a race between the two.
var unstable = map[judge.Verdict][]string{
	judge.TimeLimit:    {"message", "exit_code", "signal"},
	judge.MemoryLimit:  {"message", "exit_code", "signal"},
	judge.OutputLimit:  {"exit_code", "signal"},
	judge.CompileError: {"message", "exit_code", "signal"},
}

// stable renders the records with only these keys, one a line.
func stable(t *testing.T, records []judge.Record, more []string) string {
	t.Helper()
	var b strings.Builder
	for _, r := range records {
		text, err := json.Marshal(&r)
		require.NoError(t, err)
		var fields map[string]any
		require.NoError(t, json.Unmarshal(text, &fields))
		maps.DeleteFunc(fields, func(key string, _ any) bool {
			return !slices.Contains(stableKeys, key) && !slices.Contains(more, key) || slices.Contains(unstable[r.Verdict], key)
		})
		if factor := slowness(t); factor > 1 {
			speedUp(fields["limits"], factor)
		}
		if text, ok := fields["message"].(string); ok {
			fields["message"] = figures.ReplaceAllString(text, "$1 …")
		}
		shorten(fields["stdout"], r.Verdict)
		shorten(fields["stderr"], r.Verdict)
		shorten(fields["judge_message"], r.Verdict)
		maskSamples(fields)
		line, err := json.Marshal(fields)
		require.NoError(t, err)
		b.Write(append(line, '\n'))
	}
	return b.String()
}

// figures are what a message quotes of the time that a setter's program took.
var figures = regexp.MustCompile(`\b(cpu|wall) [0-9.]+(ms|s)\b`)

// speedUp takes slowDown out of a record's limits.
func speedUp(limits any, factor int) {
	fields, ok := limits.(map[string]any)
	if !ok {
		return
	}
	for _, key := range []string{"time_ms", "wall_ms"} {
		fields[key] = fields[key].(float64) / float64(factor)
	}
}

// shorten keeps of a captured stream what a reader of a golden file wants. How much a program wrote before
// it was ended for it is left out: nobody knows.
func shorten(stream any, v judge.Verdict) {
	fields, ok := stream.(map[string]any)
	if !ok {
		return
	}
	if text, ok := fields["text"].(string); ok && len(text) > 80 {
		fields["text"] = fmt.Sprintf("%s… and so on, %d bytes", text[:16], len(text))
	}
	if v == judge.OutputLimit {
		delete(fields, "bytes")
	}
}

// maskSamples keeps the verdicts of samples, and of their timing what there is.
func maskSamples(fields map[string]any) {
	if samples, ok := fields["samples"].([]any); ok {
		for i, s := range samples {
			samples[i] = s.(map[string]any)["verdict"]
		}
	}
	if timing, ok := fields["timing"].(map[string]any); ok {
		fields["timing"] = slices.Sorted(maps.Keys(timing))
	}
}

// assertLines shows only the records that differ.
func assertLines(t *testing.T, want, got string) {
	t.Helper()
	wantLines, gotLines := strings.Split(want, "\n"), strings.Split(got, "\n")
	if len(wantLines) != len(gotLines) {
		t.Errorf("%d records, want %d", len(gotLines)-1, len(wantLines)-1)
	}
	for i := range min(len(wantLines), len(gotLines)) {
		if wantLines[i] != gotLines[i] {
			t.Errorf("record %d:\nwant %s\ngot  %s", i+1, wantLines[i], gotLines[i])
		}
	}
}

// wantedStatus is the exit status that judge run must have with these records.
func wantedStatus(records []judge.Record) int {
	status := statusExpected
	for _, r := range records {
		switch {
		case r.Kind != judge.KindSubmission:
		case r.Verdict == judge.JudgeError:
			return statusHost
		case !*r.AsExpected:
			status = statusUnexpected
		}
	}
	return status
}
