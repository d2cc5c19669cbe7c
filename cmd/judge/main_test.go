package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"judge/fixtures/testenv"
	"judge/isolate"
	"judge/limits"
)

// TestMain makes the test binary play four parts: an intermediate, the judge command, a server of a cluster, and the tests.
func TestMain(m *testing.M) {
	isolate.Enter()
	testscript.Main(leavesNothing{m}, map[string]func(){"judge": main, "nats-node": natsNode, "nats-server": natsServer})
}

// leavesNothing fails a run of tests that leaves something on the machine.
type leavesNothing struct{ *testing.M }

func (m leavesNothing) Run() int {
	temp, err := os.MkdirTemp("", "judge-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	os.Setenv("TMPDIR", temp)
	before := countDescriptors()
	status := m.M.Run()
	left := leftOver(temp)
	if after := countDescriptors(); after > before+runtimeDescriptors {
		left = append(left, fmt.Sprintf("%d descriptors, %d before", after, before))
	}
	for _, l := range left {
		fmt.Fprintln(os.Stderr, "left over:", l)
		status = max(status, 1)
	}
	if err := os.RemoveAll(temp); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = max(status, 1)
	}
	return status
}

// runtimeDescriptors are what the Go runtime opens once and keeps: its poller and the event that wakes
// it, and the pipes and sockets of isolate's mounter.
const runtimeDescriptors = 8

func countDescriptors() int {
	entries, _ := os.ReadDir("/proc/self/fd")
	return len(entries)
}

// leftOver lists children of this process, groups of dead judges, and temporary files.
func leftOver(temp string) []string {
	var left []string
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	for _, file := range tasks {
		pids, _ := os.ReadFile(file)
		for _, pid := range strings.Fields(string(pids)) {
			name, _ := os.ReadFile("/proc/" + pid + "/comm")
			left = append(left, fmt.Sprintf("process %s (%s)", pid, strings.TrimSpace(string(name))))
		}
	}
	// What tests of other packages kill is swept by the judges that they start next.
	var dead []string
	for deadline := time.Now().Add(patience / 4); ; time.Sleep(100 * time.Millisecond) {
		if dead = groupsOfTheDead(); len(dead) == 0 || time.Now().After(deadline) {
			break
		}
	}
	for _, group := range dead {
		left = append(left, "group of a dead judge: "+group)
	}
	files, _ := os.ReadDir(temp)
	for _, f := range files {
		left = append(left, "temporary file: "+f.Name())
	}
	return left
}

// groupsOfTheDead lists those whose judge does not live any more.
func groupsOfTheDead() (dead []string) {
	for _, group := range judgeGroups() {
		if _, err := os.Stat("/proc/" + strconv.Itoa(ownerOf(group))); errors.Is(err, fs.ErrNotExist) {
			dead = append(dead, group)
		}
	}
	return dead
}

// judgeGroups lists the directories of all judges on this machine, in all hierarchies.
func judgeGroups() []string {
	var groups []string
	filepath.WalkDir("/sys/fs/cgroup", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && filepath.Base(filepath.Dir(path)) == "judge" {
			groups = append(groups, path)
			return fs.SkipDir
		}
		return nil
	})
	return groups
}

// ownerOf is the pid in the name of a judge's group, which is PID-RANDOM.
func ownerOf(group string) int {
	name, _, _ := strings.Cut(filepath.Base(group), "-")
	pid, err := strconv.Atoi(name)
	if err != nil {
		return -1
	}
	return pid
}

// canJudge tells once why this host cannot isolate or limit programs; nil: it can.
var canJudge = sync.OnceValue(func() error {
	if err := isolate.Probe(); err != nil {
		return err
	}
	host, err := limits.Open(limits.Options{})
	if err != nil {
		return err
	}
	return host.Close()
})

// needsJudging skips a test on a host that cannot run programs, or fails it where that must not happen.
func needsJudging(t *testing.T) {
	t.Helper()
	if err := canJudge(); err != nil {
		testenv.Skip(t, fmt.Errorf("this host cannot judge: %w", err))
	}
}
