package report

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"judge/judge"
)

// hostileText tries to end the element that it is in, and to be seen as something else.
const hostileText = "]]></script><script>window.hacked=1</script><!--<script>\u2028\u2029\" onmouseover=\"window.hacked=1\" '" +
	"<img src=x onerror=window.hacked=1>\u202e\x00\x1b[31m</textarea></style></svg>{{.}}${hacked}`"

// sampleBatch makes records of a batch: of each task so many submissions, each with so many tests.
type sampleBatch struct {
	tasks, submissions, tests int
	random                    *rand.Rand
	records                   []*judge.Record
}

func newSampleBatch(tasks, submissions, tests int) *sampleBatch {
	b := &sampleBatch{tasks: tasks, submissions: submissions, tests: tests, random: rand.New(rand.NewPCG(1, 2))}
	for t := range tasks {
		for s := range submissions {
			b.submission(fmt.Sprintf("task-%d", t+1), s)
		}
	}
	return b
}

var sampleJudge = &judge.JudgeInfo{
	Version: "v1.2.3", Kernel: "6.18.5", Host: "judge-1",
	Mechanisms: map[string]string{"layout": "cgroup v2", "cpu": "cpu.stat", "memory": "memory.max", "seccomp": "default-deny"},
}

// samplePlans are the kinds of submissions: what becomes of them, and from which test on.
var samplePlans = []struct {
	name     string
	verdict  judge.Verdict
	reason   string
	message  string
	expected judge.Verdict
}{
	{"accepted/fast.cpp", judge.Accepted, "", "", judge.Accepted},
	{"wrong/off_by_one.py", judge.WrongAnswer, "checker", `line 3, column 1: expected "17", found "18"`, judge.WrongAnswer},
	{"slow/quadratic.cpp", judge.TimeLimit, "cpu", "cpu 1.003s of 1s", judge.TimeLimit},
	{"accepted/second_with_a_rather_long_name_for_a_column.java", judge.Accepted, "", "", judge.Accepted},
	{"crash/null.c", judge.RuntimeError, "signal", "ended by SIGSEGV", judge.RuntimeError},
	{"memory/list.rs", judge.MemoryLimit, "oom", "memory over 256MiB", judge.MemoryLimit},
	{"accepted/surprise.py", judge.WrongAnswer, "checker", `line 3, column 1: expected "17", found "18"`, judge.Accepted},
	{"broken/syntax.c", judge.CompileError, "exit-code", "syntax.c:3:1: error: expected ';' before '}' token", judge.CompileError},
	{"output/flood.py", judge.OutputLimit, "stdout", "standard output over 64MiB", judge.OutputLimit},
	{"accepted/steady.go", judge.Accepted, "", "", judge.Accepted},
}

