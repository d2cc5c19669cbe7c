package main

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed programs/*.c
var sources embed.FS

// lab is a directory with the programs to measure, and the figures.
type lab struct {
	options
	figures
	dir string
}

func newLab(o options) (*lab, error) {
	dir, err := os.MkdirTemp("", "judge-bench-")
	if err != nil {
		return nil, err
	}
	// Some peers run programs under another user's id.
	return &lab{options: o, dir: dir}, os.Chmod(dir, 0o755)
}

// close removes the directory.
func (l *lab) close() { os.RemoveAll(l.dir) }

func (l *lab) path(name string) string { return filepath.Join(l.dir, name) }

// times returns n, or much less for a quick run.
func (l *lab) times(n int) int {
	if l.quick {
		return max(2, n/50)
	}
	return n
}

// rounds are how often contenders take turns.
func (l *lab) rounds() int {
	if l.quick {
		return 2
	}
	return 5
}

// program returns the path of a program of ours, which it builds if it has to.
func (l *lab) program(name string) (string, error) {
	exe := l.path(name)
	if _, err := os.Stat(exe); err == nil {
		return exe, nil
	}
	source, err := sources.ReadFile("programs/" + name + ".c")
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(exe+".c", source, 0o644); err != nil {
		return "", err
	}
	return exe, output(exec.Command("gcc", "-O2", "-static", "-pthread", "-o", exe, exe+".c"))
}

// judgeCommand returns the path of the judge command, which it builds if it has to.
func (l *lab) judgeCommand() (string, error) {
	exe := l.path("judge")
	if _, err := os.Stat(exe); err == nil {
		return exe, nil
	}
	return exe, output(exec.Command("go", "build", "-o", exe, "judge/cmd/judge"))
}

// output runs a command; its error has what the command has printed.
func output(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, bytes.TrimSpace(out))
	}
	return nil
}

// spawning is how a command is run by posix_spawn, many times.
type spawning struct {
	jobs   int      // loops at one time
	env    []string // nil: empty
	around []string // a command that executes another one, which it is given; nil: none
}

// floor runs a command n times altogether.
func (l *lab) floor(ctx context.Context, n int, how spawning, command ...string) (round, error) {
	exe, err := l.program("floor")
	if err != nil {
		return round{}, err
	}
	n = max(1, n/how.jobs)
	args := slices.Concat(how.around, []string{exe, strconv.Itoa(n), strconv.Itoa(how.jobs)}, command)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append([]string{}, how.env...)
	var printed, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &problem
	before := machineCPU()
	if err := cmd.Run(); err != nil {
		return round{}, fmt.Errorf("%w: %s", err, strings.TrimSpace(problem.String()))
	}
	r := round{cpu: (machineCPU() - before) / time.Duration(n*how.jobs)}
	for _, line := range strings.Fields(printed.String()) {
		x, err := strconv.ParseFloat(line, 64)
		if err != nil {
			return round{}, fmt.Errorf("floor: %w", err)
		}
		r.rate = x // the last one is
		r.took = append(r.took, time.Duration(x*float64(time.Microsecond)))
	}
	if len(r.took) != n+1 {
		return round{}, fmt.Errorf("floor: %d lines, want %d", len(r.took), n+1)
	}
	r.took = r.took[:n]
	return r, nil
}
