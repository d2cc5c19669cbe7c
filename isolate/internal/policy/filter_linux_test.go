package policy

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

var architectures = []*arch.Info{arch.X86_64, arch.AARCH64}

const (
	kill   = verdict(seccomp.ActionKillProcess)
	notify = verdict(seccomp.ActionUserNotify)
	high   = uint64(0xdeadbeef) << 32 // what the kernel ignores of an int
)

// data is a struct seccomp_data.
type data struct {
	nr, arch uint32
	args     [6]uint64
}

// run interprets the filter as the kernel does, and counts instructions.
func run(t *testing.T, program []unix.SockFilter, d data) (answer verdict, steps int) {
	t.Helper()
	mem := binary.LittleEndian.AppendUint32(nil, d.nr)
	mem = binary.LittleEndian.AppendUint32(mem, d.arch)
	mem = binary.LittleEndian.AppendUint64(mem, 0) // instruction pointer
	for _, a := range d.args {
		mem = binary.LittleEndian.AppendUint64(mem, a)
	}
	var a uint32
	for pc := 0; pc < len(program); pc++ {
		steps++
		in := program[pc]
		jump := func(holds bool) {
			if holds {
				pc += int(in.Jt)
			} else {
				pc += int(in.Jf)
			}
		}
		switch in.Code {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			a = binary.LittleEndian.Uint32(mem[in.K:])
		case unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K:
			jump(a == in.K)
		case unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K:
			jump(a >= in.K)
		case unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K:
			jump(a&in.K != 0)
		case unix.BPF_RET | unix.BPF_K:
			return verdict(in.K), steps
		default:
			require.Failf(t, "filter", "instruction %d: unexpected code %#x", pc, in.Code)
		}
	}
	require.Fail(t, "the filter ends without an answer")
	return 0, 0
}

func assemble(t *testing.T, s Seccomp, info *arch.Info) []unix.SockFilter {
	t.Helper()
	program, err := s.answers(info).assemble(info, s.Mode)
	require.NoError(t, err)
	return program
}

func TestEveryCallIsClassifiedOnce(t *testing.T) {
	var s Seccomp
	found := map[string]int{}
	for _, c := range classes {
		for call := range strings.FieldsSeq(c.calls) {
			found[call]++
		}
	}
	for _, r := range s.rules() {
		found[r.call]++
	}
	for call, times := range found {
		assert.Equal(t, 1, times, "times that %s is classified", call)
		_, amd := arch.X86_64.SyscallNames[call]
		_, arm := arch.AARCH64.SyscallNames[call]
		assert.True(t, amd || arm, "%s is a system call", call)
	}
	for _, info := range architectures {
		for nr, call := range info.SyscallNumbers {
			// The table of arm64 has numbers that only 32-bit kernels use.
			if info == arch.AARCH64 && (403 <= nr && nr <= 423 || call == "arch_specific_syscall") {
				continue
			}
			assert.Contains(t, found, call, "calls of %s", info.Name)
		}
	}
}

func TestDangerousCallsAreForbidden(t *testing.T) {
	for call := range strings.FieldsSeq(`bpf io_uring_setup io_uring_enter io_uring_register ptrace keyctl
		add_key request_key userfaultfd perf_event_open mount umount2 pivot_root chroot fsopen fsconfig fsmount
		fspick open_tree move_mount mount_setattr open_tree_attr kexec_load kexec_file_load init_module
		finit_module delete_module clock_settime clock_adjtime adjtimex settimeofday reboot swapon swapoff
		setns unshare sethostname setdomainname syslog process_vm_readv process_vm_writev pidfd_getfd kcmp
		quotactl open_by_handle_at name_to_handle_at lookup_dcookie nfsservctl acct fanotify_init`) {
		for _, info := range architectures {
			if nr, ok := info.SyscallNames[call]; ok {
				got, _ := run(t, assemble(t, Seccomp{Mode: Kill}, info), data{nr: uint32(nr), arch: uint32(info.ID)})
				assert.Equal(t, kill, got, "%s on %s", call, info.Name)
			}
		}
	}
}

