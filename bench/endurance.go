package main

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"judge/judge"
)

const testsOfTask = 100

// measureEndurance runs a program very often in one process and looks what grows.
func measureEndurance(ctx context.Context, l *lab) error {
	runs := 10_000
	switch {
	case l.quick:
		runs = 1000
	case l.only != "":
		runs = 100_000
	}
	task, err := l.task("tiny", usual, testsOfTask)
	if err != nil {
		return err
	}
	tasks := make([]judge.Task, runs/testsOfTask)
	for i := range tasks {
		tasks[i] = task
		tasks[i].Name = fmt.Sprint("tiny ", i)
	}
	o := observer{runs: make([]span, 0, runs), expect: runs}
	jobs := judge.DefaultJobs()
	if _, err := (judge.Batch{Jobs: jobs, AllTests: true}).Run(ctx, tasks, &o); err != nil {
		return err
	}
	fifth := len(o.runs) / 5
	begin, end := cycles(o.runs[fifth:2*fifth], jobs), cycles(o.runs[4*fifth:], jobs)
	l.remark("endurance", fmt.Sprintf("in the ninth tenth of the runs, above the second; cost: the last fifth's median of the second's; %d jobs", jobs))
	l.add("endurance/runs", float64(len(o.runs)))
	first, last := typical(o.begin), typical(o.end)
	l.add("endurance/memory_growth_mib", float64(last.memory-first.memory)/(1<<20))
	l.add("endurance/descriptors_growth", float64(last.descriptors-first.descriptors))
	l.add("endurance/goroutines_growth", float64(last.goroutines-first.goroutines))
	l.add("endurance/mounts_growth", float64(last.mounts-first.mounts))
	l.add("endurance/groups_growth", float64(last.groups-first.groups))
	l.add("endurance/begin_us", micros(quantile(begin, 0.5)))
	l.add("endurance/end_us", micros(quantile(end, 0.5)))
	l.add("endurance/end_of_begin", float64(quantile(end, 0.5))/float64(quantile(begin, 0.5)))
	return nil
}

// observer is a sink that looks what the process has, some times in the second tenth of the runs and in the
// last but one.
type observer struct {
	runs       []span
	expect     int
	begin, end []belongings // a look each
}

// belongings are what a process has, itself and by its sandboxes.
type belongings struct {
	memory      int64 // resident, bytes, after a collection
	descriptors int
	goroutines  int
	mounts      int
	groups      int
}

func (o *observer) Write(r *judge.Record) error {
	if r.Kind != judge.KindRun {
		return nil
	}
	if r.Verdict != judge.Accepted {
		return fmt.Errorf("%s, test %s: %s: %s", r.Task, r.Test, r.Verdict, r.Message)
	}
	o.runs = append(o.runs, span{*r.StartedAt, r.StartedAt.Add(time.Duration(r.Wall))})
	const looks = 50
	if n := len(o.runs); n%(o.expect/10/looks) == 0 {
		switch n * 10 / o.expect {
		case 1:
			o.begin = append(o.begin, lookAround())
		case 8:
			o.end = append(o.end, lookAround())
		}
	}
	return nil
}

func (o *observer) Close() error { return nil }

// typical is the median of each figure, and the least of memory. What slots have in hand differs from moment to
// moment, and the most of it by chance; what leaks is there at every look.
func typical(looks []belongings) belongings {
	median := func(figure func(belongings) int) int {
		figures := make([]int, len(looks))
		for i, look := range looks {
			figures[i] = figure(look)
		}
		return quantile(figures, 0.5)
	}
	least := slices.MinFunc(looks, func(a, b belongings) int { return cmp.Compare(a.memory, b.memory) })
	return belongings{
		memory:      least.memory,
		descriptors: median(func(b belongings) int { return b.descriptors }),
		goroutines:  median(func(b belongings) int { return b.goroutines }),
		mounts:      median(func(b belongings) int { return b.mounts }),
		groups:      median(func(b belongings) int { return b.groups }),
	}
}

func lookAround() belongings {
	debug.FreeOSMemory()
	b := belongings{memory: statusBytes(os.Getpid(), "VmRSS"), goroutines: runtime.NumGoroutine()}
	descriptors, _ := os.ReadDir("/proc/self/fd")
	b.descriptors = len(descriptors)
	for _, pid := range descendants() {
		b.mounts += strings.Count(readText("/proc/"+pid+"/mountinfo"), "\n")
	}
	ours := fmt.Sprintf("/judge/%d-", os.Getpid()) // limits.Host's
	filepath.WalkDir("/sys/fs/cgroup", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.Contains(path, ours) {
			b.groups++
		}
		return nil // a group may be gone when it is looked at
	})
	return b
}

// descendants are this process and its children: the intermediates, whose mounts all runs get a copy of.
func descendants() []string {
	pids := []string{"self"}
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	for _, file := range tasks {
		pids = append(pids, strings.Fields(readText(file))...)
	}
	return pids
}
