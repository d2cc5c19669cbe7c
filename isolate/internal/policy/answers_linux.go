package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"
)

// answer is where a number leads: to the tests of a rule, or straight to a verdict.
type answer struct {
	rule    *rule
	verdict verdict
}

// span is a range of numbers with the same answer; it ends where the next one begins.
type span struct {
	first uint32
	answer
}

// answers are those of a filter for each number that it knows, and for all others.
type answers struct {
	known  map[uint32]answer
	others answer
}

// spans returns the answers for all numbers from 0 on. Those to which any answer is as good join their neighbours.
func (a answers) spans() []span {
	var list []span
	add := func(first uint32, a answer) {
		switch {
		case a.verdict == anything:
		case len(list) == 0:
			list = append(list, span{0, a})
		case list[len(list)-1].answer != a:
			list = append(list, span{first, a})
		}
	}
	next := uint32(0) // first number that list does not cover
	for _, number := range slices.Sorted(maps.Keys(a.known)) {
		if number > next {
			add(next, a.others)
		}
		add(number, a.known[number])
		next = number + 1
	}
	add(next, a.others)
	return list
}

// answers returns those of the whole policy.
func (s Seccomp) answers(info *arch.Info) answers {
	known := map[uint32]answer{}
	set := func(call string, a answer) {
		if number, ok := info.SyscallNames[call]; ok { // some calls are missing on each architecture
			known[uint32(number)] = a
		}
	}
	for _, c := range classes {
		for call := range strings.FieldsSeq(c.calls) {
			set(call, answer{verdict: c.then})
		}
	}
	if s.SharedFiles {
		set("flock", answer{verdict: fail(unix.EOPNOTSUPP)})
	}
	rules := s.rules()
	for i := range rules {
		set(rules[i].call, answer{rule: &rules[i]})
	}
	return answers{known, answer{verdict: absent}}
}

// CallName names a system call of this machine's architecture, for messages.
func CallName(number int) string {
	if info, err := arch.GetInfo(""); err == nil {
		if name, ok := info.SyscallNumbers[number]; ok {
			return name
		}
	}
	return fmt.Sprintf("syscall %d", number)
}
