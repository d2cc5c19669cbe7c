package judge

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// keptRecords is a sink that remembers what it was given, in a word each.
type keptRecords struct{ words []string }

func (k *keptRecords) Write(r *Record) error {
	k.words = append(k.words, fmt.Sprintf("%s %s%s %s", r.Kind, r.Submission, r.Test, r.Verdict))
	return nil
}

func (k *keptRecords) Close() error { return nil }

// queueOf plans submissions a, b, c… with tests 0, 1, 2…
func queueOf(submissions, tests int, allTests bool) (*queue, *keptRecords) {
	task := Task{Name: "t"}
	for i := range submissions {
		task.Submissions = append(task.Submissions, Submission{Name: string(rune('a' + i)), Expected: []Verdict{Accepted}})
	}
	for i := range tests {
		task.Tests = append(task.Tests, TestCase{Name: fmt.Sprint(i)})
	}
	kept := &keptRecords{}
	return newQueue([]Task{task}, allTests, nil, NewOrdered(kept), func(error) {}), kept
}

// finish gives a job its result: a compiler's word for a submission, a verdict for a run.
func finish(q *queue, j job, compiles map[string]Verdict, runs map[string]Verdict) {
	if j.test < 0 {
		record := newRecord(KindCompile, j)
		if record.Verdict = compiles[j.submission.Name]; record.Verdict == "" {
			record.Verdict = Accepted
		}
		q.compiled(j.entry, nil, record)
		return
	}
	record := newRecord(KindRun, j)
	record.Test = j.task.Tests[j.test].Name
	if record.Verdict = runs[j.submission.Name+record.Test]; record.Verdict == "" {
		record.Verdict = Accepted
	}
	q.done(j, record)
}

// take is poll that waits for a job, as a worker does; false: there will be none.
func (q *queue) take(ctx context.Context, prefer *entry) (job, bool) {
	for q.await(ctx) {
		if j, ok := q.poll(ctx, prefer); ok {
			return j, true
		}
	}
	return job{}, false
}

// drain finishes all jobs in random order, with several under way at one time.
func drain(q *queue, random *rand.Rand, compiles, runs map[string]Verdict) {
	var under []job
	for {
		for len(under) < 1+random.IntN(4) {
			q.mu.Lock()
			waits := len(under) > 0 && !q.canHandOut()
			q.mu.Unlock()
			if waits {
				break
			}
			var prefer *entry
			if len(under) > 0 && random.IntN(2) == 0 {
				prefer = under[0].entry
			}
			j, ok := q.take(context.Background(), prefer)
			if !ok {
				break
			}
			under = append(under, j)
		}
		if len(under) == 0 {
			return
		}
		i := random.IntN(len(under))
		j := under[i]
		under = append(under[:i], under[i+1:]...)
		finish(q, j, compiles, runs)
	}
}

// canHandOut tells whether take would not wait.
func (q *queue) canHandOut() bool {
	for _, e := range q.active {
		if e.state == waiting || e.state == ready && e.upcoming() < len(e.task.Tests) {
			return true
		}
	}
	return q.walk.task < len(q.walk.tasks) && q.walk.sub < len(q.walk.tasks[q.walk.task].Submissions)
}

func TestRecordsAreTheSameWhateverFinishesFirst(t *testing.T) {
	compiles := map[string]Verdict{"c": CompileError}
	runs := map[string]Verdict{"b1": WrongAnswer, "b2": TimeLimit, "d3": RuntimeError}
	for _, row := range []struct {
		name string
		all  bool
		runs int
		want []string
	}{
		{"stops at the first failure", false, 10, []string{
			"compile a accepted", "run a0 accepted", "run a1 accepted", "run a2 accepted", "run a3 accepted", "submission a accepted",
			"compile b accepted", "run b0 accepted", "run b1 wrong-answer", "run b2 skipped", "run b3 skipped", "submission b1 wrong-answer",
			"compile c compile-error", "submission c compile-error",
			"compile d accepted", "run d0 accepted", "run d1 accepted", "run d2 accepted", "run d3 runtime-error", "submission d3 runtime-error",
		}},
		{"all tests", true, 12, []string{
			"compile a accepted", "run a0 accepted", "run a1 accepted", "run a2 accepted", "run a3 accepted", "submission a accepted",
			"compile b accepted", "run b0 accepted", "run b1 wrong-answer", "run b2 time-limit", "run b3 accepted", "submission b1 wrong-answer",
			"compile c compile-error", "submission c compile-error",
			"compile d accepted", "run d0 accepted", "run d1 accepted", "run d2 accepted", "run d3 runtime-error", "submission d3 runtime-error",
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			for seed := range uint64(300) {
				q, kept := queueOf(4, 4, row.all)
				drain(q, rand.New(rand.NewPCG(seed, 1)), compiles, runs)
				require.Equal(t, row.want, kept.words, "seed %d", seed)
				assert.Equal(t, 4, q.totals.Submissions)
				assert.Equal(t, 1, q.totals.AsExpected)
				assert.Equal(t, row.runs, q.totals.Runs)
			}
		})
	}
}

