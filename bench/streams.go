package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"judge/judge"
)

// measureStreams pumps data out of a program and into it, beside the same with cat and a pipe.
func measureStreams(ctx context.Context, l *lab) error {
	var peak float64
	for _, size := range []struct {
		name  string
		bytes int64
		n     int // runs in a round
	}{{"1mb", 1e6, 50}, {"100mb", 100e6, 3}} {
		for _, d := range []direction{{"stdout", l, size.bytes}, {"stdin", l, size.bytes}} {
			part := "streams/" + d.name + "-" + size.name
			all, err := interleave(ctx, l.rounds(), l.times(size.n), []contender{
				{name: "pipe", round: d.pipe}, {name: "judge", round: d.judge},
			})
			if err != nil {
				return err
			}
			mb := float64(size.bytes) / 1e6
			l.add(part+"/judge_mb_per_s", mb/all["judge"].median(latency)*1e6)
			l.add(part+"/pipe_mb_per_s", mb/all["pipe"].median(latency)*1e6)
			l.add(part+"/of_pipe_rate", 1/all["judge"].ratio(all["pipe"], latency))
			memory, err := d.memory(ctx)
			if err != nil {
				return err
			}
			l.add(part+"/memory_peak_mib", memory)
			if part == "streams/stdout-1mb" {
				peak = memory
			}
			if part == "streams/stdout-100mb" {
				l.add(part+"/memory_growth_mib", memory-peak)
			}
		}
	}
	l.remark("streams/stdout-1mb", "a whole run, its preparation included, beside two processes and a pipe")
	return nil
}

// direction is data out of a program, or into it.
type direction struct {
	name  string // stdout or stdin
	lab   *lab
	bytes int64
}

// input is a file with so many bytes.
func (d direction) input() (string, error) {
	file := d.lab.path("input-" + strconv.FormatInt(d.bytes, 10))
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	f, err := os.Create(file)
	if err != nil {
		return "", err
	}
	_, err = io.CopyN(f, repeating(strings.Repeat("7", 63)+"\n"), d.bytes)
	return file, errors.Join(err, f.Close())
}

// repeating is text without end.
type repeating string

func (r repeating) Read(p []byte) (int, error) {
	n := 0
	for n+len(r) <= len(p) {
		n += copy(p[n:], r)
	}
	return n, nil
}

// pipe is what a shell makes of "pump BYTES | cat >/dev/null" and "cat FILE | pump".
func (d direction) pipe(ctx context.Context, n int) (round, error) {
	pump, err := d.lab.program("pump")
	if err != nil {
		return round{}, err
	}
	file, err := d.input()
	if err != nil {
		return round{}, err
	}
	return timed(n, func() error {
		from, to := exec.CommandContext(ctx, pump, strconv.FormatInt(d.bytes, 10)), exec.CommandContext(ctx, "cat")
		if d.name == "stdin" {
			from, to = exec.CommandContext(ctx, "cat", file), exec.CommandContext(ctx, pump)
		}
		return connected(from, to)
	})
}

// connected runs two commands with a pipe from one to the other.
func connected(from, to *exec.Cmd) error {
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer read.Close()
	defer write.Close()
	from.Stdout, to.Stdin = write, read
	if err := from.Start(); err != nil {
		return err
	}
	if err := to.Start(); err != nil {
		read.Close() // or from waits for a reader
		return errors.Join(err, from.Wait())
	}
	read.Close()
	write.Close()
	return errors.Join(from.Wait(), to.Wait())
}

// text is the task.
func (d direction) text(n int) (string, error) {
	if _, err := d.lab.program("pump"); err != nil {
		return "", err
	}
	input, args := `input = ""`, fmt.Sprintf("args = [%q]", strconv.FormatInt(d.bytes, 10))
	if d.name == "stdin" {
		file, err := d.input()
		if err != nil {
			return "", err
		}
		input, args = fmt.Sprintf("input_file = %q", file), ""
	}
	var b strings.Builder
	fmt.Fprint(&b, "[[task]]\nname = \"pump\"\ncommand = [\"./pump\"]\nchecker = \"none\"\nlimits = { time = \"10s\", output = \"1GiB\" }\n")
	for i := range n {
		fmt.Fprintf(&b, "[[task.test]]\nname = \"%d\"\n%s\n%s\n", i, input, args)
	}
	return b.String(), nil
}

// judge runs the pump n times.
func (d direction) judge(ctx context.Context, n int) (round, error) {
	text, err := d.text(n + 1) // the first one has no cycle, and its input is read for the others
	if err != nil {
		return round{}, err
	}
	tasks, err := d.lab.load(text)
	if err != nil {
		return round{}, err
	}
	r := recorder{expect: n + 1}
	if err := r.judge(ctx, judge.Batch{Jobs: 1}, tasks...); err != nil {
		return round{}, err
	}
	return r.round(1), nil
}

// memory is the peak of a judge of its own, in MiB.
func (d direction) memory(ctx context.Context) (float64, error) {
	text, err := d.text(2)
	if err != nil {
		return 0, err
	}
	if _, err := d.lab.load(text); err != nil {
		return 0, err
	}
	peak, err := d.lab.runJudge(ctx, nil, "--format", "none", d.lab.path("tasks.toml"))
	return float64(peak) / (1 << 20), err
}
