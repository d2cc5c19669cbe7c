package child

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/sys/unix"
)

func TestStepPrintsLikeStrace(t *testing.T) {
	for _, row := range []struct {
		step Step
		want string
	}{
		{Step{Name: "start a session", Call: unix.SYS_SETSID}, "start a session: setsid()"},
		{Step{Name: "enter /work", Call: unix.SYS_CHDIR, Args: []any{"/work"}}, `enter /work: chdir("/work")`},
		{Step{Name: "run", Call: unix.SYS_EXECVE, Args: []any{"/bin/sh", []string{"sh", "-c"}, []string(nil)}}, `run: execve("/bin/sh", ["sh" "-c"], [])`},
		{Step{Name: "limit", Call: unix.SYS_PRLIMIT64, Args: []any{0, 7, make([]byte, 16), 0}}, "limit: prlimit64(0, 7, 16 bytes, 0)"},
		{Step{Name: "flags", Call: unix.SYS_PRCTL, Args: []any{uintptr(0x1f), -100}}, "flags: prctl(0x1f, -100)"},
		{Step{Name: "send", Call: unix.SYS_SENDMSG, Args: []any{100, gather{data: make([]byte, 24), tailSize: 8, fds: []int{3, 1}}}}, "send: sendmsg(100, 32 bytes and descriptors [3 1])"},
		{Step{Name: "odd", Call: 9999}, "odd: syscall 9999()"},
	} {
		assert.Equal(t, row.want, row.step.String())
	}
}

func TestDescriptorsKeepsOnlyTheSocketAndOpensThePidfd(t *testing.T) {
	var calls []string
	for _, s := range Descriptors(7) {
		calls = append(calls, s.String())
	}
	assert.Equal(t, []string{
		"move the run's socket: dup3(7, 100, 524288)",
		"close descriptors: close_range(0, 99, 0)",
		"close descriptors: close_range(101, 4294967295, 0)",
		"open pidfd of init: pidfd_open(1, 0)",
	}, calls)
}

// An error names a step by its index, and the parent does not know the socket's number.
func TestDescriptorsAreAsManyStepsForEverySocket(t *testing.T) {
	assert.Len(t, Descriptors(Socket), len(Descriptors(7)))
}
