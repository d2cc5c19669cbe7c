package judge

import (
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"judge/limits"
)

func TestDecide(t *testing.T) {
	const mib = 1 << 20
	allowed := limits.Limits{
		CPU: time.Second, Wall: 3 * time.Second, Memory: 256 * mib, Output: 64 * mib,
		Processes: 64, Disk: 64 * mib, Inodes: 1000,
	}
	right, wrong := &Outcome{Correct: true}, &Outcome{Message: `line 1: expected "1", found "2"`}
	broken := &Outcome{Correct: true, Failure: "checker c.py: exit code 1"}
	broken2 := &Outcome{Failure: "interactor i.py: exit code 1"}
	first, later := &Interaction{First: true}, &Interaction{Deadlock: "all wait"}
	run, compile := Decide, DecideCompile
	tests := []struct {
		name    string
		decide  func(Facts) Decision
		facts   Facts // limits are filled in
		verdict Verdict
		reason  string
		flags   string // separated by spaces
		message string
	}{
		{"right", run, Facts{Outcome: right, CPU: time.Second, Wall: 3 * time.Second, Memory: 256 * mib, Stdout: 64 * mib}, Accepted, "", "", ""},
		{"wrong", run, Facts{Outcome: wrong}, WrongAnswer, "checker", "", `line 1: expected "1", found "2"`},
		{"wrong, ended early", run, Facts{Stop: StopChecker, Signal: "SIGKILL", Outcome: wrong}, WrongAnswer, "checker", "", `line 1: expected "1", found "2"; the run was ended there`},
		{"checker broke down", run, Facts{Outcome: broken}, JudgeError, "checker", "", "checker c.py: exit code 1"},
		{"memory before a checker that broke down", run, Facts{Outcome: broken, OOM: true}, MemoryLimit, "oom", "oom", "memory over 256MiB"},
		{"nobody checked", run, Facts{}, JudgeError, "internal", "", "bug: the program ended well and nothing checked its output"},

		{"judge's own error", run, Facts{Err: errors.New("mount proc: \x1b no"), OOM: true}, JudgeError, "internal", "oom", `mount proc: \x1b no`},
		{"exec fails for the host's sake", run, Facts{Exec: syscall.ETXTBSY, Path: "/work/a"}, JudgeError, "internal", "", "start /work/a: text file busy"},
		{"judge's own error before all else", run, Facts{Err: errors.New("x"), Stop: StopCancelled, CPU: time.Hour}, JudgeError, "internal", "cpu", "x"},
		{"cancelled", run, Facts{Stop: StopCancelled, Signal: "SIGKILL"}, Skipped, "cancelled", "", "the judge was ended during this run"},

		{"oom kill", run, Facts{OOM: true, Signal: "SIGKILL", Memory: 256 * mib}, MemoryLimit, "oom", "oom", "memory over 256MiB"},
		{"oom kill of a child", run, Facts{OOM: true, Outcome: right}, MemoryLimit, "oom", "oom", "memory over 256MiB"},
		{"refused, then a crash", run, Facts{Signal: "SIGSEGV", Memory: 256*mib - 64*4096}, MemoryLimit, "oom", "oom", "memory 255.75MiB of 256MiB, then ended by SIGSEGV"},
		{"refused, then exit", run, Facts{ExitCode: 1, Memory: 256 * mib}, MemoryLimit, "oom", "oom", "memory 256MiB of 256MiB, then exit code 1"},
		{"crash well below", run, Facts{Signal: "SIGSEGV", Memory: 255 * mib}, RuntimeError, "signal", "", "ended by SIGSEGV"},
		{"at the limit and fine", run, Facts{Memory: 256 * mib, Outcome: right}, Accepted, "", "", ""},
		{"measured above", run, Facts{Memory: 257 * mib, Outcome: right}, MemoryLimit, "oom", "oom", "memory 257MiB of 256MiB"},
		{"static data", run, Facts{Exec: syscall.ENOMEM, Path: "/work/a"}, MemoryLimit, "oom", "oom", "start /work/a: its static data do not fit in 256MiB"},
		{"memory before time", run, Facts{OOM: true, Stop: StopCPU, CPU: 2 * time.Second}, MemoryLimit, "oom", "oom cpu", "memory over 256MiB"},
		{"at the memory limit when time is up", run, Facts{Stop: StopCPU, Signal: "SIGKILL", Memory: 256 * mib, CPU: 1001 * time.Millisecond}, TimeLimit, "cpu", "cpu", "cpu 1.001s of 1s"},

		{"interactor refuses first, whatever the submission does", run, Facts{Interaction: first, Outcome: wrong, ExitCode: 1, OOM: true}, WrongAnswer, "checker", "", `line 1: expected "1", found "2"`},
		{"interactor refuses after the submission's crash", run, Facts{Interaction: later, Outcome: wrong, ExitCode: 1}, RuntimeError, "exit-code", "", "exit code 1"},
		{"interactor accepts first, and the submission crashes", run, Facts{Interaction: first, Outcome: right, Signal: "SIGSEGV"}, RuntimeError, "signal", "", "ended by SIGSEGV"},
		{"interactor breaks down first", run, Facts{Interaction: first, Outcome: broken2, Stop: StopPeer, Signal: "SIGKILL"}, JudgeError, "checker", "", "interactor i.py: exit code 1"},
		{"interactor breaks down over a submission's end", run, Facts{Interaction: later, Outcome: broken2, Signal: "SIGSEGV"}, RuntimeError, "signal", "", "ended by SIGSEGV"},
		{"deadlock", run, Facts{Interaction: later, Outcome: &Outcome{}, Stop: StopDeadlock, Signal: "SIGKILL"}, TimeLimit, "deadlock", "", "all wait"},
		{"deadlock when the wall clock ran out", run, Facts{Interaction: later, Stop: StopDeadlock, Wall: 4 * time.Second}, TimeLimit, "deadlock", "wall", "all wait"},

		{"cpu", run, Facts{Stop: StopCPU, Signal: "SIGKILL", CPU: 1002345 * time.Microsecond}, TimeLimit, "cpu", "cpu", "cpu 1.002s of 1s"},
		{"cpu, ended by itself", run, Facts{CPU: 1001 * time.Millisecond, Outcome: right}, TimeLimit, "cpu", "cpu", "cpu 1.001s of 1s"},
		{"cpu, ended by itself with a code", run, Facts{CPU: 2 * time.Second, ExitCode: 1}, TimeLimit, "cpu", "cpu", "cpu 2s of 1s"},
		{"wall, on a busy machine", run, Facts{Stop: StopBusy, CPU: 700 * time.Millisecond, Wall: 3 * time.Second}, TimeLimit, "wall", "wall", "wall 3s of 3s, with cpu 700ms: it computed as far as the machine let it"},
		{"cpu, by the kernel's own count", run, Facts{Signal: "SIGXCPU", CPU: 970 * time.Millisecond}, TimeLimit, "cpu", "cpu", "cpu 970ms of 1s"},
		{"a signal of its own", run, Facts{Signal: "SIGXCPU", CPU: 10 * time.Millisecond}, RuntimeError, "signal", "", "ended by SIGXCPU"},
		{"wall", run, Facts{Stop: StopWall, CPU: 900 * time.Millisecond, Wall: 3 * time.Second}, TimeLimit, "wall", "wall", "wall 3s of 3s, with cpu 900ms"},
		{"wall, ended by itself", run, Facts{CPU: 900 * time.Millisecond, Wall: 3001 * time.Millisecond, Outcome: right}, TimeLimit, "wall", "wall", "wall 3.001s of 3s, with cpu 900ms"},
		{"idle", run, Facts{Stop: StopWall, CPU: time.Millisecond, Wall: 3 * time.Second}, TimeLimit, "idle", "wall", "wall 3s of 3s, with cpu 1ms: it waited"},
		{"idle for want of threads", run, Facts{Stop: StopWall, CPU: time.Millisecond, Wall: 3 * time.Second, ForkRefused: true}, TimeLimit, "idle", "wall process-limit", "wall 3s of 3s, with cpu 1ms: it waited, with more than 64 processes and threads refused"},
		{"cpu and wall", run, Facts{Stop: StopWall, CPU: 2 * time.Second, Wall: 3 * time.Second}, TimeLimit, "cpu", "cpu wall", "cpu 2s of 1s"},
		{"time before output", run, Facts{Stop: StopStdout, CPU: 2 * time.Second}, TimeLimit, "cpu", "cpu stdout", "cpu 2s of 1s"},

		{"stdout", run, Facts{Stop: StopStdout, Signal: "SIGKILL"}, OutputLimit, "stdout", "stdout", "standard output over 64MiB"},
		{"stdout, ended by itself", run, Facts{Stdout: 64*mib + 1, Outcome: wrong}, OutputLimit, "stdout", "stdout", "standard output over 64MiB"},
		{"stderr", run, Facts{Stop: StopStderr}, OutputLimit, "stderr", "stderr", "standard error over 64MiB"},
		{"both", run, Facts{Stop: StopStderr, Stdout: 65 * mib}, OutputLimit, "stdout", "stdout stderr", "standard output over 64MiB"},
		{"file size", run, Facts{Signal: "SIGXFSZ"}, OutputLimit, "disk-limit", "disk-limit", "a file at its largest size"},

		{"exit code", run, Facts{ExitCode: 44}, RuntimeError, "exit-code", "", "exit code 44"},
		{"exit code before a wrong answer", run, Facts{ExitCode: 1, Outcome: wrong}, RuntimeError, "exit-code", "", "exit code 1"},
		{"signal", run, Facts{Signal: "SIGABRT"}, RuntimeError, "signal", "", "ended by SIGABRT"},
		{"killed by itself", run, Facts{Signal: "SIGKILL"}, RuntimeError, "signal", "", "ended by SIGKILL"},
		{"forbidden system call", run, Facts{Signal: "SIGSYS", ForkRefused: true}, RuntimeError, "forbidden-syscall", "process-limit", "ended by SIGSYS"},
		{"process limit", run, Facts{ExitCode: 1, ForkRefused: true}, RuntimeError, "process-limit", "process-limit", "more than 64 processes and threads refused, then exit code 1"},
		{"memory filled by refused forks", run, Facts{OOM: true, Signal: "SIGKILL", Memory: 256 * mib, ForkRefused: true, ForkFlood: true}, RuntimeError, "process-limit", "process-limit", "more than 64 processes and threads refused, then ended by SIGKILL"},
		{"memory at the limit by refused forks", run, Facts{ExitCode: 1, Memory: 256 * mib, ForkRefused: true, ForkFlood: true}, RuntimeError, "process-limit", "process-limit", "more than 64 processes and threads refused, then exit code 1"},
		{"memory filled by refused forks, and the time is up", run, Facts{OOM: true, Stop: StopCPU, CPU: 2 * time.Second, ForkRefused: true, ForkFlood: true}, TimeLimit, "cpu", "cpu process-limit", "cpu 2s of 1s"},
		{"memory filled by refused forks, and a right answer", run, Facts{OOM: true, ForkRefused: true, ForkFlood: true, Outcome: right}, RuntimeError, "process-limit", "process-limit", "more than 64 processes and threads refused, then exit code 0"},
		{"many refused forks, coped with", run, Facts{ForkRefused: true, ForkFlood: true, Outcome: right}, Accepted, "", "process-limit", ""},
		{"process limit, coped with", run, Facts{ForkRefused: true, Outcome: right}, Accepted, "", "process-limit", ""},
		{"disk full", run, Facts{ExitCode: 1, DiskFull: true}, RuntimeError, "disk-limit", "disk-limit", "disk of 64MiB and 1000 files full, then exit code 1"},
		{"disk full, coped with", run, Facts{DiskFull: true, Outcome: wrong}, WrongAnswer, "checker", "disk-limit", `line 1: expected "1", found "2"`},
		{"interpreter missing", run, Facts{Exec: syscall.ENOENT, Path: "./a.sh", Interpreter: "/no/bash\r"}, RuntimeError, "exec", "", `start ./a.sh: its interpreter /no/bash\r is missing`},
		{"not executable", run, Facts{Exec: syscall.EACCES, Path: "./a"}, RuntimeError, "exec", "", "start ./a: permission denied"},
		{"not a program", run, Facts{Exec: syscall.ENOEXEC, Path: "./a"}, RuntimeError, "exec", "", "start ./a: exec format error"},

		{"compiled", compile, Facts{}, Accepted, "", "", ""},
		{"compiler's machinery", compile, Facts{Err: errors.New("gcc is missing")}, JudgeError, "internal", "", "gcc is missing"},
		{"compiler cancelled", compile, Facts{Stop: StopCancelled}, Skipped, "cancelled", "", "the judge was ended during the compilation"},
		{"compiler refuses", compile, Facts{ExitCode: 1, Messages: "a.c: In function 'main':\n  a.c:1:2: error: no \x1b[31m\n"}, CompileError, "exit-code", "", `a.c:1:2: error: no \x1b[31m`},
		{"compiler refuses without a word", compile, Facts{ExitCode: 1, Messages: "\n \n"}, CompileError, "exit-code", "", "exit code 1"},
		{"compiler refuses in other words", compile, Facts{ExitCode: 1, Messages: "\nnope\nnever\n"}, CompileError, "exit-code", "", "nope"},
		{"compiler crashes", compile, Facts{Signal: "SIGSEGV"}, CompileError, "signal", "", "ended by SIGSEGV"},
		{"compiler over memory", compile, Facts{OOM: true, ExitCode: 1, Messages: "error: killed"}, CompileError, "compile-memory", "oom", "memory over 256MiB"},
		{"compiler over cpu", compile, Facts{Stop: StopCPU, CPU: 1002 * time.Millisecond}, CompileError, "compile-time", "cpu", "cpu 1.002s of 1s"},
		{"compiler over wall", compile, Facts{Stop: StopWall, Wall: 3 * time.Second}, CompileError, "compile-time", "wall", "wall 3s of 3s, with cpu 0s: it waited"},
		{"compiler floods", compile, Facts{Stop: StopStderr}, CompileError, "compile-output", "stderr", "standard error over 64MiB"},
		{"compiler fills the disk", compile, Facts{ExitCode: 1, DiskFull: true, Messages: "error: no space"}, CompileError, "disk-limit", "disk-limit", "error: no space"},
		{"compiler writes nothing", compile, Facts{Artifact: "/work/a"}, CompileError, "no-artifact", "", "the compiler did not write /work/a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.facts.Limits = allowed
			want := Decision{Verdict: tt.verdict, Reason: tt.reason, Message: tt.message}
			if tt.flags != "" {
				want.Flags = strings.Fields(tt.flags)
			}
			assert.Equal(t, want, tt.decide(tt.facts))
		})
	}
}

