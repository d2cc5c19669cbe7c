package main

import (
	"context"
	"math"
	"time"

	"judge/judge"
)

// ways are how reference programs are run, by the name of each.
var ways = []struct {
	name  string
	batch judge.Batch
}{
	{"alone", judge.Batch{Jobs: 1}},
	{"busy", judge.Batch{}},
	{"pinned", judge.Batch{Pin: true}},
}

// measureFair runs reference programs alone and with all slots busy, with and without pinning.
func measureFair(ctx context.Context, l *lab) error {
	jobs := judge.DefaultJobs()
	worst := 0.0
	for _, program := range []string{"integer", "memory", "branchy"} {
		var contenders []contender
		for _, w := range ways {
			contenders = append(contenders, contender{name: w.name, round: func(ctx context.Context, n int) (round, error) {
				if w.batch.Jobs == 0 {
					n *= jobs
				}
				return l.cpuTimes(ctx, w.batch, program, n)
			}})
		}
		all, err := interleave(ctx, l.rounds(), max(1, l.times(100)/16), contenders)
		if err != nil {
			return err
		}
		for _, w := range ways {
			part, s := "fair/"+program+"-"+w.name, all[w.name]
			off := 100 * (s.ratio(all["alone"], latency) - 1)
			l.add(part+"/median_ms", s.median(latency)/1000)
			l.add(part+"/spread_p95_of_p5", float64(quantile(s.took(), 0.95))/float64(quantile(s.took(), 0.05)))
			l.add(part+"/off_percent", off)
			if w.name == "busy" {
				worst = max(worst, math.Abs(off))
			}
		}
	}
	l.add("fair/jobs", float64(jobs))
	l.add("fair/worst_off_percent", worst)
	l.remark("fair/integer-alone", "CPU time in the records; one job")
	l.remark("fair/integer-busy", "as many jobs as judge run has without --jobs")
	l.remark("fair/integer-pinned", "the same with --pin")
	return nil
}

// cpuTimes are a round whose times are what the records say of CPU.
func (l *lab) cpuTimes(ctx context.Context, b judge.Batch, program string, n int) (round, error) {
	task, err := l.task(program, usual, n)
	if err != nil {
		return round{}, err
	}
	var r recorder
	if err := r.judge(ctx, b, task); err != nil {
		return round{}, err
	}
	var times round
	for _, record := range r.records {
		times.took = append(times.took, time.Duration(record.CPU))
	}
	return times, nil
}
