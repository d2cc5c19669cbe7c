// Command bench measures what judge costs, beside the least that any runner must pay and beside other
// sandboxes, in one run and interleaved, so that the ratios survive a noisy machine.
//
//	go run ./bench                              everything, in less than five minutes
//	go run ./bench -quick                       that it works; the figures say little
//	go run ./bench -only startup -json out.json
//
// README.md says what each figure is.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"

	"judge/isolate"
	"judge/judge"
)

// scenario is one thing to measure.
type scenario struct {
	name string
	what string
	run  func(context.Context, *lab) error
}

var scenarios = []scenario{
	{"startup", "a program that returns at once, one at a time and several, beside vfork + exec + wait of it", measureStartup},
	{"idle", "the first such run after the machine was idle for a second", measureIdle},
	{"defences", "the same run without groups, overlay, seccomp, Landlock: what each costs", measureDefences},
	{"peers", "the same program in other sandboxes found in PATH, and by the go-judge server at -server", measurePeers},
	{"overshoot", "how late limits bite: CPU time of a spinning program, wall time likewise", measureOvershoot},
	{"accuracy", "CPU time and memory in the records, beside what the programs know themselves", measureAccuracy},
	{"streams", "1 MB and 100 MB of standard output and input, beside a pipe of cat", measureStreams},
	{"compile", "a C++ program, compiled once and run on 100 tests", measureCompile},
	{"command", "judge run with one trivial task, the whole process", measureCommand},
	{"fair", "CPU time of reference programs alone and with all slots busy", measureFair},
	{"checkers", "how fast output is compared, beside cmp and diff -q", measureCheckers},
	{"endurance", "10,000 runs in one process, 100,000 with -only: what grows", measureEndurance},
	{"plan", "1,000,000 planned runs, most of them skipped after a failure: judge's memory", measurePlan},
	{"answers", "a model's answers to 20 problems from one JSONL file, also killed half-way and resumed", measureAnswers},
	{"serve", "judge serve for 50 clients, beside judge run of the same work: throughput, queueing, memory", measureServe},
	{"fleet", "what the queue's servers can do, and a simulation of 10 to 10,000 workers with it", measureFleet},
}

// options are the flags.
type options struct {
	quick  bool
	only   string
	json   string
	server string
}

func main() {
	isolate.Enter()
	judge.CalmSysmon() // as the judge command does
	var o options
	flag.BoolVar(&o.quick, "quick", false, "few repetitions: only shows that it works")
	flag.StringVar(&o.only, "only", "", "measure `NAME` alone; some then measure more")
	flag.StringVar(&o.json, "json", "", "write the figures to `FILE` as well")
	flag.StringVar(&o.server, "server", "", "`URL` of a go-judge server, such as http://127.0.0.1:5050, to measure with the peers")
	flag.Usage = usage
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func usage() {
	out := flag.CommandLine.Output()
	fmt.Fprintf(out, "usage: go run ./bench [flags]\n\n")
	for _, s := range scenarios {
		fmt.Fprintf(out, "  %-10s %s\n", s.name, s.what)
	}
	fmt.Fprintln(out)
	flag.PrintDefaults()
}

func run(ctx context.Context, o options) error {
	chosen := slices.Clone(scenarios)
	if o.only != "" {
		chosen = slices.DeleteFunc(chosen, func(s scenario) bool { return s.name != o.only })
	}
	if len(chosen) == 0 {
		return fmt.Errorf("-only %s: there is no such scenario; see -help", o.only)
	}
	l, err := newLab(o)
	if err != nil {
		return err
	}
	defer l.close()
	for _, s := range chosen {
		fmt.Fprintf(os.Stderr, "%s: %s\n", s.name, s.what)
		if err := s.run(ctx, l); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	report := l.report(o)
	report.print(os.Stdout)
	if o.json != "" {
		err = report.writeJSON(o.json)
	}
	return errors.Join(err, report.documented())
}
