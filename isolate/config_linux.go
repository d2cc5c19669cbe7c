package isolate

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// arguments are those of an intermediate: its name, and the configuration.
func (c Config) arguments() []string {
	return []string{intermediateName, c.Hostname, string(c.Network)}
}

// ourConfig is the configuration of this process, an intermediate.
func ourConfig() (Config, error) {
	if len(os.Args) != 3 {
		return Config{}, fmt.Errorf("bug: %d arguments of an intermediate", len(os.Args))
	}
	return Config{Hostname: os.Args[1], Network: Network(os.Args[2])}, nil
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
