package policy

import (
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Standing returns what the filters of all policies have in common, for this machine's architecture and struct
// sock_fprog. Whoever clones sandboxes installs it once, and they inherit it: it lets through what is forbidden, and
// what they need until they are complete. It is assembled once and never moves; the caller may not change it. An error
// names the architecture if there is no table of its calls.
var Standing = sync.OnceValues(func() ([]unix.SockFilter, error) { return assembleHere(Refuse, standing) })

// Program returns what is left of the policy's filter, to be installed on top of Standing; the rest as there. A process
// has the strictest answer of its filters (seccomp(2)), and the kernel compiles a short one sooner.
func (s Seccomp) Program() ([]unix.SockFilter, error) {
	once, _ := programs.LoadOrStore(s, sync.OnceValues(func() ([]unix.SockFilter, error) { return assembleHere(s.Mode, s.rest) }))
	return once.(func() ([]unix.SockFilter, error))()
}

func assembleHere(mode Mode, answers func(*arch.Info) answers) ([]unix.SockFilter, error) {
	info, err := arch.GetInfo("")
	if err != nil {
		return nil, fmt.Errorf("seccomp filter: %w", err)
	}
	program, err := answers(info).assemble(info, mode)
	if err == nil {
		pinned.Lock()
		defer pinned.Unlock()
		pinned.Pin(&program[0]) // fprog gives its address away
	}
	return program, err
}

var (
	programs sync.Map // Seccomp → func() ([]unix.SockFilter, error)
	pinned   struct {
		sync.Mutex
		runtime.Pinner
	}
)

// assemble makes the filter: a binary tree over ranges of call numbers that are answered alike,
// then the tests of arguments, then the answers. A tree is short, which the run pays for when the
// kernel compiles the filter and asks it once for each call whether its answer is always the same.
//
// The library's own Policy is not used: it compares numbers one by one, assembles for the running
// machine only, cannot default to ENOSYS, and (v1.6.0) after a failed test of an argument goes on
// to compare the argument, not the number, with the calls that follow, which lets a program choose
// an argument that is allowed as a number. Its assembler and tables are sound for short jumps.
func (a answers) assemble(info *arch.Info, mode Mode) ([]unix.SockFilter, error) {
	if mode > Notify {
		return nil, fmt.Errorf("bug: seccomp %s", mode)
	}
	f := filter{Program: seccomp.NewProgram(), labels: map[answer]seccomp.Label{}}
	f.tree(a.spans())
	f.rules()
	f.verdicts(mode)
	body, err := f.Assemble()
	if err != nil {
		return nil, fmt.Errorf("assemble the seccomp filter: %w", err)
	}
	if len(body) > 256 {
		return nil, fmt.Errorf("bug: seccomp filter of %d instructions needs long jumps, which go-seccomp-bpf miscalculates", len(body))
	}
	raw, err := bpf.Assemble(append(prologue(info), body...))
	if err != nil {
		return nil, fmt.Errorf("assemble the seccomp filter: %w", err)
	}
	program := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		program[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	return program, nil
}

// prologue refuses other architectures' entries and loads the number of the call (struct
// seccomp_data). x32 calls carry a bit that is above all numbers of the tree.
func prologue(info *arch.Info) []bpf.Instruction {
	const numberOffset, archOffset, size = 0, 4, 4
	return []bpf.Instruction{
		bpf.LoadAbsolute{Off: archOffset, Size: size},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(info.ID), SkipTrue: 1},
		bpf.RetConstant{Val: uint32(absent)},
		bpf.LoadAbsolute{Off: numberOffset, Size: size},
	}
}

// filter is a Program that knows the label of every answer.
type filter struct {
	seccomp.Program
	labels map[answer]seccomp.Label
	order  []answer // of labels, so that equal policies make equal filters
}

// at returns the label of an answer.
func (f *filter) at(a answer) seccomp.Label {
	label, ok := f.labels[a]
	if !ok {
		label = f.NewLabel()
		f.labels[a] = label
		f.order = append(f.order, a)
	}
	return label
}

// tree compares the loaded number with the middle of the spans, which are two at least, and so on.
func (f *filter) tree(spans []span) {
	half := len(spans) / 2
	below, above := spans[:half], spans[half:]
	to := func(spans []span) seccomp.Label {
		if len(spans) == 1 {
			return f.at(spans[0].answer)
		}
		return f.NewLabel()
	}
	isBelow, isAbove := to(below), to(above)
	f.JmpIf(bpf.JumpGreaterOrEqual, above[0].first, isAbove, isBelow)
	if len(below) > 1 {
		f.SetLabel(isBelow)
		f.tree(below)
	}
	if len(above) > 1 {
		f.SetLabel(isAbove)
		f.tree(above)
	}
}

// rules places the tests of each rule. The loaded number is gone after them, so a rule always ends
// in a verdict. What the only test of an arm has loaded, the next arm finds.
func (f *filter) rules() {
	for _, a := range slices.Clone(f.order) {
		if a.rule == nil {
			continue
		}
		f.SetLabel(f.at(a))
		var loaded *test
		for i, arm := range a.rule.arms {
			miss := f.NewLabel()
			if i == len(a.rule.arms)-1 {
				miss = f.at(answer{verdict: a.rule.otherwise})
			}
			f.arm(arm, miss, loaded)
			if i < len(a.rule.arms)-1 {
				f.SetLabel(miss)
			}
			if loaded = nil; len(arm.when) == 1 {
				loaded = &arm.when[0]
			}
		}
	}
}

func (f *filter) arm(a arm, miss seccomp.Label, loaded *test) {
	for i, t := range a.when {
		hit := f.at(answer{verdict: a.then})
		if i < len(a.when)-1 {
			hit = f.NewLabel()
		}
		switch {
		case i == 0 && loaded != nil && loaded.arg == t.arg && loaded.high == t.high:
		case t.high:
			f.LdHi(t.arg)
		default:
			f.LdLo(t.arg)
		}
		last := len(t.any) - 1
		for _, value := range t.any[:last] {
			f.JmpIfTrue(t.cond, value, hit)
		}
		f.JmpIf(t.cond, t.any[last], hit, miss)
		if i < len(a.when)-1 {
			f.SetLabel(hit)
		}
	}
}

// verdicts places the return values.
func (f *filter) verdicts(mode Mode) {
	forbidden := map[Mode]verdict{
		Refuse: denied,
		Kill:   verdict(seccomp.ActionKillProcess),
		Notify: verdict(seccomp.ActionUserNotify),
	}[mode]
	for _, a := range f.order {
		if a.rule != nil {
			continue
		}
		f.SetLabel(f.at(a))
		if a.verdict == forbid {
			f.Ret(seccomp.Action(forbidden))
		} else {
			f.Ret(seccomp.Action(a.verdict))
		}
	}
}
