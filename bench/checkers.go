package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"judge/judge"
)

// checked is how much output is compared in a run, in bytes, and piece how much of it comes at a time, as
// from a pipe.
const (
	checked = 64 << 20
	piece   = 64 << 10
)

// measureCheckers compares numbers with the same numbers.
func measureCheckers(ctx context.Context, l *lab) error {
	text := numbers(checked)
	answer, output := l.path("answer"), l.path("output")
	for _, file := range []string{answer, output} {
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return err
		}
		defer os.Remove(file)
	}
	contenders := []contender{
		{name: "cmp", round: func(ctx context.Context, n int) (round, error) {
			return timed(n, func() error { return exec.CommandContext(ctx, "cmp", answer, output).Run() })
		}},
		{name: "diff", round: func(ctx context.Context, n int) (round, error) {
			return timed(n, func() error { return exec.CommandContext(ctx, "diff", "-q", answer, output).Run() })
		}},
	}
	for _, name := range []string{"exact", "lines", "tokens", "floats", "default"} {
		spec := judge.CheckerSpec{Name: name}
		if name == "floats" {
			spec.Tolerance = 1e-6
		}
		contenders = append(contenders, contender{name: name, round: func(_ context.Context, n int) (round, error) {
			return timed(n, func() error { return check(spec, answer, output) })
		}})
	}
	all, err := interleave(ctx, l.rounds(), l.times(5), contenders)
	if err != nil {
		return err
	}
	l.remark("checkers/cmp", "a process of its own; all read two equal files of decimal numbers in the page cache")
	for _, c := range contenders {
		s := all[c.name]
		l.add("checkers/"+c.name+"/gb_per_s", checked/1e9/s.median(latency)*1e6)
		if c.name != "cmp" && c.name != "diff" {
			l.add("checkers/"+c.name+"/of_cmp_rate", 1/s.ratio(all["cmp"], latency))
			l.add("checkers/"+c.name+"/of_diff_rate", 1/s.ratio(all["diff"], latency))
		}
	}
	return nil
}

// numbers are so many bytes of decimal numbers, ten in a line.
func numbers(size int) []byte {
	var b bytes.Buffer
	b.Grow(size + 32)
	for i := 0; b.Len() < size; i++ {
		b.WriteString(strconv.Itoa(i * 7919))
		b.WriteString(strings.Repeat(".5", i%2))
		b.WriteByte(" \n"[i%10/9])
	}
	return b.Bytes()[:size]
}

// check compares two files as a run's output is compared with its answer.
func check(spec judge.CheckerSpec, answer, output string) error {
	want, err := os.Open(answer)
	if err != nil {
		return err
	}
	defer want.Close()
	c, err := judge.NewChecker(spec, want)
	if err != nil {
		return err
	}
	found, err := os.Open(output)
	if err != nil {
		return err
	}
	defer found.Close()
	buffer := make([]byte, piece)
	for {
		n, err := found.Read(buffer)
		c.Write(buffer[:n])
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	outcome, err := c.Finish()
	if err == nil && !outcome.Correct {
		err = fmt.Errorf("checker %s: %s", spec, outcome.Message)
	}
	return err
}
