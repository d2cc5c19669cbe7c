package policy

import (
	"golang.org/x/sys/unix"

	"github.com/elastic/go-seccomp-bpf"
)

// verdict is what the filter answers: a return value of seccomp(2), or forbid, which stands for
// the one that the Mode chooses.
type verdict uint32

const (
	forbid = verdict(seccomp.ActionKillThread) // its own return value is not used otherwise
	allow  = verdict(seccomp.ActionAllow)
	absent = verdict(seccomp.ActionErrno) | verdict(unix.ENOSYS)
	denied = verdict(seccomp.ActionErrno) | verdict(unix.EPERM)

	anything = verdict(seccomp.ActionTrace) // another filter has answered; its own return value is not used
)

func fail(e unix.Errno) verdict { return verdict(seccomp.ActionErrno) | verdict(e) }

// class is a set of calls that are answered alike.
type class struct {
	why   string
	then  verdict
	calls string // names, separated by space
}

// classes hold every call of amd64 and arm64 that the answer does not depend on arguments for
// (those are in rules). A name may be missing on one of the two.
var classes = []class{
	{"files", allow, `
		read write open openat openat2 creat close close_range lseek pread64 pwrite64 readv writev
		preadv pwritev pwritev2 dup dup2 dup3 flock pipe pipe2 sendfile splice tee
		copy_file_range readahead fallocate truncate ftruncate fsync fdatasync
		sync_file_range stat fstat lstat newfstatat fstatat statx statfs fstatfs access faccessat
		faccessat2 getdents getdents64 getcwd chdir fchdir mkdir mkdirat rmdir rename renameat
		renameat2 link linkat unlink unlinkat symlink symlinkat readlink readlinkat mknod mknodat
		chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat umask utime utimes futimesat
		utimensat setxattr lsetxattr fsetxattr getxattr lgetxattr fgetxattr listxattr llistxattr
		flistxattr removexattr lremovexattr fremovexattr`},
	{"waiting", allow, `
		poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait
		epoll_pwait2 eventfd eventfd2 signalfd signalfd4 timerfd_create timerfd_settime
		timerfd_gettime`},
	{"memory; what it holds is charged to the run", allow, `
		munmap mprotect mremap msync mincore brk mlock mlock2 munlock mlockall
		munlockall pkey_mprotect pkey_alloc pkey_free map_shadow_stack mseal`},
	{"processes, which stay in their namespaces", allow, `
		fork vfork execve execveat exit exit_group wait4 waitid getpid gettid getppid getpgid
		setpgid getpgrp getsid setsid set_tid_address getuid geteuid getgid getegid getresuid
		getresgid getgroups setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid
		setfsgid capget capset getrlimit getrusage times getpriority setpriority ioprio_get
		pidfd_open pidfd_send_signal kill tkill tgkill arch_prctl uname sysinfo getcpu restart_syscall
		seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self uretprobe`},
	{"signals", allow, `
		rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait
		rt_sigqueueinfo rt_tgsigqueueinfo sigaltstack pause`},
	{"threads", allow, `
		futex futex_waitv futex_wake futex_wait futex_requeue set_robust_list get_robust_list rseq
		membarrier sched_yield sched_getaffinity sched_getscheduler sched_getparam sched_setparam
		sched_getattr sched_get_priority_max sched_get_priority_min sched_rr_get_interval`},
	{"time", allow, `
		time gettimeofday clock_gettime clock_getres clock_nanosleep nanosleep alarm getitimer
		setitimer timer_create timer_settime timer_gettime timer_getoverrun timer_delete getrandom`},
	{"IPC objects, which die with the run's namespace", allow, `
		shmat shmdt semget semop semtimedop semctl msgget msgsnd msgrcv msgctl mq_open
		mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr`},
	{"sockets, once socket(2) made one", allow, `
		bind connect listen accept accept4 shutdown getsockname getpeername getsockopt sendto
		recvfrom sendmsg recvmsg sendmmsg recvmmsg`},

	{"mounts and roots", forbid, `
		mount umount2 pivot_root chroot fsopen fsconfig fsmount fspick open_tree open_tree_attr
		move_mount mount_setattr quotactl quotactl_fd swapon swapoff`},
	{"namespaces", forbid, `unshare setns sethostname setdomainname`},
	{"other processes", forbid, `
		ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp perf_event_open`},
	{"ways around checks of the path, or of this filter", forbid, `
		open_by_handle_at name_to_handle_at io_uring_setup io_uring_enter io_uring_register
		userfaultfd fanotify_init fanotify_mark bpf`},
	{"keyrings, which are in no namespace", forbid, `add_key request_key keyctl`},
	{"the clock", forbid, `clock_settime clock_adjtime settimeofday adjtimex`},
	{"the machine", forbid, `
		init_module finit_module delete_module kexec_load kexec_file_load reboot syslog acct
		vhangup iopl ioperm modify_ldt lookup_dcookie nfsservctl`},

	// The judge pins programs and weighs them; a process may otherwise widen its own set of CPUs,
	// ask for longer slices (sched_setattr, Linux 6.12), or for the disk's best effort first.
	{"the scheduler's favour", denied, `sched_setaffinity sched_setattr ioprio_set`},
	// Programs write to memory or to a directory that needs no sync; sync(2) returns nothing.
	{"the disks of the host, kept busy", denied, `sync syncfs`},

	{"a bounded number for the whole host (fs.aio-max-nr)", absent, `
		io_setup io_destroy io_getevents io_pgetevents io_submit io_cancel`},
	{"a bounded number for the user who has made the sandboxes (fs.inotify.max_user_instances)", absent, `
		inotify_init inotify_init1 inotify_add_watch inotify_rm_watch`},
	// libnuma and those who use it ask get_mempolicy first.
	{"placement of memory, as without CONFIG_NUMA", absent, `
		get_mempolicy set_mempolicy mbind migrate_pages move_pages set_mempolicy_home_node`},
	{"flags in memory, where no filter sees them; callers fall back on clone", absent, `clone3`},
	{"holes in the kernel's direct map", absent, `memfd_secret`},
	{"bytes that change after they were written to the judge's pipe", absent, `vmsplice`},
	{"what other runs read from shared files", absent, `cachestat`},
	{"too new or too old to be missed", absent, `
		process_madvise process_mrelease statmount listmount lsm_get_self_attr lsm_set_self_attr
		lsm_list_modules setxattrat getxattrat listxattrat removexattrat remap_file_pages
		uselib ustat sysfs _sysctl create_module get_kernel_syms query_module getpmsg putpmsg
		afs_syscall tuxcall security vserver set_thread_area get_thread_area epoll_ctl_old
		epoll_wait_old`},
}
