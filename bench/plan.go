package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// measurePlan judges a plan of a million runs. Its submissions come from a JSONL file and fail their first
// test, so that few runs are made and the others are recorded as skipped: planning and recording cost the
// same.
func measurePlan(ctx context.Context, l *lab) error {
	lines, tests := 2_000, 500
	switch {
	case l.quick:
		lines, tests = 100, 100
	case l.only != "":
		lines, tests = 10_000, 100
	}
	if err := l.writePlan(lines, tests); err != nil {
		return err
	}
	begin := time.Now()
	peak, err := l.runJudge(ctx, nil, "--no-cache", "--format", "none", "--out", l.path("plan.jsonl"), l.path("plan.toml"))
	if err != nil {
		return err
	}
	records, err := os.Stat(l.path("plan.jsonl"))
	if err != nil {
		return err
	}
	l.remark("plan", fmt.Sprintf("%d submissions from a JSONL file, %d tests each; all fail the first test, the others are recorded as skipped", lines, tests))
	l.add("plan/planned_runs", float64(lines*tests))
	l.add("plan/made_runs", float64(lines))
	l.add("plan/memory_peak_mib", float64(peak)/(1<<20))
	l.add("plan/records_mib", float64(records.Size())/(1<<20))
	l.add("plan/planned_runs_per_s", float64(lines*tests)/time.Since(begin).Seconds())
	return os.Remove(l.path("plan.jsonl"))
}

func (l *lab) writePlan(lines, tests int) error {
	var b strings.Builder
	fmt.Fprint(&b, "[[task]]\nname = \"plan\"\nsource = { file = \"lines.jsonl\" }\nchecker = \"none\"\nexpect = { \"*\" = \"runtime-error\" }\n")
	for i := range tests {
		fmt.Fprintf(&b, "[[task.test]]\nname = \"%d\"\ninput = \"\"\n", i)
	}
	if err := os.WriteFile(l.path("plan.toml"), []byte(b.String()), 0o644); err != nil {
		return err
	}
	file, err := os.Create(l.path("lines.jsonl"))
	if err != nil {
		return err
	}
	out := bufio.NewWriter(file)
	for i := range lines {
		fmt.Fprintf(out, `{"id": "%d", "problem": "plan", "language": "bash", "code": "exit 1 # %d"}`+"\n", i, i)
	}
	return errors.Join(out.Flush(), file.Close())
}
