package judge

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/limits"
)

func TestMillis(t *testing.T) {
	tests := []struct {
		d    time.Duration
		want string
	}{
		{0, "0"},
		{time.Millisecond, "1"},
		{1234567 * time.Nanosecond, "1.235"},
		{1230 * time.Microsecond, "1.23"},
		{1200 * time.Microsecond, "1.2"},
		{1002 * time.Microsecond, "1.002"},
		{499 * time.Nanosecond, "0"},
		{time.Microsecond, "0.001"},
		{-1500 * time.Microsecond, "-1.5"},
		{-time.Microsecond, "-0.001"},
		{10000 * time.Hour, "36000000000"},
	}
	for _, tt := range tests {
		got, err := json.Marshal(Millis(tt.d))
		require.NoError(t, err)
		assert.Equal(t, tt.want, string(got), tt.d)
		var back Millis
		require.NoError(t, json.Unmarshal(got, &back))
		assert.Equal(t, tt.d.Round(time.Microsecond), time.Duration(back))
	}
	var m Millis
	assert.Error(t, json.Unmarshal([]byte(`"1s"`), &m))
}

// exampleRecord has a value in every field.
func exampleRecord() *Record {
	code, score, yes := 0, 12.5, true
	started := time.Date(2026, 1, 2, 3, 4, 5, 678000000, time.UTC)
	return &Record{
		Schema: Schema, Kind: KindRun, Task: "sum", Submission: "solutions/a<b>.cpp", Language: "cpp", Test: "1",
		Verdict: WrongAnswer, Reason: ReasonChecker, Flags: []string{ReasonProcessLimit}, Message: `line 1: expected "1", found "2"`,
		CPU: Millis(1234500 * time.Nanosecond), Wall: Millis(2 * time.Millisecond), Memory: 4096, Processes: 1,
		ExitCode: &code, Signal: "SIGSEGV",
		Stdout: NewCapture([]byte("2\x00\x1b\xff\n"), 5, KeepOutput), Stderr: NewCapture(nil, 0, KeepOutput),
		Limits:  NewRecordLimits(limits.Limits{CPU: time.Second, Wall: 3 * time.Second, Memory: 1 << 28, Output: 1 << 26, Processes: 64, Stack: 1 << 28, Disk: 1 << 26, Inodes: 1000, OpenFiles: 256}),
		Checker: "tokens", Score: &score, Expected: []Verdict{Accepted}, AsExpected: &yes,
		MaxScore: &score, Groups: []GroupResult{{Name: "g", Score: 1, MaxScore: &score, Verdict: WrongAnswer, Test: "1"}},
		ExpectedScore: &ScoreRange{1, 2.5},
		Samples:       []Sample{{CPU: 1e6, Wall: 2e6, Memory: 3, Verdict: Accepted, Disturbed: []string{DisturbedSteal}}},
		Timing:        &Timing{Runs: 6, Median: 1e6, MAD: 2e6, Min: 3e6, Max: 4e6, Interval: &[2]Millis{5e6, 6e6}},
		Totals:        &Totals{Submissions: 1, Runs: 2, Verdicts: map[Verdict]int{WrongAnswer: 1}},
		StartedAt:     &started,
		Judge:         &JudgeInfo{Version: "1", Kernel: "6.18", Host: "h", Mechanisms: map[string]string{"memory": "cgroup v2"}},
	}
}

