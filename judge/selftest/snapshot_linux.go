package selftest

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// takeSnapshot looks at the host. canary is a child of ours that has a right to be there.
func takeSnapshot(canary int) snapshot {
	s := snapshot{clock: clockOffset()}
	add := func(kind string, r rule, names []string) { s.things = append(s.things, things{kind, names, r}) }
	add("process", noneNew, children(canary))
	add("descriptor of the judge", noneNew, surplusDescriptors())
	add("control group", noneNew, groups())
	add("mount", unchanged, linesOf("/proc/self/mountinfo", 5))
	for _, kind := range []string{"shm", "msg", "sem"} {
		add("System V "+kind, unchanged, linesOf("/proc/sysvipc/"+kind, 3))
	}
	for _, dir := range sharedDirs() {
		add("file in "+dir, noneNew, strangers(dir))
	}
	add("user with keys", noneNew, strangeKeyUsers())
	add("network interface", unchanged, interfaces())
	add("name of the host", unchanged, hostNames())
	add("time zone of the kernel", unchanged, timeZone())
	for _, file := range []string{
		"kernel/core_pattern", "kernel/core_uses_pid", "kernel/modprobe", "kernel/pid_max", "kernel/threads-max",
		"kernel/randomize_va_space", "kernel/shmmax", "kernel/sysrq", "kernel/yama/ptrace_scope", "kernel/panic",
		"vm/panic_on_oom", "vm/overcommit_memory", "fs/suid_dumpable", "fs/file-max", "net/ipv4/ip_forward",
	} {
		add("sysctl "+file, unchanged, contentOf("/proc/sys/"+file))
	}
	for _, pid := range []string{"self", strconv.Itoa(canary)} {
		add("limits of process "+pid, unchanged, linesOf("/proc/"+pid+"/limits", 0))
		add("oom score of process "+pid, unchanged, contentOf("/proc/"+pid+"/oom_score_adj"))
	}
	return s
}

// clockOffset changes only when the clock is set or adjusted.
func clockOffset() time.Duration {
	var real, monotonic unix.Timespec
	unix.ClockGettime(unix.CLOCK_REALTIME, &real)
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &monotonic)
	return time.Duration(real.Nano() - monotonic.Nano())
}

// children lists our child processes. While a Runner lives we are a subreaper, so that what gets out
// of the intermediate's care becomes our child instead of disappearing among the host's processes.
func children(but int) []string {
	var found []string
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	for _, file := range tasks {
		pids, _ := os.ReadFile(file)
		for _, pid := range strings.Fields(string(pids)) {
			if pid == strconv.Itoa(but) {
				continue
			}
			name, _ := os.ReadFile("/proc/" + pid + "/comm")
			found = append(found, fmt.Sprintf("%s (%s)", pid, strings.TrimSpace(string(name))))
		}
	}
	return found
}

// surplusDescriptors names our descriptors by their number, beyond those that the runtime and the judge
// open once and keep.
func surplusDescriptors() []string {
	const kept = 64
	entries, _ := os.ReadDir("/proc/self/fd")
	if len(entries) < kept {
		return nil
	}
	return []string{fmt.Sprintf("%d are open", len(entries))}
}

// groups lists the control groups of this judge, whose names begin with its pid.
func groups() []string {
	var found []string
	prefix := strconv.Itoa(os.Getpid()) + "-"
	filepath.WalkDir("/sys/fs/cgroup", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || !d.IsDir():
			return nil
		case filepath.Base(filepath.Dir(path)) == "judge" && strings.HasPrefix(d.Name(), prefix):
			found = append(found, path)
			return fs.SkipDir
		}
		return nil
	})
	return found
}

// linesOf returns a file's lines, of each the first fields; 0: all.
func linesOf(file string, fields int) []string {
	content, _ := os.ReadFile(file)
	var lines []string
	for line := range strings.Lines(string(content)) {
		words := strings.Fields(line)
		if fields > 0 && len(words) > fields {
			words = words[:fields]
		}
		lines = append(lines, strings.Join(words, " "))
	}
	return lines
}

func contentOf(file string) []string {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	return []string{strings.TrimSpace(string(content))}
}

// sharedDirs are where anybody on a host may put files.
func sharedDirs() []string {
	dirs := []string{"/", os.TempDir(), "/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock", "/var/crash"}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// Programs run under ids from here on; where there are few, in a container, these are the upper half.
// nobody, whom the kernel puts in place of ids that we cannot see, is not one of them.
const firstStranger, nobody = 32768, 65534

func isStranger(uid int) bool { return uid >= firstStranger && uid != nobody }

// strangers lists entries that belong to a user with an id as sandboxes have them. To look at all new
// files would blame a program for what others on the machine do meanwhile. Without root programs run
// under our own id, and there is nothing to tell their files by.
func strangers(dir string) []string {
	entries, _ := os.ReadDir(dir)
	var found []string
	for _, e := range entries {
		var stat unix.Stat_t
		path := filepath.Join(dir, e.Name())
		if unix.Lstat(path, &stat) == nil && isStranger(int(stat.Uid)) {
			found = append(found, fmt.Sprintf("%s of user %d", path, stat.Uid))
		}
	}
	return found
}

func strangeKeyUsers() []string {
	var users []string
	for _, line := range linesOf("/proc/key-users", 1) {
		if uid, err := strconv.Atoi(strings.TrimSuffix(line, ":")); err == nil && isStranger(uid) {
			users = append(users, line)
		}
	}
	return users
}

// interfaces are the names of the network interfaces.
func interfaces() []string {
	list, _ := net.Interfaces()
	var names []string
	for _, i := range list {
		names = append(names, i.Name)
	}
	return names
}

func hostNames() []string {
	var u unix.Utsname
	unix.Uname(&u)
	return []string{unix.ByteSliceToString(u.Nodename[:]), "domain " + unix.ByteSliceToString(u.Domainname[:])}
}
