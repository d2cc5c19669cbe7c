package isolate

import (
	"context"
	"runtime"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"judge/fixtures/testenv"
)

// A service's filter may have no sched_setaffinity (systemd.exec(5) counts it among @resources): that is no reason not to run.
func TestWhoMayNotChooseCPUsRunsProgramsAnyway(t *testing.T) {
	needSandbox(t)
	testenv.NeedRoot(t, "to have a filter without no_new_privs, with which newuidmap(1) gains nothing")
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // the thread that has the filter ends with us
		if assert.NoError(t, forbid(unix.SYS_SCHED_SETAFFINITY)) && assert.False(t, mayChooseCPUs()) {
			runsAProgram(t)
		}
	}()
	<-done
	require.True(t, mayChooseCPUs(), "other threads")
}

// Filters of containers have chroot for those with CAP_SYS_CHROOT, which not all of them get.
func TestWhoMayNotChrootRunsPrograms(t *testing.T) {
	needSandbox(t)
	testenv.NeedRoot(t, "to have a filter without no_new_privs, with which newuidmap(1) gains nothing")
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // the thread that has the filter ends with us
		if assert.NoError(t, forbid(unix.SYS_CHROOT)) && assert.ErrorIs(t, unix.Chroot("/"), unix.EPERM) {
			runsAProgram(t)
		}
	}()
	<-done
}

// runsAProgram asserts that a new sandbox of this thread runs one. It does not end the test: the thread must end first.
func runsAProgram(t *testing.T) {
	t.Helper()
	s, err := New()
	if !assert.NoError(t, err) {
		return
	}
	defer s.Close()
	exit, err := s.Run(context.Background(), shortProgram(&Root{}), nil)
	assert.NoError(t, err)
	assert.Zero(t, exit.Status)
}

// forbid has a system call fail with EPERM in this thread and all that it clones.
func forbid(call uint32) error {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}, // the call's number
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: call, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
}
