package main

import (
	"context"
	"time"
)

const usual = `time = "1s", memory = "256MiB", processes = 64`

// measureStartup takes turns between the floor and judge, in rounds.
func measureStartup(ctx context.Context, l *lab) error {
	const rounds = 5
	n := l.times(500)
	var floor, ours []time.Duration
	var floorRate, oursRate []float64
	for range rounds {
		took, _, err := l.floor(ctx, n, 1)
		if err != nil {
			return err
		}
		floor = append(floor, took...)
		var one recorder
		if err := l.batch(ctx, repeat("tiny", n, usual), 1, &one); err != nil {
			return err
		}
		ours = append(ours, one.took...)
		_, rate, err := l.floor(ctx, n, 2)
		if err != nil {
			return err
		}
		floorRate = append(floorRate, rate)
		var two recorder
		begin := time.Now()
		if err := l.batch(ctx, repeat("tiny", 2*n, usual), 2, &two); err != nil {
			return err
		}
		oursRate = append(oursRate, float64(2*n)/time.Since(begin).Seconds())
	}
	base := quantile(floor, 0.5)
	l.add("startup/floor median", "us", micros(base), "")
	for _, q := range []struct {
		name string
		q    float64
	}{{"median", 0.5}, {"p95", 0.95}, {"p99", 0.99}} {
		l.add("startup/run "+q.name, "us", micros(quantile(ours, q.q)), "")
	}
	l.add("startup/run above floor", "ms", millis(quantile(ours, 0.5)-base), "<= 1.2")
	l.add("startup/run of floor", "ratio", float64(quantile(ours, 0.5))/float64(base), "<= 2.0")
	l.add("startup/floor with 2 jobs", "runs/s", mean(floorRate), "")
	l.add("startup/runs with 2 jobs", "runs/s", mean(oursRate), "")
	l.add("startup/runs of floor with 2 jobs", "ratio", mean(oursRate)/mean(floorRate), ">= 0.40")
	return nil
}

// measureIdle lets the machine rest for a second before each run.
func measureIdle(ctx context.Context, l *lab) error {
	n := l.times(15)
	idle, warm := recorder{pause: time.Second}, recorder{}
	if err := l.batch(ctx, repeat("tiny", n+1, usual), 1, &idle); err != nil {
		return err
	}
	if err := l.batch(ctx, repeat("tiny", 20*n, usual), 1, &warm); err != nil {
		return err
	}
	above := quantile(idle.took, 0.5) - quantile(warm.took, 0.5)
	l.add("idle/run median", "us", micros(quantile(idle.took, 0.5)), "")
	l.add("idle/run worst", "us", micros(quantile(idle.took, 1)), "")
	l.add("idle/run above warm", "ms", millis(above), "<= 1")
	return nil
}

// measureOvershoot says how much more than its limit a program gets.
func measureOvershoot(ctx context.Context, l *lab) error {
	n := l.times(40)
	var cpu, wall recorder
	if err := l.batch(ctx, repeat("spin", n, `time = "200ms", wall = "5s"`), 1, &cpu); err != nil {
		return err
	}
	if err := l.batch(ctx, repeat("spin", n, `time = "5s", wall = "200ms"`), 1, &wall); err != nil {
		return err
	}
	var cpuOver, wallOver []time.Duration
	for _, r := range cpu.records {
		cpuOver = append(cpuOver, time.Duration(r.CPU)-200*time.Millisecond)
	}
	for _, r := range wall.records {
		wallOver = append(wallOver, time.Duration(r.Wall)-200*time.Millisecond)
	}
	l.add("overshoot/cpu median", "ms", millis(quantile(cpuOver, 0.5)), "<= 1")
	l.add("overshoot/cpu p99", "ms", millis(quantile(cpuOver, 0.99)), "<= 5")
	l.add("overshoot/wall median", "ms", millis(quantile(wallOver, 0.5)), "<= 3")
	l.add("overshoot/wall p99", "ms", millis(quantile(wallOver, 0.99)), "")
	return nil
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
