package isolate

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// account is what decides which ids slots can have: the user that we are, and what is set aside
// for it.
type account struct {
	own            id
	name           string // of the user; empty: unknown
	maySetIDs      bool   // CAP_SETUID and CAP_SETGID
	uidMap, gidMap string // our own, of /proc/self
	subuid, subgid string // contents of the files in /etc
	helpers        error  // why newuidmap and newgidmap cannot help; nil: they can
}

// ourAccount reads the account of this process. What cannot be read is not there.
func ourAccount() account {
	read := func(file string) string {
		b, _ := os.ReadFile(file)
		return string(b)
	}
	a := account{
		own:       id{uint32(os.Geteuid()), uint32(os.Getegid())},
		maySetIDs: hasCapability(unix.CAP_SETUID) && hasCapability(unix.CAP_SETGID),
		uidMap:    read("/proc/self/uid_map"),
		gidMap:    read("/proc/self/gid_map"),
		subuid:    read("/etc/subuid"),
		subgid:    read("/etc/subgid"),
		helpers:   findHelpers(),
	}
	if u, err := user.LookupId(strconv.Itoa(os.Getuid())); err == nil {
		a.name = u.Username
	}
	return a
}

func hasCapability(c uint) bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	err := unix.Capget(&header, &data[0])
	return err == nil && data[c/32].Effective&(1<<(c%32)) != 0
}

func findHelpers() error {
	for _, name := range []string{"newuidmap", "newgidmap"} {
		if _, err := exec.LookPath(name); err != nil {
			return fmt.Errorf("%s is not installed: install the package uidmap, or shadow-utils", name)
		}
	}
	if set, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); err == nil && set != 0 {
		return fmt.Errorf("newuidmap gets no rights under no_new_privs (systemd: NoNewPrivileges=no)")
	}
	return nil
}

// firstID begins a range that nothing else hands out: it is above the ranges of containers and
// users (subuid(5); systemd's uids(7) leaves 0x70000000 to 0x7FFFFFFF unused).
const firstID = 0x70000000

// pidMax is the kernel's bound on pids, PID_MAX_LIMIT.
const pidMax = 1 << 22

// minimumRange is how many ids are enough for slots to differ.
const minimumRange = 2048

// planMapping chooses the strongest means that the account has.
func planMapping(a account) mapping {
	m := mapping{own: a.own}
	if a.maySetIDs {
		var err error
		if m.users, err = freeRange(a.uidMap); err == nil {
			m.groups, err = freeRange(a.gidMap)
		}
		if err == nil {
			m.by = byWriting
			return m
		}
		m.reason = err.Error()
		return m
	}
	if a.helpers != nil {
		m.reason = a.helpers.Error()
		return m
	}
	var err error
	if m.users, err = a.subordinate("/etc/subuid", a.subuid); err == nil {
		m.groups, err = a.subordinate("/etc/subgid", a.subgid)
	}
	if err != nil {
		m.reason = err.Error()
		return m
	}
	m.by = byHelpers
	m.users, m.spare.users = m.users.split()
	m.groups, m.spare.groups = m.groups.split()
	return m
}

// oneID is the mapping without the ranges, and why.
func (m mapping) oneID(why error) mapping { return mapping{own: m.own, reason: why.Error()} }

// freeRange finds ids for slots in our own uid_map or gid_map: two for each possible pid, or in a
// container with fewer the upper half, so that the container's users stay clear of it.
func freeRange(idMap string) (idRange, error) {
	var best idRange
	for line := range strings.Lines(idMap) {
		var inside, outside, size uint64
		if _, err := fmt.Sscan(line, &inside, &outside, &size); err != nil {
			return idRange{}, fmt.Errorf("parse id map %q: %w", line, err)
		}
		if inside <= firstID && inside+size >= firstID+2*pidMax {
			return idRange{firstID, 2 * pidMax}, nil
		}
		if half := size / 2; half > best.size {
			best = idRange{inside + size - half, half}
		}
	}
	if best.size < minimumRange {
		return idRange{}, fmt.Errorf("our user namespace has %d free ids, too few to give each sandbox its own", best.size)
	}
	return best, nil
}

// subordinate returns the longest range that a file in the format of subuid(5) has for the user.
// An error says which line is missing.
func (a account) subordinate(file, content string) (idRange, error) {
	if a.name == "" {
		return idRange{}, fmt.Errorf("user %d has no line in /etc/passwd, without which newuidmap refuses to work", a.own.UID)
	}
	var best idRange
	free := uint64(100000) // the first that no line has
	for line := range strings.Lines(content) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) != 3 {
			continue
		}
		first, firstErr := strconv.ParseUint(fields[1], 10, 32)
		size, sizeErr := strconv.ParseUint(fields[2], 10, 32)
		if firstErr != nil || sizeErr != nil {
			continue // newuidmap ignores such lines, too
		}
		free = max(free, first+size)
		ours := fields[0] == a.name || fields[0] == strconv.FormatUint(uint64(a.own.UID), 10)
		if ours && size > best.size {
			best = idRange{first, size}
		}
	}
	add := fmt.Sprintf("add %q", fmt.Sprintf("%s:%d:65536", a.name, free))
	if best.size == 0 {
		return best, fmt.Errorf("%s has no line for user %q: %s", file, a.name, add)
	}
	if best.size < minimumRange {
		return best, fmt.Errorf("%s has %d ids for user %q, too few to give each sandbox its own: %s", file, best.size, a.name, add)
	}
	return best, nil
}
