package main

import (
	"fmt"
	"slices"
	"strings"
)

// target is what a figure is to be.
type target struct {
	what string
	key  string
	is   bound
	want float64
}

// bound is on which side of a target a figure may lie.
type bound string

const (
	atMost  bound = "<="
	atLeast bound = ">="
)

var targets = []target{
	{"latency of a warm run, of the floor's", "startup/judge-1/of_floor_wall", atMost, 2.0},
	{"CPU time of a run, of the floor's", "startup/judge-1/of_floor_cpu", atMost, 2.5},
	{"throughput with 2 jobs, of the floor's", "startup/judge-2/of_floor_rate", atLeast, 0.40},
	{"first run after a second of rest, above a warm one, ms", "idle/above_warm_ms", atMost, 1},
	{"times as fast as bwrap", "peers/bwrap/of_judge_wall", atLeast, 4},
	{"times as fast as crun", "peers/crun/of_judge_wall", atLeast, 8},
	{"times as fast as runc", "peers/runc/of_judge_wall", atLeast, 25},
	{"CPU limit overshoot, median, ms", "overshoot/cpu_median_ms", atMost, 1},
	{"CPU limit overshoot, p99, ms", "overshoot/cpu_p99_ms", atMost, 5},
	{"wall limit overshoot, median, ms", "overshoot/wall_median_ms", atMost, 3},
	{"error of CPU time, of 0.5 % or 1 ms", "accuracy/cpu_worst_of_allowed", atMost, 1},
	{"capture of 100 MB, of the speed of | cat >/dev/null", "streams/stdout-100mb/of_pipe_rate", atLeast, 0.8},
	{"judge's peak memory, 100 MB of output above 1 MB, MiB", "streams/stdout-100mb/memory_growth_mib", atMost, 4},
	{"judge run of one trivial task, ms", "command/median_ms", atMost, 40},
	{"endurance: memory growth, MiB", "endurance/memory_growth_mib", atMost, 4},
	{"endurance: growth of descriptors", "endurance/descriptors_growth", atMost, 2},
	{"endurance: growth of goroutines", "endurance/goroutines_growth", atMost, 2},
	{"endurance: growth of mounts", "endurance/mounts_growth", atMost, 0},
	{"endurance: growth of groups", "endurance/groups_growth", atMost, 0},
	{"endurance: cost at the end, of the beginning's", "endurance/end_of_begin", atMost, 1.05},
	{"1,000,000 planned runs: judge's peak memory, MiB", "plan/memory_peak_mib", atMost, 200},
	{"CPU time with all slots busy, off the lone one, %", "fair/worst_off_percent", atMost, 5},
	{"checker exact, of cmp's speed", "checkers/exact/of_cmp_rate", atLeast, 1 / 1.5},
	{"checker lines, of cmp's speed", "checkers/lines/of_cmp_rate", atLeast, 1 / 1.5},
	{"checker tokens, of cmp's speed", "checkers/tokens/of_cmp_rate", atLeast, 1 / 1.5},
	{"checker floats, of cmp's speed", "checkers/floats/of_cmp_rate", atLeast, 1 / 1.5},
	{"checker default, of cmp's speed", "checkers/default/of_cmp_rate", atLeast, 1 / 1.5},
	{"judge serve, small submissions, of judge run's throughput", "serve/small-serve/of_run_rate", atLeast, 0.9},
	{"judge serve, ordinary submissions, of judge run's throughput", "serve/ordinary-serve/of_run_rate", atLeast, 0.9},
}

// result is a target and what came of it.
type result struct {
	What     string   `json:"what"`
	Key      string   `json:"figure"`
	Is       bound    `json:"is"`
	Want     float64  `json:"want"`
	Measured *float64 `json:"measured"` // null: not measured
	State    state    `json:"state"`
}

type state string

const (
	met         state = "met"
	missed      state = "missed"
	notMeasured state = "not measured"
)

func (r result) wanted() string { return fmt.Sprintf("%s %s", r.Is, number(r.Want)) }

// results compares the figures with the targets; of one scenario alone, if it is named.
func results(f *figures, only string) []result {
	chosen := targets
	if only != "" {
		chosen = slices.DeleteFunc(slices.Clone(targets), func(t target) bool { return !strings.HasPrefix(t.key, only+"/") })
	}
	list := make([]result, len(chosen))
	for i, t := range chosen {
		list[i] = result{What: t.what, Key: t.key, Is: t.is, Want: t.want, State: notMeasured}
		value, ok := f.get(t.key)
		if !ok {
			continue
		}
		list[i].Measured, list[i].State = &value, missed
		if t.is == atMost && value <= t.want || t.is == atLeast && value >= t.want {
			list[i].State = met
		}
	}
	return list
}
