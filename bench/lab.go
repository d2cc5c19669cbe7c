package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"judge/judge"
)

//go:embed programs/floor.c
var floorSource string

//go:embed programs/tiny.c
var tinySource string

//go:embed programs/spin.c
var spinSource string

// lab is a directory with the programs to measure, and the figures.
type lab struct {
	dir     string
	quick   bool
	answers int // to judge in measureAnswers
	figures []figure
}

func newLab(quick bool) (*lab, error) {
	dir, err := os.MkdirTemp("", "judge-bench-")
	if err != nil {
		return nil, err
	}
	l := &lab{dir: dir, quick: quick}
	for name, source := range map[string]string{"floor": floorSource, "tiny": tinySource, "spin": spinSource} {
		file := filepath.Join(dir, name+".c")
		if err := os.WriteFile(file, []byte(source), 0o644); err != nil {
			return nil, err
		}
		if out, err := exec.Command("gcc", "-O2", "-static", "-o", l.path(name), file).CombinedOutput(); err != nil {
			l.close()
			return nil, fmt.Errorf("gcc %s.c: %w: %s", name, err, bytes.TrimSpace(out))
		}
	}
	return l, nil
}

func (l *lab) close() { os.RemoveAll(l.dir) }

func (l *lab) path(name string) string { return filepath.Join(l.dir, name) }

// times returns n, or much less for a quick run.
func (l *lab) times(n int) int {
	if l.quick {
		return max(2, n/50)
	}
	return n
}

// floor runs the program by posix_spawn, and returns how long each run took and how many there
// were in a second.
func (l *lab) floor(ctx context.Context, n, jobs int) (took []time.Duration, rate float64, err error) {
	out, err := exec.CommandContext(ctx, l.path("floor"), strconv.Itoa(n), strconv.Itoa(jobs), l.path("tiny")).Output()
	if err != nil {
		return nil, 0, fmt.Errorf("floor: %w", err)
	}
	lines := strings.Fields(string(out))
	for i, line := range lines {
		us, err := strconv.ParseFloat(line, 64)
		if err != nil {
			return nil, 0, fmt.Errorf("floor: %w", err)
		}
		if i == len(lines)-1 {
			return took, us, nil
		}
		took = append(took, time.Duration(us*float64(time.Microsecond)))
	}
	return nil, 0, fmt.Errorf("floor printed nothing")
}

// tasks loads a task file with the given text.
func (l *lab) tasks(text string) ([]judge.Task, error) {
	file := filepath.Join(l.dir, "tasks.toml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return nil, err
	}
	return judge.Load(file)
}

// repeat returns a task that runs a command n times.
func repeat(name string, n int, limits string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[[task]]\nname = %q\ncommand = [\"./%s\"]\nchecker = \"none\"\nlimits = { %s }\n", name, name, limits)
	for i := range n {
		fmt.Fprintf(&b, "[[task.test]]\nname = \"%d\"\ninput = \"\"\n", i)
	}
	return b.String()
}

// recorder is a sink that notes when each run was recorded, and waits in between.
type recorder struct {
	pause   time.Duration
	records []*judge.Record
	took    []time.Duration // from the end of one Write to the beginning of the next
	last    time.Time
}

func (r *recorder) Write(record *judge.Record) error {
	if record.Kind == judge.KindRun {
		if !r.last.IsZero() {
			r.took = append(r.took, time.Since(r.last))
		}
		r.records = append(r.records, record)
		time.Sleep(r.pause)
	}
	r.last = time.Now()
	return nil
}

func (r *recorder) Close() error { return nil }

func (l *lab) batch(ctx context.Context, text string, jobs int, r *recorder) error {
	tasks, err := l.tasks(text)
	if err != nil {
		return err
	}
	_, err = judge.Batch{Jobs: jobs, AllTests: true}.Run(ctx, tasks, r)
	return err
}

// quantile returns the value below which the share q of the durations lies.
func quantile(d []time.Duration, q float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	d = slices.Sorted(slices.Values(d))
	return d[min(int(q*float64(len(d))), len(d)-1)]
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