func TestOnePassIsNotBlamedForAnother(t *testing.T) {
	const mib = 1 << 20
	allowed := limits.Limits{CPU: time.Second, Wall: 3 * time.Second, Memory: 256 * mib}
	right := &Outcome{Correct: true}
	for _, c := range []struct {
		name           string
		facts, earlier Facts
		verdict        Verdict
		message        string
	}{
		{"fails after one that used all its memory", Facts{ExitCode: 1}, Facts{Memory: 256 * mib}, RuntimeError, "exit code 1"},
		{"waits after one that computed", Facts{Stop: StopWall, CPU: time.Millisecond, Wall: 3 * time.Second}, Facts{CPU: 900 * time.Millisecond, Wall: time.Second},
			TimeLimit, "wall 3s of 3s, with cpu 1ms: it waited"},
		{"right after one that was close above its time", Facts{Outcome: right}, Facts{CPU: 1050 * time.Millisecond, Wall: 2 * time.Second}, TimeLimit, "cpu 1.05s of 1s"},
		{"right after one that was close above its wall time", Facts{Outcome: right}, Facts{CPU: time.Millisecond, Wall: 3100 * time.Millisecond},
			TimeLimit, "wall 3.1s of 3s, with cpu 1ms: it waited"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := c.facts.with(Facts{}.with(c.earlier))
			f.Limits = allowed
			d := Decide(f)
			assert.Equal(t, c.verdict, d.Verdict)
			assert.Equal(t, c.message, d.Message)
			var record Record
			fill(&record, f)
			assert.Equal(t, max(c.facts.Memory, c.earlier.Memory), record.Memory, "the record has the most that was used")
			assert.Equal(t, Millis(max(c.facts.CPU, c.earlier.CPU)), record.CPU)
		})
	}
}