func (b *sampleBatch) submission(task string, number int) {
	plan := samplePlans[number%len(samplePlans)]
	name := plan.name
	if round := number / len(samplePlans); round > 0 {
		name = strings.Replace(name, ".", fmt.Sprintf("_%d.", round), 1)
	}
	language := name[strings.LastIndex(name, ".")+1:]
	compile := &judge.Record{
		Schema: 1, Kind: judge.KindCompile, Task: task, Submission: name, Language: language, Verdict: judge.Accepted, Judge: sampleJudge,
		CPU: judge.Millis(412 * time.Millisecond), Wall: judge.Millis(430 * time.Millisecond), Memory: 31 << 20, Compiler: "gcc 14.2.0",
	}
	last := &judge.Record{
		Schema: 1, Kind: judge.KindSubmission, Task: task, Submission: name, Language: language,
		Verdict: judge.Accepted, Expected: []judge.Verdict{plan.expected},
	}
	if plan.verdict == judge.CompileError {
		compile.Verdict, compile.Reason, compile.Message = plan.verdict, plan.reason, plan.message
		compile.Stderr = &judge.Capture{Bytes: 90, Text: "syntax.c: In function 'main':\n" + plan.message + "\n"}
	}
	b.records = append(b.records, compile)
	last.Verdict, last.Reason, last.Message = compile.Verdict, compile.Reason, compile.Message
	fails := b.tests
	if plan.verdict != judge.Accepted {
		fails = b.tests * (number%4 + 1) / 5
	}
	for test := 0; test < b.tests && compile.Verdict == judge.Accepted; test++ {
		r := b.run(task, name, language, test, number)
		switch {
		case test == fails:
			r.Verdict, r.Reason, r.Message = plan.verdict, plan.reason, plan.message
			b.fail(r)
			last.Verdict, last.Reason, last.Message, last.Test = plan.verdict, plan.reason, plan.message, r.Test
		case test > fails:
			*r = judge.Record{Schema: 1, Kind: judge.KindRun, Task: task, Submission: name, Language: language, Test: r.Test,
				Verdict: judge.Skipped, Reason: judge.ReasonDecided, Message: fmt.Sprintf("test %q decided: %s", last.Test, plan.verdict)}
		}
		last.CPU, last.Memory = max(last.CPU, r.CPU), max(last.Memory, r.Memory)
		b.records = append(b.records, r)
	}
	ok := last.Verdict == plan.expected
	last.AsExpected = &ok
	b.records = append(b.records, last)
}

func (b *sampleBatch) run(task, name, language string, test, number int) *judge.Record {
	zero := 0
	size := int64(10) << (test * 12 / max(b.tests, 1))
	cpu := time.Duration(float64(time.Millisecond) * (1 + float64(size)/400*float64(1+number%3)) * (0.85 + 0.3*b.random.Float64()))
	started := time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC).Add(time.Duration(len(b.records)) * 3 * time.Millisecond)
	const answer = "3\n5 8\n17\n21\n"
	return &judge.Record{
		Schema: 1, Kind: judge.KindRun, Task: task, Submission: name, Language: language, Test: fmt.Sprintf("%02d-case", test+1),
		Verdict: judge.Accepted, ExitCode: &zero, Checker: "tokens", Judge: sampleJudge, StartedAt: &started, InputBytes: size,
		CPU: judge.Millis(cpu), Wall: judge.Millis(cpu + 2*time.Millisecond), Memory: 3<<20 + size*1000, Processes: 1,
		Limits: &judge.RecordLimits{CPU: judge.Millis(time.Second), Wall: judge.Millis(3 * time.Second), Memory: 256 << 20,
			Output: 64 << 20, Processes: 64, Stack: 256 << 20, Disk: 64 << 20, Inodes: 16384, OpenFiles: 256},
		Stdout: &judge.Capture{Bytes: int64(len(answer)), Text: answer}, Stderr: &judge.Capture{},
		Input:  &judge.Capture{Bytes: size, Text: fmt.Sprintf("%d\n%s", size, strings.Repeat("12 7 ", int(min(size, 400))))},
		Answer: &judge.Capture{Bytes: int64(len(answer)), Text: answer},
	}
}

// fail makes the figures of a run fit its verdict.
func (b *sampleBatch) fail(r *judge.Record) {
	switch r.Verdict {
	case judge.TimeLimit:
		r.CPU, r.Wall, r.Flags, r.ExitCode, r.Signal = r.Limits.CPU+judge.Millis(3*time.Millisecond), r.Limits.CPU*2, []string{"cpu"}, nil, "SIGKILL"
	case judge.MemoryLimit:
		r.Memory, r.Flags, r.ExitCode, r.Signal = r.Limits.Memory, []string{"oom"}, nil, "SIGKILL"
	case judge.RuntimeError:
		r.ExitCode, r.Signal = nil, "SIGSEGV"
		r.Stderr = &judge.Capture{Bytes: 44, Text: "null.c:12: runtime error: load of null pointer\n"}
	case judge.OutputLimit:
		r.Flags, r.Stdout = []string{"stdout"}, &judge.Capture{Bytes: 64<<20 + 4096, Text: strings.Repeat("spam ", 800), Truncated: true}
	case judge.WrongAnswer:
		r.Stdout = &judge.Capture{Bytes: 12, Text: "3\n5 8\n18\n21\n"}
	}
}

