package main

import (
	"context"
	"time"

	"judge/judge"
)

// measureOvershoot says how much more than its limit a program gets.
func measureOvershoot(ctx context.Context, l *lab) error {
	const limit = 200 * time.Millisecond
	n := l.times(50)
	for _, kind := range []struct {
		name, limits string
		used         func(*judge.Record) judge.Millis
	}{
		{"cpu", `time = "200ms", wall = "5s"`, func(r *judge.Record) judge.Millis { return r.CPU }},
		{"wall", `time = "5s", wall = "200ms"`, func(r *judge.Record) judge.Millis { return r.Wall }},
	} {
		task, err := l.task("spin", kind.limits, n)
		if err != nil {
			return err
		}
		r := recorder{want: []judge.Verdict{judge.TimeLimit}}
		if err := r.judge(ctx, judge.Batch{Jobs: 1}, task); err != nil {
			return err
		}
		var over []time.Duration
		for _, record := range r.records {
			over = append(over, time.Duration(kind.used(record))-limit)
		}
		l.add("overshoot/"+kind.name+"_median_ms", millis(quantile(over, 0.5)))
		l.add("overshoot/"+kind.name+"_p99_ms", millis(quantile(over, 0.99)))
	}
	return nil
}