func TestFilterAnswersEveryNumberAsTheTablesSay(t *testing.T) {
	for _, info := range architectures {
		for _, mode := range []struct {
			mode      Mode
			forbidden verdict
		}{{Refuse, denied}, {Kill, kill}, {Notify, notify}} {
			t.Run(fmt.Sprintf("%s %s", info.Name, mode.mode), func(t *testing.T) {
				s := Seccomp{Mode: mode.mode}
				program := assemble(t, s, info)
				answers := s.answers(info).known
				for nr := range uint32(2048) {
					want, known := answers[nr]
					if want.rule != nil {
						continue
					}
					if !known {
						want.verdict = absent
					}
					if want.verdict == forbid {
						want.verdict = mode.forbidden
					}
					for _, odd := range []uint64{0, 1, ^uint64(0)} {
						got, _ := run(t, program, data{nr, uint32(info.ID), [6]uint64{odd, odd, odd, odd, odd, odd}})
						require.Equalf(t, want.verdict, got, "call %d (%s)", nr, info.SyscallNumbers[int(nr)])
					}
				}
			})
		}
	}
}

// decide is what rules mean, without any filter.
func (r rule) decide(args [6]uint64, forbidden verdict) verdict {
	answer := r.otherwise
arms:
	for _, arm := range r.arms {
		for _, t := range arm.when {
			half, holds := uint32(args[t.arg]), false
			if t.high {
				half = uint32(args[t.arg] >> 32)
			}
			for _, v := range t.any {
				holds = holds || t.cond == bpf.JumpEqual && half == v || t.cond == bpf.JumpBitsSet && half&v != 0
			}
			if !holds {
				continue arms
			}
		}
		answer = arm.then
		break
	}
	if answer == forbid {
		return forbidden
	}
	return answer
}

func TestFilterAnswersArgumentsAsTheRulesSay(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, info := range architectures {
		for _, s := range []Seccomp{{}, {Mode: Kill}, {Inet: true}, {TCP: true}} {
			program := assemble(t, s, info)
			forbidden := denied
			if s.Mode == Kill {
				forbidden = kill
			}
			for _, r := range s.rules() {
				nr, ok := info.SyscallNames[r.call]
				require.True(t, ok, r.call)
				interesting := []uint64{0, 1, 2, 1 << 32, ^uint64(0)}
				for _, arm := range r.arms {
					for _, t := range arm.when {
						for _, v := range t.any {
							interesting = append(interesting, uint64(v), uint64(v)|high, uint64(v)<<32, uint64(v)+1)
						}
					}
				}
				for range 4000 {
					d := data{nr: uint32(nr), arch: uint32(info.ID)}
					for i := range d.args {
						d.args[i] = interesting[random.IntN(len(interesting))]
					}
					got, _ := run(t, program, d)
					require.Equalf(t, r.decide(d.args, forbidden), got, "%s %#x", r.call, d.args)
				}
			}
		}
	}
}