func TestRunsBeyondAFailureAreCancelledAndForgotten(t *testing.T) {
	q, kept := queueOf(1, 3, false)
	take := func() job {
		j, ok := q.take(context.Background(), nil)
		require.True(t, ok)
		return j
	}
	finish(q, take(), nil, nil)
	first, second := take(), take()
	finish(q, second, nil, nil)
	assert.Equal(t, []string{"compile a accepted"}, kept.words, "the second waits for the first")
	finish(q, first, nil, map[string]Verdict{"a0": MemoryLimit})
	assert.Error(t, first.context.Err(), "what still runs of the submission is cancelled")
	assert.Equal(t, []string{
		"compile a accepted", "run a0 memory-limit", "run a1 skipped", "run a2 skipped", "submission a0 memory-limit",
	}, kept.words)
	_, more := q.take(context.Background(), nil)
	assert.False(t, more)
}

// keptMarks is a sink that draws a submission in a line: its tests, then what came of it.
type keptMarks struct {
	lines []string
	tests string
}

func (k *keptMarks) Write(r *Record) error {
	switch {
	case r.Kind == KindSubmission:
		short := *r
		short.Groups = nil
		k.lines = append(k.lines, r.Submission+" "+k.tests+" "+outcome(&short))
		k.tests = ""
	case r.Kind != KindRun:
	case r.Verdict == Skipped:
		k.tests += map[string]string{ReasonDecided: ".", ReasonGroup: "g", ReasonDepends: "d"}[r.Reason]
	case r.Verdict == Accepted:
		k.tests += "+"
	default:
		k.tests += "x"
	}
	return nil
}

func (k *keptMarks) Close() error { return nil }

func TestGroupsAreTheSameWhateverFinishesFirst(t *testing.T) {
	groups := groupsFrom(t, "01234567", "samples 01 0 min -", "small 23 30 min -", "large 45 50 min samples,small", "shared 67 20 sum -")
	runs := map[string]Verdict{"b2": WrongAnswer, "b6": TimeLimit, "c0": WrongAnswer, "d3": RuntimeError, "d4": WrongAnswer, "e4": WrongAnswer, "f5": JudgeError}
	for _, row := range []struct {
		name string
		all  bool
		runs int
		want []string
	}{
		{"early ends", false, 37, []string{
			"a ++++++++ 100 of 100 accepted",
			"b ++xgddx+ 10 of 100 wrong-answer 2",
			"c xg++dd++ 50 of 100 wrong-answer 0",
			"d +++xdd++ 20 of 100 runtime-error 3",
			"e ++++xg++ 50 of 100 wrong-answer 4",
			"f +++++x.. judge-error 5",
		}},
		{"all tests", true, 42, []string{
			"a ++++++++ 100 of 100 accepted",
			"b ++x+ddx+ 10 of 100 wrong-answer 2",
			"c x+++dd++ 50 of 100 wrong-answer 0",
			"d +++xdd++ 20 of 100 runtime-error 3",
			"e ++++x+++ 50 of 100 wrong-answer 4",
			"f +++++x++ judge-error 5",
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			for seed := range uint64(300) {
				q, _ := queueOf(6, 8, row.all)
				kept := &keptMarks{}
				q.out = NewOrdered(kept)
				q.walk.tasks[0].Groups = groups
				drain(q, rand.New(rand.NewPCG(seed, 2)), nil, runs)
				require.Equal(t, row.want, kept.lines, "seed %d", seed)
				assert.Equal(t, row.runs, q.totals.Runs)
			}
		})
	}
}

func TestRunsOfALostGroupAreCancelled(t *testing.T) {
	q, _ := queueOf(1, 4, false)
	q.walk.tasks[0].Groups = groupsFrom(t, "0123", "x 01 50 min -", "y 23 50 min -")
	take := func() job {
		j, ok := q.take(context.Background(), nil)
		require.True(t, ok)
		return j
	}
	finish(q, take(), nil, nil)
	first, second, third := take(), take(), take()
	finish(q, first, nil, map[string]Verdict{"a0": WrongAnswer})
	assert.Error(t, second.context.Err(), "of the same group")
	assert.NoError(t, third.context.Err(), "of another one")
}

func TestStoppedQueueHandsOutNothing(t *testing.T) {
	q, _ := queueOf(2, 2, false)
	j, ok := q.take(context.Background(), nil)
	require.True(t, ok)
	q.stop()
	_, ok = q.take(context.Background(), j.entry)
	assert.False(t, ok)
}