func TestWithoutLimitsNothingIsExceeded(t *testing.T) {
	d := Decide(Facts{CPU: time.Hour, Wall: time.Hour, Memory: 1 << 40, Stdout: 1 << 40, Stderr: 1 << 40, Outcome: &Outcome{Correct: true}})
	assert.Equal(t, Decision{Verdict: Accepted}, d)
}

func TestCompilerMessageIsCut(t *testing.T) {
	d := DecideCompile(Facts{ExitCode: 1, Messages: strings.Repeat("error é", 1000)})
	assert.LessOrEqual(t, len(d.Message), messageLimit+len("…"))
	assert.True(t, strings.HasSuffix(d.Message, "…"))
}

func TestSubmissionRecord(t *testing.T) {
	compiled := &Record{Kind: KindCompile, Verdict: Accepted, CPU: Millis(5 * time.Second), Memory: 900}
	result := func(v Verdict, test string, cpu time.Duration, memory int64) *Record {
		return &Record{Kind: KindRun, Verdict: v, Reason: "r-" + test, Test: test, Message: "m-" + test, CPU: Millis(cpu), Memory: memory}
	}
	tests := []struct {
		name     string
		results  []*Record
		expected []Verdict
		want     Record // fields that every case has are filled in
		as       bool
	}{
		{
			name:    "accepted",
			results: []*Record{compiled, result(Accepted, "1", 3, 10), result(Accepted, "2", 2, 20)}, expected: []Verdict{Accepted},
			want: Record{Verdict: Accepted, CPU: 3, Memory: 20}, as: true,
		}, {
			name:    "the first that is not accepted decides",
			results: []*Record{result(Accepted, "1", 1, 1), result(WrongAnswer, "2", 2, 2), result(TimeLimit, "3", 9, 1)}, expected: []Verdict{TimeLimit},
			want: Record{Verdict: WrongAnswer, Reason: "r-2", Test: "2", Message: "m-2", CPU: 9, Memory: 2},
		}, {
			name:    "stopped at the first failure",
			results: []*Record{result(TimeLimit, "1", 1, 1)}, expected: []Verdict{WrongAnswer, TimeLimit},
			want: Record{Verdict: TimeLimit, Reason: "r-1", Test: "1", Message: "m-1", CPU: 1, Memory: 1}, as: true,
		}, {
			name:    "not compiled",
			results: []*Record{{Kind: KindCompile, Verdict: CompileError, Reason: "exit-code", Message: "m", CPU: 7}}, expected: []Verdict{CompileError},
			want: Record{Verdict: CompileError, Reason: "exit-code", Message: "m"}, as: true,
		}, {
			name:    "ended between two runs",
			results: []*Record{compiled, result(Accepted, "1", 1, 1)}, expected: []Verdict{Accepted},
			want: Record{Verdict: Skipped, Reason: "cancelled", CPU: 1, Memory: 1},
		}, {
			name:    "ended before the first",
			results: nil, expected: []Verdict{Accepted},
			want: Record{Verdict: Skipped, Reason: "cancelled"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			planned := max(2, len(tt.results))
			if slices.Contains(tt.results, compiled) {
				planned = 2
			}
			s := Submission{Name: "a.c", Code: Code{Language: &Language{Name: "c"}}, Expected: tt.expected}
			var known standing
			for _, r := range tt.results {
				known.add(r)
			}
			got := known.record("sum", &s, planned)
			want := tt.want
			want.Schema, want.Kind, want.Task, want.Submission, want.Language = Schema, KindSubmission, "sum", "a.c", "c"
			want.Expected, want.AsExpected = tt.expected, &tt.as
			assert.Equal(t, &want, got)
		})
	}
}

func TestTotals(t *testing.T) {
	yes, no := true, false
	var totals Totals
	for _, r := range []*Record{
		{Kind: KindCompile, Verdict: Accepted},
		{Kind: KindRun, Verdict: Accepted}, {Kind: KindRun, Verdict: WrongAnswer},
		{Kind: KindSubmission, Verdict: WrongAnswer, AsExpected: &yes},
		{Kind: KindSubmission, Verdict: JudgeError, AsExpected: &no},
	} {
		totals.Add(r)
	}
	want := Totals{Submissions: 2, Runs: 2, AsExpected: 1, JudgeErrors: 1, Verdicts: map[Verdict]int{WrongAnswer: 1, JudgeError: 1}}
	assert.Equal(t, want, totals)
}
