package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
	"judge/judge/queue"
	"judge/limits"
)

func TestSourcesComeInThreeWays(t *testing.T) {
	q := newFake()
	start(t, Config{Queue: q})
	const right, wrong = "read x; echo $((2*x))\n", "echo 5\n"
	id := double(t, q, "")
	for _, row := range []struct {
		name   string
		source queue.Source
		want   judge.Verdict
	}{
		{"text", queue.Source{Text: right}, judge.Accepted},
		{"base64", queue.Source{Base64: "ZWNobyA1Cg=="}, judge.WrongAnswer},
		{"hash", queue.Source{SHA256: q.put([]byte(right))}, judge.Accepted},
		{"empty", queue.Source{}, judge.WrongAnswer},
	} {
		row.source.Path = "a.sh"
		d := q.submit(queue.Job{ID: row.name, Task: id, Sources: []queue.Source{row.source}}).wait(t)
		require.NotNil(t, d.result, d.released)
		assert.Equal(t, row.want, d.result.Verdict, row.name)
	}
}

// What no worker can judge has a result at once; what this one cannot is given back, until it was tried enough.
func TestWhatCannotBeJudged(t *testing.T) {
	q := newFake()
	start(t, Config{Queue: q, Most: limits.Limits{CPU: 10 * time.Second, Memory: 8 << 30}})
	good := double(t, q, "")
	script := []queue.Source{{Path: "a.sh", Text: "echo 4\n"}}
	manifest := func(text string) string { return q.put([]byte(text)) }
	hash := q.put([]byte("x"))
	for _, row := range []struct {
		name    string
		job     queue.Job
		attempt int
		verdict judge.Verdict // empty: it is given back
		want    string
	}{
		{"task reads the host's files", queue.Job{Task: double(t, q, "[[task.test]]\ninput_file = '/etc/passwd'\nanswer = ''"), Sources: script}, 1, judge.JudgeError, "want a path in the bundle"},
		{"task binds the host's directories", queue.Job{Task: double(t, q, "sandbox = { binds = ['/etc:/x'] }"), Sources: script}, 1, judge.JudgeError, "binds: are files and directories of the host"},
		{"task wants more than there is", queue.Job{Task: double(t, q, "limits = { time = '1h' }"), Sources: script}, 1, judge.JudgeError, "this worker allows at most 10s"},
		{"interaction wants more than there is", queue.Job{Task: interaction(t, q, "a", "b"), Sources: script}, 1, judge.JudgeError, "memory 10GiB: this worker allows at most 8GiB"},
		{"task is not TOML", queue.Job{Task: double(t, q, "]]"), Sources: script}, 1, judge.JudgeError, "tasks.toml:"},
		{"manifest is not JSON", queue.Job{Task: manifest("{"), Sources: script}, 1, judge.JudgeError, "manifest"},
		{"manifest leads out", queue.Job{Task: manifest(`{"files":{"tasks.toml":"` + hash + `","../x":"` + hash + `"}}`), Sources: script}, 1, judge.JudgeError, "../x"},
		{"manifest is absolute", queue.Job{Task: manifest(`{"files":{"tasks.toml":"` + hash + `","/tmp/x":"` + hash + `"}}`), Sources: script}, 1, judge.JudgeError, "/tmp/x"},
		{"manifest needs directories", queue.Job{Task: manifest(deepManifest(hash)), Sources: script}, 1, judge.JudgeError, "more than 10000 directories"},
		{"source leads out", queue.Job{Task: good, Sources: []queue.Source{{Path: "../a.sh"}}}, 1, judge.CompileError, "want a clean path"},
		{"no language", queue.Job{Task: good, Sources: []queue.Source{{Path: "a.xyz"}}}, 1, judge.CompileError, "no language has the extension"},
		{"no such test", queue.Job{Task: good, Sources: script, Only: []string{"9"}}, 1, judge.JudgeError, `test "9": there is none`},
		{"no such task", queue.Job{Task: strings.Repeat("0", 64), Sources: script}, 1, "", "not known"},
		{"no such task, the last time", queue.Job{Task: strings.Repeat("0", 64), Sources: script}, 3, judge.JudgeError, "not known"},
		{"no such source", queue.Job{Task: good, Sources: []queue.Source{{Path: "a.sh", SHA256: strings.Repeat("0", 64)}}}, 1, "", "not known"},
		{"a tool that is missing", queue.Job{Task: double(t, q, "[language.x]\nextensions=['.x']\nrun=['no-such-program']"), Sources: []queue.Source{{Path: "a.x"}}}, 1, "", "there is no no-such-program"},
		{"the same, the last time", queue.Job{Task: double(t, q, "[language.x]\nextensions=['.x']\nrun=['no-such-program']"), Sources: []queue.Source{{Path: "a.x"}}}, 3, judge.JudgeError, "there is no no-such-program"},
		{"commands", queue.Job{Kind: queue.KindCommand}, 1, "", "executes no commands"},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.job.ID = row.name
			check(t, q.submitAgain(row.job, row.attempt).wait(t), row.verdict, row.want)
		})
	}
}

func deepManifest(hash string) string {
	files := map[string]string{"tasks.toml": hash}
	for i := range 200 {
		files[fmt.Sprintf("%d/%s/x", i, strings.Repeat("d/", 100)+"d")] = hash
	}
	text, _ := json.Marshal(map[string]any{"files": files})
	return string(text)
}

