package isolate

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// arguments are those of an intermediate: its name, the configuration, and how many files follow controlFD.
func (c Config) arguments(files int) []string {
	text, _ := json.Marshal(c) // of plain fields cannot fail
	return []string{intermediateName, string(text), strconv.Itoa(files)}
}

// ourConfig is the configuration of this process, an intermediate, and how many files follow controlFD.
func ourConfig() (c Config, files int, err error) {
	if len(os.Args) != 3 {
		return c, 0, fmt.Errorf("bug: %d arguments of an intermediate", len(os.Args))
	}
	files, err = strconv.Atoi(os.Args[2])
	return c, files, errors.Join(err, json.Unmarshal([]byte(os.Args[1]), &c))
}

// enterGroups puts this thread, and what it clones, into the groups of the files that follow controlFD.
func enterGroups(files int) error {
	for fd := controlFD + 1; fd <= controlFD+files; fd++ {
		if _, err := unix.Write(fd, []byte("0")); err != nil {
			return fmt.Errorf("enter a control group: %w", err)
		}
		unix.Close(fd)
	}
	return nil
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