func TestFilterDecidesByArguments(t *testing.T) {
	const thread = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD | unix.CLONE_SETTLS
	for name, row := range map[string]struct {
		policy Seccomp
		call   string
		args   []uint64
		want   verdict
	}{
		"a thread":                              {Seccomp{}, "clone", []uint64{thread}, allow},
		"a fork":                                {Seccomp{}, "clone", []uint64{uint64(unix.SIGCHLD)}, allow},
		"flags above 32 bits are ignored":       {Seccomp{}, "clone", []uint64{thread | unix.CLONE_NEWUSER<<32}, allow},
		"a user namespace":                      {Seccomp{}, "clone", []uint64{unix.CLONE_NEWUSER}, denied},
		"a user namespace, strict":              {Seccomp{Mode: Kill}, "clone", []uint64{unix.CLONE_NEWUSER}, kill},
		"a namespace hidden among flags":        {Seccomp{}, "clone", []uint64{high | thread | unix.CLONE_NEWNS}, denied},
		"clone3":                                {Seccomp{Mode: Kill}, "clone3", nil, absent},
		"ptrace":                                {Seccomp{}, "ptrace", nil, denied},
		"unix socket":                           {Seccomp{}, "socket", []uint64{unix.AF_UNIX, unix.SOCK_SEQPACKET | unix.SOCK_CLOEXEC, 0}, allow},
		"tcp":                                   {Seccomp{Inet: true}, "socket", []uint64{unix.AF_INET, unix.SOCK_STREAM | unix.SOCK_NONBLOCK, 0}, allow},
		"tcp with dirty upper halves":           {Seccomp{Inet: true}, "socket", []uint64{high | unix.AF_INET6, high | unix.SOCK_STREAM, high | unix.IPPROTO_TCP}, allow},
		"udp":                                   {Seccomp{Inet: true}, "socket", []uint64{unix.AF_INET6, unix.SOCK_DGRAM, unix.IPPROTO_UDP}, allow},
		"tcp without a network":                 {Seccomp{}, "socket", []uint64{unix.AF_INET, unix.SOCK_STREAM, 0}, fail(unix.EAFNOSUPPORT)},
		"tcp alone":                             {Seccomp{TCP: true}, "socket", []uint64{unix.AF_INET6, unix.SOCK_STREAM | unix.SOCK_CLOEXEC, unix.IPPROTO_TCP}, allow},
		"udp beside tcp alone":                  {Seccomp{TCP: true}, "socket", []uint64{unix.AF_INET, unix.SOCK_DGRAM, 0}, fail(unix.EACCES)},
		"raw beside tcp alone":                  {Seccomp{TCP: true}, "socket", []uint64{unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_TCP}, fail(unix.EACCES)},
		"mptcp beside tcp alone":                {Seccomp{TCP: true}, "socket", []uint64{unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP}, fail(unix.EPROTONOSUPPORT)},
		"unix datagrams beside tcp alone":       {Seccomp{TCP: true}, "socket", []uint64{unix.AF_UNIX, unix.SOCK_DGRAM, 0}, allow},
		"connect by sending":                    {Seccomp{TCP: true}, "sendto", []uint64{3, 1, 1, unix.MSG_FASTOPEN | unix.MSG_NOSIGNAL}, fail(unix.EOPNOTSUPP)},
		"connect by sending a message":          {Seccomp{Inet: true}, "sendmsg", []uint64{3, 1, high | unix.MSG_FASTOPEN}, fail(unix.EOPNOTSUPP)},
		"connect by sending messages":           {Seccomp{TCP: true}, "sendmmsg", []uint64{3, 1, 1, unix.MSG_FASTOPEN}, fail(unix.EOPNOTSUPP)},
		"send":                                  {Seccomp{TCP: true}, "sendto", []uint64{3, 1, 1, unix.MSG_NOSIGNAL}, allow},
		"is it in memory":                       {Seccomp{}, "preadv2", []uint64{3, 1, 1, 0, 0, unix.RWF_NOWAIT}, fail(unix.EOPNOTSUPP)},
		"read at once":                          {Seccomp{}, "preadv2", []uint64{3, 1, 1, 0, 0, unix.RWF_HIPRI}, allow},
		"drop from memory":                      {Seccomp{}, "fadvise64", []uint64{3, 0, 0, unix.FADV_DONTNEED}, fail(unix.EOPNOTSUPP)},
		"will be needed":                        {Seccomp{}, "fadvise64", []uint64{3, 0, 0, unix.FADV_WILLNEED}, allow},
		"icmp":                                  {Seccomp{Inet: true}, "socket", []uint64{unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP}, fail(unix.EPROTONOSUPPORT)},
		"mptcp":                                 {Seccomp{Inet: true}, "socket", []uint64{unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP}, fail(unix.EPROTONOSUPPORT)},
		"sctp":                                  {Seccomp{Inet: true}, "socket", []uint64{unix.AF_INET, unix.SOCK_SEQPACKET, 0}, fail(unix.ESOCKTNOSUPPORT)},
		"vsock":                                 {Seccomp{}, "socket", []uint64{unix.AF_VSOCK, unix.SOCK_STREAM, 0}, fail(unix.EAFNOSUPPORT)},
		"vsock with a dirty upper half":         {Seccomp{}, "socket", []uint64{high | unix.AF_VSOCK, unix.SOCK_STREAM, 0}, fail(unix.EAFNOSUPPORT)},
		"family 0, which is also read(2)":       {Seccomp{}, "socket", []uint64{0}, fail(unix.EAFNOSUPPORT)},
		"alg":                                   {Seccomp{}, "socket", []uint64{unix.AF_ALG, unix.SOCK_SEQPACKET, 0}, fail(unix.EAFNOSUPPORT)},
		"packet":                                {Seccomp{}, "socket", []uint64{unix.AF_PACKET, unix.SOCK_RAW, 0x300}, fail(unix.EAFNOSUPPORT)},
		"netlink":                               {Seccomp{}, "socket", []uint64{unix.AF_NETLINK, unix.SOCK_RAW, 0}, fail(unix.EAFNOSUPPORT)},
		"unix socket pair":                      {Seccomp{}, "socketpair", []uint64{unix.AF_UNIX, unix.SOCK_STREAM}, allow},
		"tipc socket pair":                      {Seccomp{}, "socketpair", []uint64{unix.AF_TIPC, unix.SOCK_STREAM}, fail(unix.EAFNOSUPPORT)},
		"terminal size":                         {Seccomp{}, "ioctl", []uint64{0, unix.TIOCGWINSZ}, allow},
		"typing on the terminal":                {Seccomp{}, "ioctl", []uint64{0, unix.TIOCSTI}, denied},
		"counting the mounts, covered ones too": {Seccomp{}, "ioctl", []uint64{0, mountsInfo}, fail(unix.ENOTTY)},
		"typing with a dirty upper half":        {Seccomp{}, "ioctl", []uint64{0, high | unix.TIOCSTI}, denied},
		"pasting on the console":                {Seccomp{}, "ioctl", []uint64{0, unix.TIOCLINUX}, denied},
		"socket filter":                         {Seccomp{}, "setsockopt", []uint64{3, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER}, denied},
		"reusable address":                      {Seccomp{}, "setsockopt", []uint64{3, unix.SOL_SOCKET, unix.SO_REUSEADDR}, allow},
		"same number on another level":          {Seccomp{}, "setsockopt", []uint64{3, unix.IPPROTO_IP, unix.SO_ATTACH_FILTER}, allow},
		"thread name":                           {Seccomp{}, "prctl", []uint64{unix.PR_SET_NAME}, allow},
		"core scheduling":                       {Seccomp{}, "prctl", []uint64{unix.PR_SCHED_CORE}, denied},
		"unknown option":                        {Seccomp{}, "prctl", []uint64{0x7777}, fail(unix.EINVAL)},
		"memory":                                {Seccomp{}, "mmap", []uint64{0, 4096, 3, unix.MAP_PRIVATE | unix.MAP_ANONYMOUS}, allow},
		"huge pages":                            {Seccomp{}, "mmap", []uint64{0, 1 << 21, 3, unix.MAP_PRIVATE | unix.MAP_ANONYMOUS | unix.MAP_HUGETLB}, fail(unix.ENOMEM)},
		"huge pages of a gigabyte":              {Seccomp{}, "mmap", []uint64{0, 1 << 30, 3, high | unix.MAP_HUGETLB | 30<<26}, fail(unix.ENOMEM)},
		"a file in memory":                      {Seccomp{}, "memfd_create", []uint64{1, unix.MFD_CLOEXEC}, allow},
		"a file in huge pages":                  {Seccomp{}, "memfd_create", []uint64{1, high | unix.MFD_CLOEXEC | unix.MFD_HUGETLB}, fail(unix.ENOMEM)},
		"shared memory":                         {Seccomp{}, "shmget", []uint64{0, 4096, 0o600}, allow},
		"shared memory in huge pages":           {Seccomp{}, "shmget", []uint64{0, 1 << 21, high | 0o4600}, fail(unix.ENOMEM)},
		"hint for a file, asked":                {Seccomp{}, "fcntl", []uint64{0, unix.F_GET_RW_HINT}, allow},
		"hint for a file, given":                {Seccomp{SharedFiles: true}, "fcntl", []uint64{0, high | unix.F_SET_RW_HINT}, fail(unix.EINVAL)},
		"shared memory, removed":                {Seccomp{}, "shmctl", []uint64{5, unix.IPC_RMID}, allow},
		"shared memory, locked":                 {Seccomp{}, "shmctl", []uint64{5, high | shmLock}, denied},
		"memory that is not needed":             {Seccomp{}, "madvise", []uint64{4096, 4096, unix.MADV_DONTNEED}, allow},
		"memory to be merged with that of others": {Seccomp{}, "madvise", []uint64{4096, 4096, high | unix.MADV_MERGEABLE}, fail(unix.EINVAL)},
		"personality, asked":                      {Seccomp{}, "personality", []uint64{0xffffffff}, allow},
		"personality, asked with all bits":        {Seccomp{}, "personality", []uint64{^uint64(0)}, allow},
		"no address randomization":                {Seccomp{}, "personality", []uint64{0x40000}, allow},
		"executable data":                         {Seccomp{}, "personality", []uint64{0x400000}, denied},
		"batch scheduling":                        {Seccomp{}, "sched_setscheduler", []uint64{0, unix.SCHED_BATCH}, allow},
		"real time":                               {Seccomp{Mode: Kill}, "sched_setscheduler", []uint64{0, unix.SCHED_FIFO}, denied},
		"core limit, read":                        {Seccomp{}, "prlimit64", []uint64{0, unix.RLIMIT_CORE, 0, 0x7fff0000}, allow},
		"core limit, changed":                     {Seccomp{}, "prlimit64", []uint64{0, unix.RLIMIT_CORE, 0x7fff0000, 0}, denied},
		"core limit, from an address of 4G":       {Seccomp{}, "prlimit64", []uint64{0, unix.RLIMIT_CORE, 1 << 32, 0}, denied},
		"core limit, dirty upper half":            {Seccomp{}, "prlimit64", []uint64{0, high | unix.RLIMIT_CORE, 8, 0}, denied},
		"descriptor limit, changed":               {Seccomp{}, "prlimit64", []uint64{0, unix.RLIMIT_NOFILE, 8, 0}, allow},
		"limit of pid 1, read":                    {Seccomp{}, "prlimit64", []uint64{1, unix.RLIMIT_CPU, 0, 8}, allow},
		"core limit of pid 1, read":               {Seccomp{}, "prlimit64", []uint64{1, unix.RLIMIT_CORE, 0, 8}, allow},
		"limit of pid 1, changed":                 {Seccomp{}, "prlimit64", []uint64{1, unix.RLIMIT_CPU, 8, 0}, denied},
		"limit of pid 1, from 4G":                 {Seccomp{}, "prlimit64", []uint64{1, unix.RLIMIT_CPU, 1 << 32, 0}, denied},
		"own limit, dirty upper half":             {Seccomp{}, "prlimit64", []uint64{high, unix.RLIMIT_NOFILE, 8, 0}, allow},
		"core limit, changed the old way":         {Seccomp{}, "setrlimit", []uint64{unix.RLIMIT_CORE, 8}, denied},
	} {
		t.Run(name, func(t *testing.T) {
			for _, info := range architectures {
				d := data{nr: uint32(info.SyscallNames[row.call]), arch: uint32(info.ID)}
				copy(d.args[:], row.args)
				got, _ := run(t, assemble(t, row.policy, info), d)
				assert.Equalf(t, row.want, got, "%s: %s%#x = %#x, want %#x", info.Name, row.call, row.args, got, row.want)
			}
		})
	}
}