// check compares what became of a job; an empty verdict: it was given back.
func check(t *testing.T, d *fakeDelivery, verdict judge.Verdict, want string) {
	t.Helper()
	if verdict == "" {
		assert.Nil(t, d.result)
		assert.Contains(t, d.released, want)
		return
	}
	require.NotNil(t, d.result, d.released)
	assert.Equal(t, verdict, d.result.Verdict)
	require.NotNil(t, d.result.Submission)
	assert.Contains(t, d.result.Submission.Message, want)
	last, err := judge.AppendRecord(nil, d.result.Submission)
	require.NoError(t, err)
	assert.Contains(t, string(d.records), string(last))
}

func TestCancellationEndsProgramsAtOnce(t *testing.T) {
	q := newFake()
	start(t, Config{Queue: q})
	d := q.submit(endless(t, q))
	awaitProgram(t)
	close(d.cancelled)
	d.wait(t)
	assert.Nil(t, d.result)
	assert.Empty(t, d.released, "the queue knows that it was cancelled")
	assert.False(t, programRuns(), "the program is gone when the worker lets go of the job")
}

func TestAJobThatTakesTooLongIsNotTriedAgain(t *testing.T) {
	q := newFake()
	start(t, Config{Queue: q, Longest: time.Second})
	check(t, q.submit(endless(t, q)).wait(t), judge.JudgeError, "longer than this worker allows: 1s")
	assert.False(t, programRuns())
}

func TestAWorkerThatEndsGivesBackWhatTakesTooLong(t *testing.T) {
	q := newFake()
	stop := start(t, Config{Queue: q, Grace: -1})
	d := q.submit(endless(t, q))
	awaitProgram(t)
	stop()
	d.wait(t)
	assert.Nil(t, d.result)
	assert.Equal(t, "the worker ends", d.released)
	assert.False(t, programRuns())
}

func TestAWorkerThatEndsFinishesWhatItHas(t *testing.T) {
	q := newFake()
	tell, stop := startUntilTold(t, Config{Queue: q, Jobs: 1})
	id := double(t, q, "")
	first := newDelivery(queue.Job{ID: "first", Task: id, Sources: []queue.Source{{Path: "a.sh", Text: "echo 4\n"}}}, 1)
	first.goOn = make(chan struct{})
	q.waiting <- first
	second := q.submit(queue.Job{ID: "second", Task: id, Sources: []queue.Source{{Path: "a.sh", Text: "echo 4\n"}}})
	<-first.begun // its compile record: it is being judged
	tell()
	close(first.goOn)
	stop()
	require.NotNil(t, first.wait(t).result)
	assert.Equal(t, judge.Accepted, first.result.Verdict)
	assert.Nil(t, second.result, "it was not taken any more")
	assert.Len(t, q.waiting, 1)
}

func TestCommandsAreGivenToWhoKnowsThem(t *testing.T) {
	q := newFake()
	start(t, Config{Queue: q, Commands: func(_ context.Context, _ *judge.Pool, job queue.Job, record io.Writer) error {
		if job.ID == "bad" {
			return errors.New("no sandbox")
		}
		_, err := io.WriteString(record, `[{"status":"Accepted"}]`)
		return err
	}})
	d := q.submit(queue.Job{ID: "good", Kind: queue.KindCommand}).wait(t)
	require.NotNil(t, d.result)
	assert.Equal(t, `[{"status":"Accepted"}]`, string(d.records))
	assert.Equal(t, queue.Done, d.result.State)
	d = q.submit(queue.Job{ID: "bad", Kind: queue.KindCommand}).wait(t)
	assert.Equal(t, "no sandbox", d.released)
}

// A worker's memory and descriptors do not depend on how many tasks it has seen.
func TestAWorkerStaysAsLargeAsItIs(t *testing.T) {
	q := newFake()
	stop := start(t, Config{Queue: q})
	some := func(from, n int) {
		for i := range n {
			id := double(t, q, fmt.Sprintf("checker = { source = 'check.sh', args = ['%d'] }", from+i))
			d := q.submit(queue.Job{ID: fmt.Sprint(i), Task: id, Sources: []queue.Source{{Path: "a.sh", Text: "echo 4\n"}}}).wait(t)
			require.NotNil(t, d.result, d.released)
			require.Equal(t, judge.Accepted, d.result.Verdict)
			clear(q.files)
		}
	}
	some(0, 2*maxTasks)
	before, goroutines := descriptors(), runtime.NumGoroutine()
	some(1000, 3*maxTasks)
	const groups = 16 // descriptors of what is ready for the next run, or is not
	assert.LessOrEqual(t, descriptors(), before+groups)
	// One that has handed over what it did needs a moment to end; and one of Eventually asks.
	assert.Eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines+1 }, time.Minute, time.Millisecond)
	stop()
}

func descriptors() int {
	entries, _ := os.ReadDir("/proc/self/fd")
	return len(entries)
}

// programRuns tells whether a program of this process's sandboxes runs, but for the sandboxes' own processes: the
// script of endless is the only bash below us.
func programRuns() bool {
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	return slices.ContainsFunc(all, func(file string) bool {
		text, _ := os.ReadFile(file)
		return bytes.Contains(text, []byte("main.sh")) && isBelow(filepath.Base(filepath.Dir(file)), os.Getpid())
	})
}

func isBelow(pid string, ancestor int) bool {
	for range 10 {
		text, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil {
			return false
		}
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if pid = fields[1]; pid == fmt.Sprint(ancestor) {
			return true
		}
	}
	return false
}

func awaitProgram(t *testing.T) {
	t.Helper()
	require.Eventually(t, programRuns, 4*time.Minute, 5*time.Millisecond)
}
