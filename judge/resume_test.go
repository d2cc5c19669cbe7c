package judge

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lineSink writes records as JSONL does.
type lineSink struct{ bytes.Buffer }

func (s *lineSink) Write(r *Record) error {
	line, err := AppendRecord(nil, r)
	s.Buffer.Write(line)
	return err
}

func (s *lineSink) Close() error { return nil }

// twinTasks are a task of files with groups, and one of lines, some of which are identical.
func twinTasks(t *testing.T) []Task {
	t.Helper()
	t.Chdir(t.TempDir())
	var lines strings.Builder
	for i, code := range strings.Fields("p q p r q p s p bad bad r fail fail fail") {
		fmt.Fprintf(&lines, "{\"id\": \"%d\", \"code\": %q, \"language\": \"bash\"}\n", i, code)
	}
	for name, text := range map[string]string{
		"a.jsonl": lines.String(), "x.c": "", "y.c": "",
		"tasks.toml": `
			[defaults]
			test = [{ input = "1", answer = "1" }, { input = "2", answer = "2" }, { input = "3", answer = "3" }]
			[[task]]
			name = "files"
			submissions = ["*.c"]
			group = [{ name = "one", tests = ["1", "2"], score = 40, aggregate = "min" }, { name = "two", tests = ["3"], score = 60 }]
			expect = { "*" = ["accepted", "wrong-answer"] }
			[[task]]
			name = "lines"
			source = { file = "a.jsonl" }
			expect = { "*" = ["accepted", "wrong-answer", "compile-error"] }
			`,
	} {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	}
	tasks, err := Load("tasks.toml")
	require.NoError(t, err)
	return tasks
}

// judgeTwins does the work of a batch with several workers, until so many jobs are done.
func judgeTwins(t *testing.T, tasks []Task, earlier *Earlier, jobs int) (written string, complete bool) {
	t.Helper()
	out := &lineSink{}
	var sink Sink = out
	var resumed *resumedSink
	if earlier != nil {
		resumed = newResumedSink(earlier, out)
		sink = resumed
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	q := newQueue(tasks, false, nil, NewOrdered(sink), cancel)
	if resumed != nil {
		var err error
		complete, err = q.resume(ctx, resumed)
		require.NoError(t, err)
		if complete {
			return out.String(), true
		}
	}
	var workers sync.WaitGroup
	left := atomic.Int64{}
	left.Store(int64(jobs))
	for range 4 {
		workers.Go(func() {
			for {
				j, ok := q.take(ctx, nil)
				switch {
				case !ok:
					return
				case left.Add(-1) < 0:
					q.stop()
					return
				}
				finishTwin(q, j)
			}
		})
	}
	workers.Wait()
	require.NoError(t, context.Cause(ctx))
	if left.Load() < 0 {
		return out.String(), false
	}
	require.NoError(t, q.summarize(0))
	return out.String(), true
}

// finishTwin decides by the code: what a program is, not when it runs.
func finishTwin(q *queue, j job) {
	code := j.submission.Name
	if len(j.submission.Files) > 0 && j.submission.Files[0].Data.File == "" {
		code = j.submission.Files[0].Data.Text
	}
	if j.test < 0 {
		r := newRecord(KindCompile, j)
		r.Verdict = Accepted
		switch code {
		case "bad":
			r.Verdict, r.Message = CompileError, "it is bad"
		case "fail":
			r.Verdict, r.Reason = JudgeError, ReasonInternal
		}
		q.compiled(j.entry, nil, r)
		return
	}
	r := newRecord(KindRun, j)
	r.Test, r.Verdict, r.Limits, r.CPU = j.task.Tests[j.test].Name, Accepted, runLimits(j), Millis(j.test+1)*1_234_567
	if j.test == 1 && strings.ContainsAny(code, "qxr") {
		r.Verdict, r.Message = WrongAnswer, "no"
	}
	q.done(j, r)
}

func TestIdenticalProgramsAreJudgedOnce(t *testing.T) {
	tasks := twinTasks(t)
	want, _ := judgeTwins(t, tasks, nil, 1<<20)
	for range 100 {
		got, _ := judgeTwins(t, tasks, nil, 1<<20)
		require.Equal(t, want, got)
	}
	assert.Equal(t, 3, strings.Count(want, `"same_as":"0"`))
	assert.Equal(t, 2, strings.Count(want, `"submission":"8"`), "its compilation and its record")
	assert.Equal(t, 1, strings.Count(want, `"submission":"9"`), "the record of a twin is all there is of it")
	assert.NotContains(t, want, `"same_as":"11"`, "a judge-error says nothing of a twin")
	assert.Contains(t, want, `"duplicates":6`)
	assert.Contains(t, want, `"excluded":3`)
	tasks[1].Source.Dedupe = false
	all, _ := judgeTwins(t, tasks, nil, 1<<20)
	assert.NotContains(t, all, "same_as")
}

func TestResumeAfterAnyByte(t *testing.T) {
	tasks := twinTasks(t)
	want, _ := judgeTwins(t, tasks, nil, 1<<20)
	random := rand.New(rand.NewPCG(8, 9))
	for cut := 0; cut <= len(want); cut += 1 + random.IntN(100) {
		file := want[:cut]
		for complete := false; !complete; {
			kept := -1
			keep := func(size int64) error {
				kept = int(size)
				return nil
			}
			var more string
			more, complete = judgeTwins(t, tasks, &Earlier{Records: strings.NewReader(file), Keep: keep}, random.IntN(40))
			require.GreaterOrEqual(t, kept, 0, "Keep is called")
			require.True(t, strings.HasPrefix(file, file[:kept]))
			file = file[:kept] + more
		}
		require.Equal(t, want, file, "cut after byte %d", cut)
	}
}

func TestEarlierRecordsAreShownOnce(t *testing.T) {
	tasks := twinTasks(t)
	want, _ := judgeTwins(t, tasks, nil, 1<<20)
	show := &lineSink{}
	keep := func(int64) error { return nil }
	half := strings.LastIndexByte(want[:len(want)/2], '\n') + 1
	more, complete := judgeTwins(t, tasks, &Earlier{strings.NewReader(want[:half]), keep, show}, 1<<20)
	assert.True(t, complete)
	assert.Equal(t, want, show.String()+more)
}

func TestTwinsForgetTheOldest(t *testing.T) {
	var all twins
	for i := range maxTwins + 1 {
		_, other := all.of(identity{byte(i), byte(i >> 8), byte(i >> 16)}, fmt.Sprint(i))
		require.False(t, other)
		if i > 0 {
			all.of(identity{1}, "used again")
		}
	}
	assert.Equal(t, maxTwins, all.recent.Len())
	o, other := all.of(identity{1}, "")
	assert.True(t, other)
	assert.Equal(t, "1", o.name)
	_, other = all.of(identity{}, "0")
	assert.False(t, other, "the oldest is forgotten")
}
