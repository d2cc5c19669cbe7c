package isolate

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
)

// ids are the kernel's user and group ids, in our own user namespace, of a slot.
type ids struct{ init, program uint32 }

// firstID begins a range that nothing else hands out: it is above the ranges of containers and
// users (subuid(5); systemd's uids(7) leaves 0x70000000 to 0x7FFFFFFF unused).
const firstID = 0x70000000

// pidMax is the kernel's bound on pids, PID_MAX_LIMIT.
const pidMax = 1 << 22

// chooseIDs gives a slot ids that no other slot of any judge on the host has: they follow from the
// intermediate's pid, which is unique as long as the slot lives. uidMap is our own
// /proc/self/uid_map: in a container with fewer ids, the highest that it has are used, modulo
// their number.
func chooseIDs(uidMap io.Reader, pid int) (ids, error) {
	var best, bestSize uint64
	lines := bufio.NewScanner(uidMap)
	for lines.Scan() {
		var inside, outside, size uint64
		if _, err := fmt.Sscan(lines.Text(), &inside, &outside, &size); err != nil {
			return ids{}, fmt.Errorf("parse uid_map %q: %w", lines.Text(), err)
		}
		if inside <= firstID && inside+size >= firstID+2*pidMax {
			first := uint32(firstID + 2*pid)
			return ids{first, first + 1}, nil
		}
		if size > bestSize {
			best, bestSize = inside, size
		}
	}
	if err := lines.Err(); err != nil {
		return ids{}, err
	}
	if bestSize < 4096 {
		return ids{}, fmt.Errorf("our user namespace has %d ids, too few to give each sandbox its own", bestSize)
	}
	// The upper half, so that a container's users stay clear of it.
	half := bestSize / 2
	first := uint32(best + bestSize - half + 2*(uint64(pid)%(half/2)))
	return ids{first, first + 1}, nil
}

// writeMaps maps the slot's ids for the process: its root, and the program's.
func writeMaps(pid int, id ids) error {
	m := fmt.Sprintf("%d %d 1\n%d %d 1\n", initID, id.init, programID, id.program)
	for _, name := range []string{"uid_map", "gid_map"} {
		file := fmt.Sprintf("/proc/%d/%s", pid, name)
		if err := os.WriteFile(file, []byte(m), 0); err != nil {
			return fmt.Errorf("write %q: %w", strings.TrimSpace(m), err)
		}
	}
	return nil
}
