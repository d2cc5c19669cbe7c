// Command bench measures what judge costs, beside the least that any runner must pay, in one run
// and interleaved, so that the ratios survive a noisy machine.
//
//	go run ./bench            everything, in some minutes
//	go run ./bench -quick     that it works; the figures say little
//	go run ./bench -only startup -json out.json
//
// Keys of the JSON object are "CASE/FIGURE unit"; they do not change.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"judge/isolate"
)

// measurement is one thing to measure.
type measurement struct {
	name string
	what string
	run  func(context.Context, *lab) error
}

var measurements = []measurement{
	{"startup", "a program that returns at once, one at a time and two, against posix_spawn of it", measureStartup},
	{"idle", "the first such run after the machine was idle for a second", measureIdle},
	{"overshoot", "how late limits bite: CPU time of a spinning program, wall time of a sleeping one", measureOvershoot},
	{"answers", "a model's answers to 20 problems from one JSONL file, also killed half-way and resumed", measureAnswers},
}

func main() {
	isolate.Enter()
	quick := flag.Bool("quick", false, "few repetitions: only shows that it works")
	only := flag.String("only", "", "measure `NAME` alone")
	answers := flag.Int("answers", 10_000, "how many answers the measurement of that name judges")
	out := flag.String("json", "", "write the figures to `FILE` as well")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "usage: go run ./bench [flags]\n\n")
		for _, m := range measurements {
			fmt.Fprintf(flag.CommandLine.Output(), "  %-10s %s\n", m.name, m.what)
		}
		fmt.Fprintln(flag.CommandLine.Output())
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *quick, *answers, *only, *out); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, quick bool, answers int, only, out string) error {
	if only != "" && !slices.ContainsFunc(measurements, func(m measurement) bool { return m.name == only }) {
		return fmt.Errorf("-only %s: there is no such measurement; see -help", only)
	}
	l, err := newLab(quick)
	if err != nil {
		return err
	}
	defer l.close()
	l.answers = answers
	for _, m := range measurements {
		if only == "" || only == m.name {
			fmt.Fprintf(os.Stderr, "%s: %s\n", m.name, m.what)
			if err := m.run(ctx, l); err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
		}
	}
	l.print()
	if out == "" {
		return nil
	}
	b, err := json.MarshalIndent(l.byKey(), "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(b, '\n'), 0o644)
}

// figure is one measured number.
type figure struct {
	name, unit string
	value      float64
	target     string // empty: none
}

func (l *lab) add(name, unit string, value float64, target string) {
	l.figures = append(l.figures, figure{name, unit, value, target})
}

func (l *lab) byKey() map[string]float64 {
	m := map[string]float64{}
	for _, f := range l.figures {
		m[strings.TrimSpace(f.name+" "+f.unit)] = f.value
	}
	return m
}

func (l *lab) print() {
	t := table.NewWriter()
	t.SetOutputMirror(os.Stdout)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"figure", "value", "unit", "target"})
	for _, f := range l.figures {
		t.AppendRow(table.Row{f.name, fmt.Sprintf("%.2f", f.value), f.unit, f.target})
	}
	t.Render()
}
