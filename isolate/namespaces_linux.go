package isolate

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// inNamespaces makes namespaces for a re-executed binary. All capabilities are ambient, so that it
// keeps them over exec although its ids are not mapped yet.
func inNamespaces(flags uintptr) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Cloneflags: flags, Setsid: true}
	for c := uintptr(0); c <= unix.CAP_LAST_CAP; c++ {
		if known, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, c, 0, 0, 0); err == nil && known >= 0 {
			a.AmbientCaps = append(a.AmbientCaps, c)
		}
	}
	return a
}

// explainNamespaces adds to an error what may be in the way of user namespaces, and what to type.
func explainNamespaces(err error) error {
	if hint := namespaceHint(err, os.Geteuid(), readSysctl); hint != "" {
		return fmt.Errorf("%w: %s", err, hint)
	}
	return err
}

// readSysctl returns a kernel parameter; empty when the kernel does not have it.
func readSysctl(name string) string {
	b, _ := os.ReadFile("/proc/sys/" + strings.ReplaceAll(name, ".", "/"))
	return strings.TrimSpace(string(b))
}

func namespaceHint(err error, uid int, sysctl func(string) string) string {
	refused := errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES)
	const off = "user namespaces are switched off: type \"sudo sysctl %s\""
	switch {
	case errors.Is(err, unix.ENOSPC) && sysctl("user.max_user_namespaces") == "0":
		return fmt.Sprintf(off, "user.max_user_namespaces=16384")
	case errors.Is(err, unix.ENOSPC):
		return "there are as many namespaces as sysctl user.max_user_namespaces and its like allow"
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS):
		return "the kernel may be without namespaces (CONFIG_USER_NS)"
	case refused && uid != 0 && sysctl("kernel.unprivileged_userns_clone") == "0":
		return fmt.Sprintf(off, "kernel.unprivileged_userns_clone=1")
	case uid != 0 && sysctl("kernel.apparmor_restrict_unprivileged_userns") == "1":
		// It lets the namespace be made, and then takes the capabilities in it away.
		return "AppArmor keeps users from user namespaces: type \"sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0\""
	case refused:
		return "user namespaces are refused; in a container its seccomp profile may do so: type \"docker run --security-opt seccomp=unconfined\""
	}
	return ""
}
