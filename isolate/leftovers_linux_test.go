package isolate

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"golang.org/x/sys/unix"
)

// belongings is what a process can leave behind.
type belongings struct {
	temporary   string // a new TMPDIR of the tests
	mounts      string
	descriptors map[string]string
}

// beforeTests gives the tests a directory of their own for temporary files, makes orphans our
// children, so that they can be counted, and notes what there is. It turns collection off, which would
// close forgotten files, now or while a later test counts its own.
func beforeTests() (b belongings, err error) {
	debug.SetGCPercent(-1)
	if b.temporary, err = os.MkdirTemp("", "isolate-test"); err != nil {
		return b, err
	}
	if err := os.Setenv("TMPDIR", b.temporary); err != nil {
		return b, err
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return b, err
	}
	// The runtime keeps what it polls with, and os what it found out about pidfds.
	if r, w, err := os.Pipe(); err == nil {
		r.SetDeadline(time.Time{})
		r.Close()
		w.Close()
	}
	b.mounts, b.descriptors = ourMounts(), descriptors()
	return b, nil
}

// leftovers names what was not there before.
func (b belongings) leftovers() (left []string) {
	probeBinary.remove()
	for _, pid := range children() {
		if err := waitForEnd(pid); err != nil {
			left = append(left, fmt.Sprintf("process %d (%s): %v", pid, commandOf(pid), err))
		}
	}
	for mount := range strings.Lines(ourMounts()) { // one that is gone was the host's
		if !strings.Contains(b.mounts, mount) {
			left = append(left, "mount: "+strings.TrimSpace(mount))
		}
	}
	for _, m := range mounterMounts() {
		left = append(left, "mount of a layer: "+m)
	}
	for fd, target := range descriptors() {
		if b.descriptors[fd] != target {
			left = append(left, fmt.Sprintf("descriptor %s: %s", fd, target))
		}
	}
	files, _ := os.ReadDir(b.temporary)
	for _, f := range files {
		left = append(left, "temporary file "+f.Name())
	}
	return left
}

func ourMounts() string {
	b, _ := os.ReadFile("/proc/thread-self/mountinfo")
	return string(b)
}

// mounterMounts returns the layers that are mounted in the mounter's namespace.
func mounterMounts() (layers []string) {
	m, err := theMounter()
	if err != nil {
		return nil
	}
	var tid int
	m.do(func() error { tid = unix.Gettid(); return nil })
	b, _ := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/mountinfo", tid))
	for line := range strings.Lines(string(b)) {
		if point := strings.Fields(line)[4]; strings.HasPrefix(point, mounterPlace+"/") {
			if _, err := strconv.Atoi(filepath.Base(point)); err == nil {
				layers = append(layers, point)
			}
		}
	}
	return layers
}

// descriptors maps the numbers of our open descriptors to what they are.
func descriptors() map[string]string {
	open := map[string]string{}
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil {
			open[e.Name()] = target
		}
	}
	return open
}

// countDescriptors fails the test if it ends with more or other descriptors than it began with.
func countDescriptors(t *testing.T) {
	t.Helper()
	theMounter()
	before := descriptors()
	t.Cleanup(func() { assert.Equal(t, before, descriptors(), "open descriptors") })
}

// children returns our children, orphans that became ours included, but for the dead.
func children() (pids []int) {
	for _, pid := range processes() {
		state, parent := stateOf(pid)
		if parent != os.Getpid() {
			continue
		}
		if state == "Z" {
			unix.Wait4(pid, nil, unix.WNOHANG, nil)
			continue
		}
		pids = append(pids, pid)
	}
	return pids
}

func processes() (pids []int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// stateOf returns state and parent of a process; "" and 0 when it does not exist.
func stateOf(pid int) (state string, parent int) {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(fields) < 2 {
		return "", 0
	}
	parent, _ = strconv.Atoi(fields[1])
	return fields[0], parent
}

func commandOf(pid int) string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	return strings.TrimSpace(string(b))
}

// patience bounds a wait for the kernel to do what it has been told; it is no measure of speed.
const patience = time.Minute

// waitForEnd waits until a process has ended.
func waitForEnd(pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	// EINVAL, until some Linux 6: no process has the number any more, only the session of one that is ending, too.
	if err == unix.ESRCH || err == unix.EINVAL {
		return nil
	}
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), "pidfd")
	defer f.Close()
	return waitForPidfd(f)
}

func waitForPidfd(f *os.File) error {
	deadline := time.Now().Add(patience)
	for {
		fds := []unix.PollFd{{Fd: int32(f.Fd()), Events: unix.POLLIN}}
		switch n, err := unix.Poll(fds, int(time.Until(deadline).Milliseconds())); {
		case err == unix.EINTR:
		case err != nil:
			return err
		case n == 0:
			return fmt.Errorf("it still lives")
		default:
			return nil
		}
	}
}

// processesIn returns the processes of a pid namespace, as /proc/PID/ns/pid names it. A dead one
// counts, too, unless it is an orphan, which its heir has to bury.
func processesIn(namespace string) (found []int) {
	for _, pid := range processes() {
		if link, _ := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", pid)); link == "" || link != namespace {
			continue
		}
		if state, parent := stateOf(pid); state != "Z" || parent != os.Getpid() {
			found = append(found, pid)
		}
	}
	return found
}

// namespaceOf returns a process's pid namespace and keeps it open until the end of the test, so that
// no other one gets its number. A process that has ended has none.
func namespaceOf(t *testing.T, pid int) string {
	f, err := os.Open(fmt.Sprintf("/proc/%d/ns/pid", pid))
	if err != nil {
		return ""
	}
	t.Cleanup(func() { f.Close() })
	link, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
	return link
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
