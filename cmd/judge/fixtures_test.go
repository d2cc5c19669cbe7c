package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

var update = flag.Bool("update", false, "write golden files anew")

const fixtures = "../../fixtures"

// fixtureFlags are what a fixture needs beside its directory's name.
var fixtureFlags = map[string][]string{
	"all-tests":         {"--all-tests"},
	"bytes":             {"--all-tests"},
	"checkers":          {"--all-tests"},
	"inline-args-files": {"--all-tests"},
	"limits":            {"--all-tests"},
	"memory":            {"--all-tests"},
}

// fixtureKeys are compared beside stableKeys.
var fixtureKeys = map[string][]string{
	"bytes":  {"stdout"},
	"limits": {"limits"},
	"output": {"stdout", "stderr"},
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
			records, status := judgeFixture(t, dir, fixtureFlags[name]...)
			got := stable(t, records, fixtureKeys[name])
			golden := filepath.Join(dir, "want.jsonl")
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err, "run go test -update")
			assert.Equal(t, string(want), got)
			assert.Equal(t, wantedStatus(records), status, "exit status")
		})
	}
}

// TestVerdictsDoNotDependOnJobs judges the fixture with most kinds of ends one at a time and crowded.
func TestVerdictsDoNotDependOnJobs(t *testing.T) {
	needsJudging(t)
	want, err := os.ReadFile(fixtures + "/quickstart/want.jsonl")
	require.NoError(t, err)
	for _, jobs := range []string{"1", "8"} {
		records, _ := judgeFixture(t, fixtures+"/quickstart", "--jobs", jobs)
		assert.Equal(t, string(want), stable(t, records, nil), "--jobs %s", jobs)
	}
}

// TestMemoryFigures compares the figures of a program that touches N MiB with those of N = 0.
func TestMemoryFigures(t *testing.T) {
	needsJudging(t)
	records, _ := judgeFixture(t, fixtures+"/memory", "--all-tests", "--only", "figures")
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

// judgeFixture runs `judge run` in this process.
func judgeFixture(t *testing.T, dir string, flags ...string) ([]judge.Record, int) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "records.jsonl")
	var stderr bytes.Buffer
	args := slices.Concat([]string{"run", "--format", "none", "--out", out}, flags, []string{dir})
	status := run(args, io.Discard, &stderr)
	require.Empty(t, stderr.String(), "judge %s", strings.Join(args, " "))
	return readRecords(t, out), status
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
	"exit_code", "signal", "checker", "expected", "as_expected", "totals"}

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
		line, err := json.Marshal(fields)
		require.NoError(t, err)
		b.Write(append(line, '\n'))
	}
	return b.String()
}

// wantedStatus is what section 9 of the design asks for, given the records.
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
