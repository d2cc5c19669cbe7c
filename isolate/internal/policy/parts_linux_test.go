package policy

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/elastic/go-seccomp-bpf/arch"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func assembleStanding(t *testing.T, info *arch.Info) []unix.SockFilter {
	t.Helper()
	program, err := standing(info).assemble(info, Refuse)
	require.NoError(t, err)
	return program
}

// stricter is the one of two answers that a process gets who has both filters: the kernel compares their actions.
func stricter(a, b verdict) verdict {
	const action = 0xffff0000
	if int32(b&action) < int32(a&action) {
		return b
	}
	return a
}

// arguments of calls that some rule looks at, and others.
func interestingArguments(s Seccomp) []uint64 {
	interesting := []uint64{0, 1, 2, 1 << 32, ^uint64(0)}
	for _, r := range s.rules() {
		for _, arm := range r.arms {
			for _, test := range arm.when {
				for _, v := range test.any {
					interesting = append(interesting, uint64(v), uint64(v)|high, uint64(v)<<32, uint64(v)+1)
				}
			}
		}
	}
	return interesting
}

func TestStandingAndTheRestAnswerAsTheWholePolicy(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, info := range architectures {
		common := assembleStanding(t, info)
		for _, mode := range []Mode{Refuse, Kill, Notify} {
			for bits := range 8 {
				s := Seccomp{Mode: mode, Inet: bits&1 != 0, TCP: bits&2 != 0, SharedFiles: bits&4 != 0}
				whole := assemble(t, s, info)
				rest, err := s.rest(info).assemble(info, mode)
				require.NoError(t, err)
				interesting := interestingArguments(s)
				check := func(d data) {
					want, _ := run(t, whole, d)
					a, _ := run(t, common, d)
					b, _ := run(t, rest, d)
					require.Equalf(t, want, stricter(a, b), "%s, %s: %s %#x: standing %#x, rest %#x", info.Name, s, info.SyscallNumbers[int(d.nr)], d.args, a, b)
				}
				for nr := range uint32(512) {
					answer := s.answers(info).known[nr]
					for range map[bool]int{true: 60, false: 1}[answer.rule != nil] {
						d := data{nr: nr, arch: uint32(info.ID)}
						for i := range d.args {
							d.args[i] = interesting[random.IntN(len(interesting))]
						}
						check(d)
					}
				}
				for _, nr := range []uint32{0, 59, 165, 310, 0x40000000, 0x40000000 | 165, ^uint32(0)} {
					check(data{nr: nr, arch: uint32(info.ID)})
					check(data{nr: nr, arch: uint32(arch.I386.ID)})
					check(data{nr: nr})
				}
			}
		}
	}
}

func TestStandingLetsThroughWhatIsForbiddenOrNeeded(t *testing.T) {
	for _, info := range architectures {
		program := assembleStanding(t, info)
		for call := range strings.FieldsSeq("mount umount2 pivot_root chroot setns unshare clone socket prctl ioctl " + neededBefore) {
			got, _ := run(t, program, data{nr: uint32(info.SyscallNames[call]), arch: uint32(info.ID), args: [6]uint64{unix.PR_SET_PDEATHSIG, unix.CLONE_NEWNS}})
			assert.Equal(t, allow, got, "%s on %s", call, info.Name)
		}
	}
}
