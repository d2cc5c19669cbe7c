package child

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// callNames are the system calls that steps use.
var callNames = map[uintptr]string{
	unix.SYS_CAPSET: "capset", unix.SYS_CHDIR: "chdir", unix.SYS_CLOSE: "close",
	unix.SYS_CLOSE_RANGE: "close_range", unix.SYS_DUP3: "dup3", unix.SYS_EXECVE: "execve",
	unix.SYS_FACCESSAT: "faccessat", unix.SYS_FCHMODAT: "fchmodat", unix.SYS_FCHOWNAT: "fchownat",
	unix.SYS_LANDLOCK_RESTRICT_SELF:  "landlock_restrict_self",
	unix.SYS_LANDLOCK_CREATE_RULESET: "landlock_create_ruleset", unix.SYS_LANDLOCK_ADD_RULE: "landlock_add_rule", unix.SYS_MKDIRAT: "mkdirat",
	unix.SYS_MKNODAT: "mknodat", unix.SYS_MOUNT: "mount", unix.SYS_MOUNT_SETATTR: "mount_setattr", unix.SYS_OPENAT: "openat",
	unix.SYS_PIDFD_OPEN: "pidfd_open", unix.SYS_PRCTL: "prctl",
	unix.SYS_PRLIMIT64: "prlimit64", unix.SYS_RT_SIGPROCMASK: "rt_sigprocmask",
	unix.SYS_SCHED_SETAFFINITY: "sched_setaffinity", unix.SYS_SECCOMP: "seccomp",
	unix.SYS_RECVFROM: "recvfrom", unix.SYS_SENDMSG: "sendmsg", unix.SYS_SENDTO: "sendto", unix.SYS_SETNS: "setns", unix.SYS_SETGROUPS: "setgroups", unix.SYS_SETRESGID: "setresgid",
	unix.SYS_SETRESUID: "setresuid", unix.SYS_SETSID: "setsid", unix.SYS_SYMLINKAT: "symlinkat",
	unix.SYS_UNSHARE: "unshare", unix.SYS_WRITE: "write",
}

func callName(nr uintptr) string {
	if name, ok := callNames[nr]; ok {
		return name
	}
	return fmt.Sprintf("syscall %d", nr)
}
