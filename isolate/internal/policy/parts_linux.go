package policy

import (
	"reflect"
	"slices"
	"strings"

	"github.com/elastic/go-seccomp-bpf/arch"
)

// neededBefore are the calls that a sandbox makes before it is complete, though its program may not.
const neededBefore = "clone3 sched_setaffinity"

// standing returns the errnos of all policies; whatever else is the rest's.
func standing(info *arch.Info) answers {
	whole := Seccomp{}.answers(info)
	part := answers{known: map[uint32]answer{}, others: whole.others}
	for number, a := range whole.known {
		part.known[number] = a.only(func(v verdict) bool { return v != forbid })
	}
	for _, s := range []Seccomp{{Inet: true}, {TCP: true}, {SharedFiles: true}} {
		for number, a := range s.answers(info).known {
			if !reflect.DeepEqual(a, whole.known[number]) {
				part.known[number] = answer{verdict: allow}
			}
		}
	}
	for call := range strings.FieldsSeq(neededBefore) {
		part.known[uint32(info.SyscallNames[call])] = answer{verdict: allow}
	}
	return part
}

// rest returns what standing lets through and the policy does not.
func (s Seccomp) rest(info *arch.Info) answers {
	part, common := s.answers(info), standing(info)
	refused := answer{verdict: allow}
	if s.Mode == Notify { // an errno is stricter; it is not stricter than death, or than another errno
		refused.verdict = anything
	}
	for number, a := range part.known {
		switch there := common.known[number]; {
		case there.rule != nil:
			part.known[number] = a.only(func(v verdict) bool { return v == forbid })
		case there.verdict != allow:
			part.known[number] = refused
		}
	}
	part.others = refused
	return part
}

// only returns an answer that allows what does not get one of the verdicts wanted.
func (a answer) only(wanted func(verdict) bool) answer {
	choose := func(v verdict) verdict {
		if wanted(v) {
			return v
		}
		return allow
	}
	if a.rule == nil {
		return answer{verdict: choose(a.verdict)}
	}
	r := rule{call: a.rule.call, arms: slices.Clone(a.rule.arms), otherwise: choose(a.rule.otherwise)}
	for i := range r.arms {
		r.arms[i].then = choose(r.arms[i].then)
	}
	for len(r.arms) > 0 && r.arms[len(r.arms)-1].then == r.otherwise {
		r.arms = r.arms[:len(r.arms)-1]
	}
	if len(r.arms) == 0 {
		return answer{verdict: r.otherwise}
	}
	return answer{rule: &r}
}
