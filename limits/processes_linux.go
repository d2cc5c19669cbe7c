package limits

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Processes are the pids of the group's processes, as the caller sees them, in no order. By the time it
// returns some may have ended and others begun. It is nil where no control group tells.
func (g *Group) Processes() ([]int, error) {
	if len(g.made) == 0 {
		return nil, nil
	}
	fd, err := g.open(g.made[0], "cgroup.procs", unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "cgroup.procs")
	defer f.Close()
	var text strings.Builder
	if _, err := f.WriteTo(&text); err != nil {
		return nil, fmt.Errorf("read cgroup.procs of group %s: %w", g.name, err)
	}
	pids := []int{}
	for line := range strings.Lines(text.String()) {
		pid, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			return nil, fmt.Errorf("bug: cgroup.procs of group %s: %w", g.name, err)
		}
		pids = append(pids, pid)
	}
	return pids, nil
}
