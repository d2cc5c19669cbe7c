package isolate

import (
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// HardLimit returns this process's hard limit of a resource (getrlimit(2)), as it was when somebody first asked:
// above it no program can be given one without CAP_SYS_RESOURCE. A resource that the kernel does not know has
// none.
func HardLimit(resource int) uint64 {
	limits := hardLimits()
	if resource < 0 || resource >= len(limits) {
		return unix.RLIM_INFINITY
	}
	return limits[resource]
}

var hardLimits = sync.OnceValue(func() (limits []uint64) {
	for resource := 0; ; resource++ {
		var l unix.Rlimit
		if err := unix.Getrlimit(resource, &l); err != nil {
			return limits
		}
		limits = append(limits, l.Max)
	}
})

// strictLimits are those of a program that is told no others. What they bound, the kernel counts for the user who has
// made the sandbox, too (ucounts, Linux 5.14): one program could take it from all others, and from the host's services.
// Of a message queue nobody has use where Landlock is: its file system is in no ruleset.
var strictLimits = []Rlimit{{unix.RLIMIT_SIGPENDING, 256, 256}, {unix.RLIMIT_MSGQUEUE, 0, 0}}

// withStrict adds to the limits of a program those that it is not told.
func withStrict(told []Rlimit) (all []Rlimit) {
	for _, r := range strictLimits {
		if !slices.ContainsFunc(told, func(t Rlimit) bool { return t.Resource == r.Resource }) {
			most := min(r.Hard, HardLimit(r.Resource))
			all = append(all, Rlimit{r.Resource, min(r.Soft, most), most})
		}
	}
	return append(all, told...)
}
