package main

import (
	"context"
	"time"

	"judge/judge"
)

// measureIdle lets the machine rest for a second before each run.
func measureIdle(ctx context.Context, l *lab) error {
	n := l.times(15)
	idle, warm := recorder{pause: time.Second}, recorder{}
	task, err := l.task("tiny", usual, n+1)
	if err != nil {
		return err
	}
	if err := idle.judge(ctx, judge.Batch{Jobs: 1}, task); err != nil {
		return err
	}
	if task, err = l.task("tiny", usual, 20*n); err != nil {
		return err
	}
	if err := warm.judge(ctx, judge.Batch{Jobs: 1}, task); err != nil {
		return err
	}
	first, usual := quantile(idle.paused, 0.5), quantile(warm.paused, 0.5)
	l.add("idle/median_us", micros(first))
	l.add("idle/worst_us", micros(quantile(idle.paused, 1)))
	l.add("idle/warm_us", micros(usual))
	l.add("idle/above_warm_ms", millis(first-usual))
	return nil
}
