package policy

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// helperVariable makes this binary the child of a test: it restricts itself as the helper says and
// becomes another program, or makes calls and prints how they ended.
const helperVariable = "JUDGE_POLICY_HELPER"

type helper struct {
	Seccomp  *Seccomp
	Landlock *Landlock
	Exec     []string  // program to become
	Calls    [][]int64 // or system calls to make: number and arguments
}

func TestMain(m *testing.M) {
	if text := os.Getenv(helperVariable); text != "" {
		var h helper
		if err := json.Unmarshal([]byte(text), &h); err != nil {
			panic(err)
		}
		os.Unsetenv(helperVariable)
		if err := h.run(); err != nil {
			fmt.Fprintln(os.Stderr, "helper:", err)
			os.Exit(125)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// command returns a command that runs the helper. Go's own signals would cut off the calls that the helper makes and
// answers.
func (h helper) command() *exec.Cmd {
	text, err := json.Marshal(h)
	if err != nil {
		panic(err)
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), helperVariable+"="+string(text), "GODEBUG=asyncpreemptoff=1")
	return cmd
}

// run makes the same calls as a sandbox. They restrict the calling thread alone.
func (h helper) run() error {
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if h.Landlock != nil {
		ruleset, err := h.Landlock.Plan(ABI()).ruleset()
		if err != nil {
			return err
		}
		if _, _, errno := unix.RawSyscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(ruleset), 0, 0); errno != 0 {
			return fmt.Errorf("landlock_restrict_self: %w", errno)
		}
		unix.Close(ruleset)
	}
	if h.Seccomp != nil {
		if err := installStanding(); err != nil {
			return err
		}
		listener, err := install(*h.Seccomp)
		if err != nil {
			return err
		}
		if h.Seccomp.Mode == Notify {
			go supervise(listener)
		}
	}
	if h.Exec != nil {
		path, err := exec.LookPath(h.Exec[0])
		if err != nil {
			return err
		}
		return unix.Exec(path, h.Exec, os.Environ())
	}
	for _, c := range h.Calls {
		var a [7]uintptr
		for i, v := range c {
			a[i] = uintptr(v)
		}
		_, _, errno := unix.Syscall6(a[0], a[1], a[2], a[3], a[4], a[5], a[6])
		fmt.Println(int(errno))
	}
	return nil
}

// install installs the filter for the calling thread, which has the standing one, and returns the listener, if there is one.
func install(s Seccomp) (listener int, err error) {
	program, err := s.Program()
	if err != nil {
		return -1, err
	}
	flags := SeccompFlags
	if s.Mode == Notify {
		flags = NotifyFlags
	}
	return installProgram(program, flags)
}

// installStanding is InstallStanding for the calling thread alone.
func installStanding() error {
	program, err := Standing()
	if err == nil {
		_, err = installProgram(program, SeccompFlags)
	}
	return err
}

func installProgram(program []unix.SockFilter, flags int) (int, error) {
	r, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, uintptr(flags), uintptr(unsafe.Pointer(&fprog(program)[0])))
	if errno != 0 {
		return -1, fmt.Errorf("seccomp: %w", errno)
	}
	return int(r), nil
}

// supervise names each call that the listener hears of and lets it fail with ENOANO. It runs on a
// thread without the filter.
func supervise(listener int) {
	for {
		var notif struct {
			ID         uint64
			PID, Flags uint32
			NR         int32
			Arch       uint32
			IP         uint64
			Args       [6]uint64
		}
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(listener), unix.SECCOMP_IOCTL_NOTIF_RECV, uintptr(unsafe.Pointer(&notif))); errno != 0 {
			return
		}
		fmt.Println(CallName(int(notif.NR)))
		response := struct {
			ID           uint64
			Value        int64
			Error, Flags int32
		}{ID: notif.ID, Error: -int32(unix.ENOANO)}
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(listener), unix.SECCOMP_IOCTL_NOTIF_SEND, uintptr(unsafe.Pointer(&response))); errno != 0 {
			return
		}
	}
}
