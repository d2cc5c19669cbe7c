package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"judge/judge"
)

// usual are limits as they are in ordinary tasks.
const usual = `time = "1s", memory = "256MiB", processes = 64`

// task is a task of one program of ours on n equal tests.
func (l *lab) task(program, limits string, n int, args ...string) (judge.Task, error) {
	if _, err := l.program(program); err != nil {
		return judge.Task{}, err
	}
	text := fmt.Sprintf("[[task]]\nname = %q\ncommand = [\"./%s\"]\nchecker = \"none\"\nlimits = { %s }\n[[task.test]]\nname = \"0\"\ninput = \"\"\n",
		program, program, limits)
	tasks, err := l.load(text)
	if err != nil {
		return judge.Task{}, err
	}
	t := tasks[0]
	t.Tests[0].Args = args
	for i := 1; i < n; i++ {
		test := t.Tests[0]
		test.Name = strconv.Itoa(i)
		t.Tests = append(t.Tests, test)
	}
	return t, nil
}

// load loads a task file with the given text.
func (l *lab) load(text string) ([]judge.Task, error) {
	file := l.path("tasks.toml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return nil, err
	}
	return judge.Load(file)
}

// judging is a contender: judge as it is, with so many jobs.
func (l *lab) judging(name string, jobs int) contender {
	return contender{name: name, jobs: jobs, round: func(ctx context.Context, n int) (round, error) {
		task, err := l.task("tiny", usual, n)
		if err != nil {
			return round{}, err
		}
		r := recorder{expect: n}
		if err := r.judge(ctx, judge.Batch{Jobs: jobs}, task); err != nil {
			return round{}, err
		}
		return r.round(jobs), nil
	}}
}

// recorder is a sink that notes when each run was. A run that ends in any other way than it should is an
// error.
type recorder struct {
	expect int             // how many runs there will be
	want   []judge.Verdict // of each; nil: accepted
	pause  time.Duration   // of the only job, after each run

	runs     []span
	paused   []time.Duration // from the end of each pause to the next record
	records  []*judge.Record
	from, to time.Duration // of the machine's CPU time, at the first and the last record
	resumed  time.Time     // when the last pause ended
}

// span is when a run was: from the opening of its gate to its end.
type span struct{ start, end time.Time }

// judge runs a batch of tasks.
func (r *recorder) judge(ctx context.Context, b judge.Batch, tasks ...judge.Task) error {
	b.AllTests = true
	_, err := b.Run(ctx, tasks, r)
	return err
}

func (r *recorder) Write(record *judge.Record) error {
	if record.Kind != judge.KindRun {
		return nil
	}
	want := r.want
	if want == nil {
		want = []judge.Verdict{judge.Accepted}
	}
	if !slices.Contains(want, record.Verdict) {
		return fmt.Errorf("%s, test %s: %s (%s): %s", record.Task, record.Test, record.Verdict, record.Reason, record.Message)
	}
	now := time.Now()
	if !r.resumed.IsZero() {
		r.paused = append(r.paused, now.Sub(r.resumed))
	}
	r.records = append(r.records, record)
	r.runs = append(r.runs, span{*record.StartedAt, record.StartedAt.Add(time.Duration(record.Wall))})
	switch len(r.runs) {
	case 1:
		r.from = machineCPU()
	case r.expect:
		r.to = machineCPU()
	}
	if r.pause > 0 {
		time.Sleep(r.pause)
	}
	r.resumed = time.Now()
	return nil
}

func (r *recorder) Close() error { return nil }

// round is what was measured, without what a batch costs at its beginning and end.
func (r *recorder) round(jobs int) round {
	cycles := cycles(r.runs, jobs)
	first := slices.MinFunc(r.runs, func(a, b span) int { return a.start.Compare(b.start) })
	last := slices.MaxFunc(r.runs, func(a, b span) int { return a.start.Compare(b.start) })
	n := len(r.runs) - 1
	return round{
		took: cycles,
		rate: float64(n) / last.start.Sub(first.start).Seconds(),
		cpu:  (r.to - r.from) / time.Duration(max(1, n)),
	}
}

// cycles are the times from the start of a run to that of the next one in the same slot: all that a run
// costs, its preparation and its record included. Records do not say which slot a run was in; it is the
// one that was free for longest.
func cycles(runs []span, jobs int) []time.Duration {
	runs = slices.SortedFunc(slices.Values(runs), func(a, b span) int { return a.start.Compare(b.start) })
	slots := make([]span, 0, jobs) // the last run of each
	var took []time.Duration
	for _, r := range runs {
		if len(slots) < jobs {
			slots = append(slots, r)
			continue
		}
		free := 0
		for i, s := range slots {
			if s.end.Before(slots[free].end) {
				free = i
			}
		}
		took = append(took, r.start.Sub(slots[free].start))
		slots[free] = r
	}
	return took
}
