package isolate

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// id is a user and a group, as our own user namespace numbers them.
type id struct{ UID, GID uint32 }

// ids are those of a slot.
type ids struct{ Init, Program id }

// mapping says where the ids of slots come from, and how they get into a user namespace.
type mapping struct {
	by            means
	own           id
	users, groups idRange  // to choose from
	spare         idRanges // byHelpers: for IDs
	reason        string   // why there are none, byOneID
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

// idRanges are one of each kind.
type idRanges struct{ users, groups idRange }

// String shows the first and the last.
func (r idRange) String() string {
	if r.size <= 1 {
		return strconv.FormatUint(r.first, 10)
	}
	return fmt.Sprintf("%d-%d", r.first, r.first+r.size-1)
}

func (r idRange) meets(other idRange) bool {
	return r.first < other.first+other.size && other.first < r.first+r.size
}

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

// slotMaps are those of the slot whose intermediate has the pid: its root, when it has an id of its own,
// the program, and what the caller maps. The ids are those of the slot then.
func (m mapping) slotMaps(pid int, who IDs) (ids, idMaps, error) {
	slot := m.slot(pid)
	if m.by == byOneID {
		if len(who.Groups)+len(who.UserMap)+len(who.GroupMap) > 0 {
			return slot, idMaps{}, fmt.Errorf("map ids: there is only one: %s", m.reason)
		}
		return slot, idMaps{[]extent{{uint64(who.user()), uint64(m.own.UID), 1}}, []extent{{uint64(who.group()), uint64(m.own.GID), 1}}}, nil
	}
	for _, g := range who.Groups {
		if !mapped(who.GroupMap, who.group(), g) || g == initID {
			return slot, idMaps{}, fmt.Errorf("group %d of the program: no line of GroupMap has it", g)
		}
	}
	users, err := m.extents("user", who.UserMap, m.users, m.spare.users)
	if err != nil {
		return slot, idMaps{}, err
	}
	groups, err := m.extents("group", who.GroupMap, m.groups, m.spare.groups)
	if err != nil {
		return slot, idMaps{}, err
	}
	maps := idMaps{append(users, extent{initID, uint64(slot.Init.UID), 1}), append(groups, extent{initID, uint64(slot.Init.GID), 1})}
	maps.users, slot.Program.UID = withProgram(maps.users, who.user(), slot.Program.UID)
	maps.groups, slot.Program.GID = withProgram(maps.groups, who.group(), slot.Program.GID)
	return slot, maps, nil
}

// keeperMaps are those of the keeper: we, and every slot's ids, which it gives files to. All have
// the same numbers inside as outside.
func (m mapping) keeperMaps() idMaps {
	lines := func(own uint32, r, spare idRange) []extent {
		lines := []extent{{uint64(own), uint64(own), 1}}
		if m.by == byOneID {
			return lines
		}
		if spare.size > 0 {
			lines = append(lines, extent{spare.first, spare.first, spare.size})
		}
		return append(lines, extent{r.first, r.first, r.size})
	}
	return idMaps{lines(m.own.UID, m.users, m.spare.users), lines(m.own.GID, m.groups, m.spare.groups)}
}

// write maps ids for a child of ours, which waits for it in its new user namespace.
func (m mapping) write(pid int, maps idMaps) error {
	if m.by == byHelpers {
		if err := runHelper("newgidmap", pid, maps.groups, stepTimeout); err != nil {
			return err
		}
		return runHelper("newuidmap", pid, maps.users, stepTimeout)
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

func runHelper(name string, pid int, extents []extent, timeout time.Duration) error {
	args := append([]string{strconv.Itoa(pid)}, strings.Fields(lines(extents))...)
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second // what it has started may have its output open
	output, err := cmd.CombinedOutput()
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("not done in %v: %w", timeout, ctx.Err())
	}
	if err != nil {
		return &helperError{name + " " + strings.Join(args, " "), string(output), err}
	}
	return nil
}
