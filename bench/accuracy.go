package main

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"judge/judge"
)

// measureAccuracy compares the records with what programs know themselves.
func measureAccuracy(ctx context.Context, l *lab) error {
	l.remark("accuracy", "the kernel charges what a program does before main and in its exit, too")
	if err := measureCPUAccuracy(ctx, l); err != nil {
		return err
	}
	return measureMemoryAccuracy(ctx, l)
}

func measureCPUAccuracy(ctx context.Context, l *lab) error {
	worst := 0.0
	for _, kind := range []struct {
		name string
		args []string
	}{
		{"one", []string{"200"}},
		{"long", []string{"1000"}},
		{"threads", []string{"150", "threads", "4"}},
		{"forks", []string{"150", "forks", "3"}},
	} {
		task, err := l.task("burn", `time = "5s", wall = "20s", memory = "256MiB"`, l.times(5), kind.args...)
		if err != nil {
			return err
		}
		var r recorder
		if err := r.judge(ctx, judge.Batch{Jobs: 1}, task); err != nil {
			return err
		}
		var off []float64
		for _, record := range r.records {
			truth, err := strconv.ParseFloat(strings.TrimSpace(record.Stdout.Text), 64)
			if err != nil {
				return err
			}
			ms := millis(time.Duration(record.CPU))
			off = append(off, ms-truth)
			worst = max(worst, math.Abs(ms-truth)/max(1, truth*0.005))
		}
		l.add("accuracy/cpu-"+kind.name+"/off_ms", median(off))
	}
	l.add("accuracy/cpu_worst_of_allowed", worst)
	return nil
}

func measureMemoryAccuracy(ctx context.Context, l *lab) error {
	var nothing float64
	for _, mib := range []int{0, 1, 10, 100} {
		task, err := l.task("touch", usual, l.times(5), strconv.Itoa(mib))
		if err != nil {
			return err
		}
		var r recorder
		if err := r.judge(ctx, judge.Batch{Jobs: 1}, task); err != nil {
			return err
		}
		var used []float64
		for _, record := range r.records {
			used = append(used, float64(record.Memory)/(1<<20))
		}
		if mib == 0 {
			nothing = median(used)
			l.add("accuracy/memory_nothing_mib", nothing)
			continue
		}
		l.add("accuracy/memory-"+strconv.Itoa(mib)+"mib/off_mib", median(used)-nothing-float64(mib))
	}
	return nil
}
