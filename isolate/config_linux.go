package isolate

import (
	"encoding/json"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// arguments are those of an intermediate: its name, and the configuration.
func (c Config) arguments() []string {
	text, _ := json.Marshal(c) // of plain fields cannot fail
	return []string{intermediateName, string(text)}
}

// ourConfig is the configuration of this process, an intermediate.
func ourConfig() (c Config, err error) {
	if len(os.Args) != 2 {
		return c, fmt.Errorf("bug: %d arguments of an intermediate", len(os.Args))
	}
	return c, json.Unmarshal([]byte(os.Args[1]), &c)
}

// loopbackUp starts the interface of a new network namespace.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP)
	return os.NewSyscallError("set lo up", unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request))
}