// hostile adds a task whose every text is hostile.
func (b *sampleBatch) hostile() *sampleBatch {
	capture := &judge.Capture{Bytes: 200, Text: hostileText}
	no := false
	r := b.run(hostileText, "x"+hostileText, hostileText, 0, 0)
	r.Verdict, r.Reason, r.Message, r.Test = judge.WrongAnswer, "checker", hostileText, "t"+hostileText
	r.Stdout, r.Stderr, r.Input, r.Answer, r.JudgeMessage, r.TeamMessage = capture, capture, capture, &judge.Capture{Bytes: 1, Text: "</script>" + hostileText}, capture, capture
	r.Checker, r.Refused, r.Signal = hostileText, []string{hostileText}, hostileText
	b.records = append(b.records, r, &judge.Record{
		Schema: 1, Kind: judge.KindSubmission, Task: r.Task, Submission: r.Submission, Language: r.Language, Verdict: r.Verdict, Reason: r.Reason,
		Test: r.Test, Message: hostileText, Expected: []judge.Verdict{judge.Accepted}, AsExpected: &no, SameAs: hostileText,
	})
	return b
}

// interactive adds a task with a transcript.
func (b *sampleBatch) interactive() *sampleBatch {
	yes, zero := true, 0
	r := b.run("guess", "binary.py", "python", 0, 0)
	r.Checker, r.Stdout, r.Answer = "kattis:interact.py", nil, nil
	for i, guess := range []string{"500\n", "250\n", "375\n", "312\n"} {
		at := judge.Millis(time.Duration(i) * 1700 * time.Microsecond)
		r.Transcript = append(r.Transcript,
			judge.Message{At: at, From: "submission", To: judge.InteractorName, Text: guess},
			judge.Message{At: at + judge.Millis(240*time.Microsecond), From: judge.InteractorName, To: "submission", Text: []string{"lower\n", "higher\n", "lower\n", "correct\n"}[i]})
	}
	r.Exits = []judge.ExitRecord{
		{Process: judge.InteractorName, ExitCode: &zero, CPU: judge.Millis(18 * time.Millisecond), Wall: judge.Millis(31 * time.Millisecond), Memory: 9 << 20},
		{Process: "submission", ExitCode: &zero, CPU: judge.Millis(17 * time.Millisecond), Wall: judge.Millis(33 * time.Millisecond), Memory: 9 << 20},
	}
	r.Samples = []judge.Sample{{CPU: r.CPU, Wall: r.Wall, Memory: r.Memory, Verdict: judge.Accepted}, {CPU: 2 * r.CPU, Wall: r.Wall, Memory: r.Memory, Verdict: judge.Accepted, Disturbed: []string{"cpu pressure"}}}
	r.Timing = &judge.Timing{Runs: 2, Median: r.CPU * 3 / 2, MAD: r.CPU / 2, Min: r.CPU, Max: 2 * r.CPU, Interval: &[2]judge.Millis{r.CPU, 2 * r.CPU}}
	b.records = append(b.records, r, &judge.Record{
		Schema: 1, Kind: judge.KindSubmission, Task: r.Task, Submission: r.Submission, Language: r.Language, Verdict: judge.Accepted,
		Expected: []judge.Verdict{judge.Accepted}, AsExpected: &yes, CPU: r.CPU, Memory: r.Memory,
	})
	return b
}

// writeTo gives all records to a sink and closes it.
func (b *sampleBatch) writeTo(t testing.TB, sink judge.Sink) {
	t.Helper()
	for _, r := range b.records {
		require.NoError(t, sink.Write(r))
	}
	require.NoError(t, sink.Write(&judge.Record{Schema: 1, Kind: judge.KindSummary}))
	require.NoError(t, sink.Close())
}
