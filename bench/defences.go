package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"time"

	"judge/isolate"
	"judge/limits"
)

// measureDefences leaves out one defence at a time. No user of isolate can: the benchmark of its own
// package does it. Nothing is done ahead of a run here, for what a defence costs is to be seen whole.
func measureDefences(ctx context.Context, l *lab) error {
	bare, err := newEngine(l, nil)
	if err != nil {
		return err
	}
	defer bare.close()
	host, err := limits.Open(limits.Options{})
	if err != nil {
		return err
	}
	defer host.Close()
	grouped, err := newEngine(l, host)
	if err != nil {
		return err
	}
	defer grouped.close()
	contenders := []contender{
		{name: "groups", round: grouped.round},
		{name: "without-groups", round: bare.round},
	}
	test := l.path("isolate.test")
	if err := output(exec.CommandContext(ctx, "go", "test", "-c", "-o", test, "judge/isolate")); err != nil {
		return err
	}
	for _, what := range []string{"nothing", "overlay", "seccomp", "landlock", "ipc"} {
		contenders = append(contenders, contender{name: "without-" + what, round: func(ctx context.Context, n int) (round, error) {
			return benchmark(exec.CommandContext(ctx, test, "-test.run=^$", "-test.bench=^BenchmarkWithout$/^"+what+"$", fmt.Sprintf("-test.benchtime=%dx", n)))
		}})
	}
	all, err := interleave(ctx, l.rounds(), l.times(300), contenders)
	if err != nil {
		return err
	}
	l.remark("defences/groups", "isolate and limits by their own interfaces, nothing ahead, no record")
	l.remark("defences/without-nothing", "isolate's own benchmark: no toolchain directories, no groups")
	for _, c := range contenders {
		base := all["without-nothing"]
		if c.name == "groups" || c.name == "without-groups" {
			base = all["groups"]
		}
		s := all[c.name]
		l.add("defences/"+c.name+"/mean_us", s.median(pace))
		if c.name != "groups" && c.name != "without-nothing" {
			l.add("defences/"+c.name+"/saves_us", base.median(pace)-s.median(pace))
		}
	}
	return nil
}

// pace is how long a run takes on average, in microseconds.
func pace(r round) float64 { return 1e6 / r.rate }

// engine runs a program in a sandbox with groups, or without.
type engine struct {
	host    *limits.Host // nil: no groups
	sandbox *isolate.Sandbox
	program isolate.Program
}

func newEngine(l *lab, host *limits.Host) (e *engine, err error) {
	e = &engine{host: host}
	defer func() {
		if err != nil {
			e.close()
		}
	}()
	tiny, err := l.program("tiny")
	if err != nil {
		return e, err
	}
	if e.sandbox, err = isolate.New(); err != nil {
		return e, err
	}
	e.program = isolate.Program{Path: "/bench/tiny", Root: &isolate.Root{Binds: []isolate.Bind{{Source: tiny, Target: "/bench/tiny"}}}}
	return e, nil
}

func (e *engine) close() {
	if e.sandbox != nil {
		e.sandbox.Close()
	}
}

func (e *engine) round(ctx context.Context, n int) (round, error) {
	return timed(n, func() error {
		if e.host == nil {
			return e.run(ctx, nil)
		}
		group, err := e.host.NewGroup()
		if err != nil {
			return err
		}
		return errors.Join(e.run(ctx, group), group.Close())
	})
}

func (e *engine) run(ctx context.Context, group *limits.Group) error {
	var admit, gate isolate.Gate
	var tasks []*os.File
	if group != nil {
		admit, tasks = group.Entrance()
		gate = func(pid int) error {
			bounds := limits.Limits{CPU: time.Second, Memory: 256 << 20, Processes: 64}
			return errors.Join(group.Limit(bounds), group.Start(pid))
		}
	}
	if err := e.sandbox.Prepare(e.program.Root, admit, tasks...); err != nil {
		return err
	}
	exit, err := e.sandbox.Run(ctx, e.program, gate)
	if err == nil && exit.Status != 0 {
		err = fmt.Errorf("wait status %d", exit.Status)
	}
	if err == nil && group != nil {
		_, err = group.Usage()
	}
	return err
}

var nsPerOp = regexp.MustCompile(`(?m)^Benchmark\S+\s+\d+\s+(\S+) ns/op`)

// benchmark runs a Go benchmark and returns its mean.
func benchmark(cmd *exec.Cmd) (round, error) {
	out, err := cmd.CombinedOutput()
	if err != nil {
		return round{}, fmt.Errorf("%w: %s", err, out)
	}
	found := nsPerOp.FindSubmatch(out)
	if found == nil {
		return round{}, fmt.Errorf("no benchmark in %q", out)
	}
	ns, err := strconv.ParseFloat(string(found[1]), 64)
	return round{took: []time.Duration{time.Duration(ns)}, rate: 1e9 / ns}, err
}
