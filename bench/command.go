package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// measureCommand starts judge for one run of a program that returns at once.
func measureCommand(ctx context.Context, l *lab) error {
	exe, err := l.judgeCommand()
	if err != nil {
		return err
	}
	if _, err := l.task("tiny", usual, 1); err != nil {
		return err
	}
	r, err := l.floor(ctx, l.times(50), spawning{jobs: 1}, exe, "run", "--format", "table", l.path("tasks.toml"))
	if err != nil {
		return err
	}
	version, err := l.floor(ctx, l.times(50), spawning{jobs: 1}, exe, "version")
	if err != nil {
		return err
	}
	l.add("command/median_ms", millis(quantile(r.took, 0.5)))
	l.add("command/p95_ms", millis(quantile(r.took, 0.95)))
	l.add("command/version_ms", millis(quantile(version.took, 0.5)))
	return nil
}

// runJudge runs the judge command and returns its own peak memory, in bytes. It calls look, if that is not
// nil, every few milliseconds, which may kill it; how it ends does then not matter.
func (l *lab) runJudge(ctx context.Context, look func(*os.Process) (killed bool), args ...string) (peak int64, err error) {
	exe, err := l.judgeCommand()
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, exe, append([]string{"run"}, args...)...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	killed := false
	for {
		select {
		case err := <-ended:
			if killed {
				err = nil
			}
			return peak, err
		case <-tick.C:
			peak = max(peak, peakMemory(cmd.Process.Pid))
			killed = killed || look != nil && look(cmd.Process)
		}
	}
}

// peakMemory is VmHWM of proc_pid_status(5), in bytes; 0 when the process is gone.
func peakMemory(pid int) int64 { return statusBytes(pid, "VmHWM") }

func statusBytes(pid int, field string) int64 {
	_, rest, _ := strings.Cut(readText(fmt.Sprintf("/proc/%d/status", pid)), "\n"+field+":")
	line, _, _ := strings.Cut(rest, "\n")
	kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(line), " kB"), 10, 64)
	return kib << 10
}