func TestRecordLine(t *testing.T) {
	line, err := AppendRecord(nil, exampleRecord())
	require.NoError(t, err)
	want := `{"schema":1,"kind":"run","task":"sum","submission":"solutions/a<b>.cpp","language":"cpp","test":"1",` +
		`"verdict":"wrong-answer","reason":"checker","flags":["process-limit"],"message":"line 1: expected \"1\", found \"2\"",` +
		`"cpu_ms":1.235,"wall_ms":2,"memory_bytes":4096,"processes":1,"exit_code":0,"signal":"SIGSEGV",` +
		`"stdout":{"bytes":5,"text":"2\u0000\u001b` + "\ufffd" + `\n","truncated":false},"stderr":{"bytes":0,"text":"","truncated":false},` +
		`"limits":{"time_ms":1000,"wall_ms":3000,"memory_bytes":268435456,"output_bytes":67108864,"processes":64,"stack_bytes":268435456,"disk_bytes":67108864,"inodes":1000,"open_files":256},` +
		`"checker":"tokens","score":12.5,"max_score":12.5,"groups":[{"name":"g","score":1,"max_score":12.5,"verdict":"wrong-answer","test":"1"}],` +
		`"expected":["accepted"],"expected_score":[1,2.5],"as_expected":true,` +
		`"totals":{"submissions":1,"runs":2,"as_expected":0,"judge_errors":0,"verdicts":{"wrong-answer":1}},` +
		`"samples":[{"cpu_ms":1,"wall_ms":2,"memory_bytes":3,"verdict":"accepted","disturbed":["steal"]}],` +
		`"timing":{"runs":6,"median_ms":1,"mad_ms":2,"min_ms":3,"max_ms":4,"ci95_ms":[5,6]},` +
		`"started_at":"2026-01-02T03:04:05.678Z","judge":{"version":"1","kernel":"6.18","host":"h","mechanisms":{"memory":"cgroup v2"}}}` + "\n"
	assert.Equal(t, want, string(line))
}

func TestRecordRoundTrip(t *testing.T) {
	want := exampleRecord()
	want.CPU = Millis(1235 * time.Microsecond) // what is below a microsecond is lost
	line, err := AppendRecord(nil, want)
	require.NoError(t, err)
	var got Record
	require.NoError(t, json.Unmarshal(line, &got))
	assert.Equal(t, want, &got)
}

func TestRecordIsOneLineWhateverIsInIt(t *testing.T) {
	hostile := "\n\r\u2028\x00\xff\"\\</script>"
	line, err := AppendRecord([]byte("before\n"), &Record{Task: hostile, Message: hostile})
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(line), "before\n{"))
	assert.Equal(t, 2, strings.Count(string(line), "\n"))
	assert.True(t, json.Valid(line[len("before\n"):]))
}

func TestRecordOfARunThatWasNotMadeHasNoFigures(t *testing.T) {
	line, err := AppendRecord(nil, &Record{Schema: Schema, Kind: KindRun, Task: "sum", Submission: "a.c", Test: "2", Verdict: Skipped, Reason: ReasonDecided})
	require.NoError(t, err)
	assert.Equal(t, `{"schema":1,"kind":"run","task":"sum","submission":"a.c","test":"2","verdict":"skipped","reason":"decided"}`+"\n", string(line))
}

func TestWhoJudgedIsTheSameTextHoweverOftenItIsWritten(t *testing.T) {
	info := JudgeInfo{Version: "1.0 <R&D>", Kernel: "6.1", Host: "vm", Mechanisms: map[string]string{"root": "overlay"}}
	want := `{"schema":1,"kind":"summary","cpu_ms":0,"wall_ms":0,"memory_bytes":0,"judge":` +
		`{"version":"1.0 <R&D>","kernel":"6.1","host":"vm","mechanisms":{"root":"overlay"}}}` + "\n"
	for _, encoded := range []bool{false, true} {
		if encoded {
			info.encode()
		}
		line, err := AppendRecord(nil, &Record{Schema: Schema, Kind: KindSummary, Judge: &info})
		require.NoError(t, err)
		assert.Equal(t, want, string(line), "encoded ahead: %v", encoded)
	}
	escaped, err := json.Marshal(&info)
	require.NoError(t, err)
	assert.NotContains(t, string(escaped), "<", "for HTML")
}

func TestSignalName(t *testing.T) {
	assert.Equal(t, "SIGSEGV", SignalName(syscall.SIGSEGV))
	assert.Equal(t, "SIGABRT", SignalName(syscall.SIGABRT))
	assert.Equal(t, "SIG64", SignalName(64))
}

func BenchmarkAppendRecord(b *testing.B) {
	r := exampleRecord()
	var line []byte
	for b.Loop() {
		line, _ = AppendRecord(line[:0], r)
	}
}