func TestFilterRefusesOtherEntries(t *testing.T) {
	for _, s := range []Seccomp{{}, {Mode: Kill}, {Mode: Notify}} {
		for _, info := range architectures {
			program := assemble(t, s, info)
			for name, d := range map[string]data{
				"int 0x80 getpid":  {nr: 20, arch: uint32(arch.I386.ID)},
				"int 0x80 unshare": {nr: 310, arch: uint32(arch.I386.ID)},
				"32-bit arm":       {nr: 1, arch: uint32(arch.ARM.ID)},
				"no architecture":  {nr: 0},
				"x32 read":         {nr: 0x40000000, arch: uint32(info.ID)},
				"x32 ptrace":       {nr: 0x40000000 | 521, arch: uint32(info.ID)},
				"call -1":          {nr: ^uint32(0), arch: uint32(info.ID)},
			} {
				got, _ := run(t, program, d)
				assert.Equal(t, absent, got, "%s %s: %s", info.Name, s, name)
			}
		}
	}
}

// A filter is compiled, and asked once for each call, whenever it is installed: once a run.
func TestFilterIsShort(t *testing.T) {
	for _, info := range architectures {
		s := Seccomp{Mode: Notify, TCP: true, SharedFiles: true}
		program, err := s.rest(info).assemble(info, s.Mode)
		require.NoError(t, err)
		most, sum := 0, 0
		for nr := range info.SyscallNumbers {
			_, steps := run(t, program, data{nr: uint32(nr), arch: uint32(info.ID)})
			most, sum = max(most, steps), sum+steps
		}
		t.Logf("%s: %d instructions, at most %d and %.1f on average for one call", info.Name, len(program), most, float64(sum)/float64(len(info.SyscallNumbers)))
		assert.LessOrEqual(t, len(program), 256)
		assert.LessOrEqual(t, most, 60)
	}
}

func TestEveryPolicyCanBeAssembled(t *testing.T) {
	for _, info := range architectures {
		for _, mode := range []Mode{Refuse, Kill, Notify} {
			for bits := range 8 {
				s := Seccomp{Mode: mode, Inet: bits&1 != 0, TCP: bits&2 != 0, SharedFiles: bits&4 != 0}
				for _, part := range []answers{s.answers(info), s.rest(info)} {
					_, err := part.assemble(info, mode)
					assert.NoError(t, err, "%s: %s", info.Name, s)
				}
			}
		}
	}
}

func TestSeccompRefusesUnknownModes(t *testing.T) {
	_, err := Seccomp{Mode: 9}.Program()
	assert.EqualError(t, err, "bug: seccomp mode 9")
}

func TestProgramIsAssembledOnce(t *testing.T) {
	a, err := Seccomp{}.Program()
	require.NoError(t, err)
	b, err := Seccomp{}.Program()
	require.NoError(t, err)
	assert.Same(t, &a[0], &b[0])
}

func TestCallNameNamesUnknownCallsByNumber(t *testing.T) {
	assert.Equal(t, "mount", CallName(unix.SYS_MOUNT))
	assert.Equal(t, "syscall 9999", CallName(9999))
}
