package isolate

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// id is a user and a group, as our own user namespace numbers them.
type id struct{ UID, GID uint32 }

// ids are those of a slot.
type ids struct{ Init, Program id }

// mapping says where the ids of slots come from, and how they get into a user namespace.
type mapping struct {
	by            means
	own           id
	users, groups idRange // to choose from
	reason        string  // why there are none, byOneID
}

// means is how a user namespace gets its ids, from the weakest.
type means int

const (
	// byOneID leaves nothing but our own id (user_namespaces(7)): intermediate, init and program
	// share it.
	byOneID means = iota
	// byHelpers has newuidmap(1) and newgidmap(1) map ids that are set aside for us (subuid(5)).
	byHelpers
	// byWriting maps any of our namespace's ids, for which CAP_SETUID and CAP_SETGID are needed.
	byWriting
)

// String says it for records.
func (m mapping) String() string {
	switch m.by {
	case byWriting:
		return "own range"
	case byHelpers:
		return "subordinate ids"
	}
	return "one id: init shares the program's user id (" + m.reason + ")"
}

// idRange are size ids from first on.
type idRange struct{ first, size uint64 }

// pair returns the first of two ids. Slots that live at one time have intermediates of different
// pids, so they get different pairs, if the range is as long as the pids are apart.
func (r idRange) pair(pid int) uint32 { return uint32(r.first + 2*(uint64(pid)%(r.size/2))) }

// slot returns the ids of the slot whose intermediate has the pid.
func (m mapping) slot(pid int) ids {
	if m.by == byOneID {
		return ids{m.own, m.own}
	}
	user, group := m.users.pair(pid), m.groups.pair(pid)
	return ids{id{user, group}, id{user + 1, group + 1}}
}

// extent is a line of a uid_map or gid_map: so many ids from inside on are those from outside on.
type extent struct{ inside, outside, count uint64 }

// idMaps are the maps of a user namespace.
type idMaps struct{ users, groups []extent }

// slotMaps are those of a slot: its root, when it has an id of its own, and the program.
func (m mapping) slotMaps(slot ids) idMaps {
	if m.by == byOneID {
		return idMaps{[]extent{{programID, uint64(m.own.UID), 1}}, []extent{{programID, uint64(m.own.GID), 1}}}
	}
	lines := func(root, program uint32) []extent {
		return []extent{{initID, uint64(root), 1}, {programID, uint64(program), 1}}
	}
	return idMaps{lines(slot.Init.UID, slot.Program.UID), lines(slot.Init.GID, slot.Program.GID)}
}

// keeperMaps are those of the keeper: we, and every slot's ids, which it gives files to. All have
// the same numbers inside as outside.
func (m mapping) keeperMaps() idMaps {
	lines := func(own uint32, r idRange) []extent {
		lines := []extent{{uint64(own), uint64(own), 1}}
		if m.by != byOneID {
			lines = append(lines, extent{r.first, r.first, r.size})
		}
		return lines
	}
	return idMaps{lines(m.own.UID, m.users), lines(m.own.GID, m.groups)}
}

// write maps ids for a child of ours, which waits for it in its new user namespace.
func (m mapping) write(pid int, maps idMaps) error {
	if m.by == byHelpers {
		if err := runHelper("newgidmap", pid, maps.groups); err != nil {
			return err
		}
		return runHelper("newuidmap", pid, maps.users)
	}
	if m.by == byOneID {
		// Who could leave a group could get at what is forbidden to the group (CVE-2014-8989).
		if err := writeFile(pid, "setgroups", "deny"); err != nil {
			return err
		}
	}
	if err := writeFile(pid, "gid_map", lines(maps.groups)); err != nil {
		return err
	}
	return writeFile(pid, "uid_map", lines(maps.users))
}

// lines are the content of a map file.
func lines(extents []extent) string {
	var b strings.Builder
	for _, e := range extents {
		fmt.Fprintf(&b, "%d %d %d\n", e.inside, e.outside, e.count)
	}
	return b.String()
}

// writeFile writes a file of /proc, which takes all of it or nothing.
func writeFile(pid int, name, content string) error {
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/%s", pid, name), []byte(content), 0); err != nil {
		return fmt.Errorf("write %q: %w", strings.TrimSpace(content), err)
	}
	return nil
}

// helperError says that newuidmap or newgidmap did not do what its file promises.
type helperError struct {
	command string
	output  string
	err     error
}

func (e *helperError) Error() string {
	return fmt.Sprintf("%s: %v: %s", e.command, e.err, strings.TrimSpace(e.output))
}

func (e *helperError) Unwrap() error { return e.err }

func runHelper(name string, pid int, extents []extent) error {
	args := append([]string{strconv.Itoa(pid)}, strings.Fields(lines(extents))...)
	ctx, cancel := context.WithTimeout(context.Background(), stepTimeout)
	defer cancel()
	output, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return &helperError{name + " " + strings.Join(args, " "), string(output), err}
	}
	return nil
}
