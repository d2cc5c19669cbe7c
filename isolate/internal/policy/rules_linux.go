package policy

import (
	"slices"
	"strings"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// rule answers one call by its arguments: as the first arm whose tests all hold says, else as
// otherwise says.
type rule struct {
	call      string
	arms      []arm
	otherwise verdict
}

type arm struct {
	when []test
	then verdict
}

// test compares one half of an argument with values; it holds if any of them fits. The kernel
// ignores the upper half of arguments that it declares int or unsigned int, and so must a test of
// them: the lower half alone is looked at, unless high is set.
type test struct {
	arg  uint32
	high bool
	cond bpf.JumpTest // JumpEqual or JumpBitsSet
	any  []uint32
}

// is holds if the lower half of the argument is one of the values.
func is(arg uint32, any ...uint32) test { return test{arg: arg, cond: bpf.JumpEqual, any: any} }

// has holds if the lower half of the argument has one of the bits.
func has(arg uint32, bits uint32) test {
	return test{arg: arg, cond: bpf.JumpBitsSet, any: []uint32{bits}}
}

// isHigh holds if the upper half of the argument is one of the values.
func isHigh(arg uint32, any ...uint32) test {
	return test{arg: arg, high: true, cond: bpf.JumpEqual, any: any}
}

const (
	everyBit      = ^uint32(0)
	newNamespaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC |
		unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET
	// Socket types are 1 (stream), 2 (datagram), 3 (raw); these bits are in those of SCTP and DCCP.
	oddSocketTypes = 0xc
	notStream      = oddSocketTypes | 2
	// ADDR_NO_RANDOMIZE of personality(2): some runtimes with images of their heap ask for it.
	addrNoRandomize = 0x0040000
	tcpULP          = 31
	shmHugeTLB      = 0x800      // SHM_HUGETLB of shmget(2)
	shmLock         = 11         // SHM_LOCK of shmctl(2)
	mountsInfo      = 0x8010b70a // NS_MNT_GET_INFO of ioctl_nsfs(2)
)

// rules returns the calls that are answered by argument, each named once.
func (s Seccomp) rules() []rule {
	return append(s.fastOpenRules(), []rule{
		{"clone", []arm{{[]test{has(0, newNamespaces)}, forbid}}, allow},
		{"ioctl", []arm{
			// To type on the terminal, to take its selection or console, to load a line discipline.
			{[]test{is(1, unix.TIOCSTI, unix.TIOCLINUX, unix.TIOCCONS, unix.TIOCSETD)}, forbid},
			// How many mounts there are, with those that the root covers (Linux 6.12): ask the list in /proc.
			{[]test{is(1, mountsInfo)}, fail(unix.ENOTTY)},
		}, allow},
		// Whether a page of a host's file is in memory, and how to have it leave: together a channel
		// between two sandboxes. Advice may be refused.
		{"preadv2", []arm{{[]test{has(5, unix.RWF_NOWAIT)}, fail(unix.EOPNOTSUPP)}}, allow},
		{"fadvise64", []arm{{[]test{is(3, unix.FADV_DONTNEED)}, fail(unix.EOPNOTSUPP)}}, allow},
		// /proc/locks shows these locks of all sandboxes, with their ranges, as it does no others. And a hint stays with
		// a file, for all that have it: its owner may give one, on older kernels anybody.
		{"fcntl", append([]arm{
			{[]test{is(1, unix.F_OFD_SETLK, unix.F_OFD_SETLKW, unix.F_SET_RW_HINT, unix.F_SET_FILE_RW_HINT)}, fail(unix.EINVAL)},
		}, s.lockArms()...), allow},
		{"socket", s.socketArms(), fail(unix.EAFNOSUPPORT)},
		{"socketpair", []arm{{[]test{is(0, unix.AF_UNIX)}, allow}}, fail(unix.EAFNOSUPPORT)},
		{"setsockopt", []arm{
			// Compiled filters of sockets are charged to nobody, and their sum is bounded for the
			// host (net.core.bpf_jit_limit): when it is used up, later filters are slow or fail.
			{[]test{is(1, unix.SOL_SOCKET), is(2, unix.SO_ATTACH_FILTER, unix.SO_ATTACH_BPF,
				unix.SO_ATTACH_REUSEPORT_CBPF, unix.SO_ATTACH_REUSEPORT_EBPF)}, forbid},
			{[]test{is(1, unix.IPPROTO_TCP), is(2, tcpULP)}, fail(unix.ENOPROTOOPT)},
		}, allow},
		{"prctl", []arm{
			{[]test{is(0, unix.PR_SET_MM, unix.PR_SCHED_CORE, unix.PR_SET_MEMORY_MERGE)}, forbid},
			{[]test{is(0, harmlessOptions...)}, allow},
		}, fail(unix.EINVAL)},
		// Pages of the host's pool of huge ones are charged to nobody's memory. So there are none, as in an
		// empty pool; transparent ones are charged.
		{"mmap", []arm{{[]test{has(3, unix.MAP_HUGETLB)}, fail(unix.ENOMEM)}}, allow},
		{"memfd_create", []arm{{[]test{has(1, unix.MFD_HUGETLB)}, fail(unix.ENOMEM)}}, allow},
		{"shmget", []arm{{[]test{has(2, shmHugeTLB)}, fail(unix.ENOMEM)}}, allow},
		// The segments that a run has locked count for its user until the kernel has taken its namespace down: the
		// next run in the slot would see that. As where RLIMIT_MEMLOCK is 0.
		{"shmctl", []arm{{[]test{is(1, shmLock)}, denied}}, allow},
		// Equal pages of two runs would become one, which both can see, by a thread of the kernel that nobody is
		// charged for. As without CONFIG_KSM.
		{"madvise", []arm{{[]test{is(2, unix.MADV_MERGEABLE)}, fail(unix.EINVAL)}}, allow},
		{"personality", []arm{
			{[]test{is(0, 0, everyBit, addrNoRandomize)}, allow}, // all bits: what is it now?
		}, forbid},
		{"sched_setscheduler", []arm{
			{[]test{is(1, unix.SCHED_NORMAL, unix.SCHED_BATCH, unix.SCHED_IDLE)}, allow},
		}, denied},
		// A limit of 1 keeps the kernel from starting the host's handler of crashes (core_pattern
		// with a pipe), as root and charged to nobody; a limit of 0 does not. So it may be read,
		// not changed.
		{"setrlimit", []arm{{[]test{is(0, unix.RLIMIT_CORE)}, denied}}, allow},
		// And nobody sets the limits of another process: init's, when it has the program's user id.
		{"prlimit64", []arm{
			{[]test{is(2, 0), isHigh(2, 0)}, allow}, // to read one
			{[]test{is(1, unix.RLIMIT_CORE)}, denied},
			{[]test{is(0, 0)}, allow},
		}, denied},
	}...)
}

// fastOpenRules refuse to connect by sending (TCP Fast Open), because Landlock does not see it (6.18).
func (s Seccomp) fastOpenRules() (rules []rule) {
	if !s.Inet && !s.TCP {
		return nil // and these calls need no look at their arguments
	}
	for call, flags := range map[string]uint32{"sendto": 3, "sendmsg": 2, "sendmmsg": 3} {
		rules = append(rules, rule{call, []arm{{[]test{has(flags, unix.MSG_FASTOPEN)}, fail(unix.EOPNOTSUPP)}}, allow})
	}
	slices.SortFunc(rules, func(a, b rule) int { return strings.Compare(a.call, b.call) })
	return rules
}

// lockArms refuse to lock records of files, to lease files, and to be told of a directory's use. The errno is
// that of file systems without locks, which cmd/go and cargo do without.
func (s Seccomp) lockArms() []arm {
	if !s.SharedFiles {
		return nil
	}
	return []arm{{[]test{is(1, unix.F_SETLK, unix.F_SETLKW, unix.F_SETLEASE, unix.F_NOTIFY)}, fail(unix.EOPNOTSUPP)}}
}

// socketArms allow what stays within the sandbox: without a network only UNIX sockets, because a
// network namespace remembers (counters, flow labels) and is the slot's, not the run's. Other families are in no
// namespace (vsock), or are much kernel code for no use (alg, packet), and opening an unusual
// protocol of the Internet makes the kernel load its module. MPTCP is not seen by Landlock.
func (s Seccomp) socketArms() []arm {
	arms := []arm{{[]test{is(0, unix.AF_UNIX)}, allow}}
	internet := is(0, unix.AF_INET, unix.AF_INET6)
	switch {
	case s.TCP:
		arms = append(arms, arm{[]test{internet, has(1, notStream)}, fail(unix.EACCES)})
	case s.Inet:
		arms = append(arms, arm{[]test{internet, has(1, oddSocketTypes)}, fail(unix.ESOCKTNOSUPPORT)})
	default:
		return arms
	}
	return append(arms, []arm{
		{[]test{internet, is(2, unix.IPPROTO_IP, unix.IPPROTO_TCP, unix.IPPROTO_UDP)}, allow},
		{[]test{internet}, fail(unix.EPROTONOSUPPORT)},
	}...)
}

// harmlessOptions of prctl(2) concern the calling process alone. Others fail as unknown ones do.
var harmlessOptions = []uint32{
	unix.PR_SET_NAME, unix.PR_GET_NAME, unix.PR_SET_VMA, unix.PR_SET_PDEATHSIG, unix.PR_GET_PDEATHSIG,
	unix.PR_GET_DUMPABLE, unix.PR_SET_DUMPABLE, unix.PR_SET_CHILD_SUBREAPER, unix.PR_GET_CHILD_SUBREAPER,
	unix.PR_SET_NO_NEW_PRIVS, unix.PR_GET_NO_NEW_PRIVS, unix.PR_GET_SECCOMP, unix.PR_SET_SECCOMP,
	unix.PR_CAPBSET_READ, unix.PR_CAPBSET_DROP, unix.PR_CAP_AMBIENT, unix.PR_GET_KEEPCAPS,
	unix.PR_SET_KEEPCAPS, unix.PR_GET_SECUREBITS, unix.PR_SET_TIMERSLACK, unix.PR_GET_TIMERSLACK,
	unix.PR_SET_THP_DISABLE, unix.PR_GET_THP_DISABLE, unix.PR_GET_TSC, unix.PR_SET_PTRACER,
	unix.PR_GET_SPECULATION_CTRL, unix.PR_SET_SPECULATION_CTRL, unix.PR_MCE_KILL_GET, unix.PR_SET_MDWE,
	unix.PR_GET_MDWE, unix.PR_GET_TAGGED_ADDR_CTRL, unix.PR_SET_TAGGED_ADDR_CTRL, unix.PR_SVE_SET_VL,
	unix.PR_SVE_GET_VL, unix.PR_PAC_RESET_KEYS, unix.PR_GET_AUXV,
}
