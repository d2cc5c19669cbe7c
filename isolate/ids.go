package isolate

import (
	"cmp"
	"fmt"
	"slices"
)

// IDs say who programs are in a sandbox, and what its users and groups are on the host. The zero value
// is for programs that are on the host users of their own.
type IDs struct {
	// User and Group are the program's in the sandbox; zero: 1000. On the host they are ids that belong to
	// no other sandbox, or what UserMap and GroupMap make of them. Without ids of its own
	// for each sandbox (see Mechanisms) they are the caller's, and there can be no maps.
	User, Group uint32
	Groups      []uint32 // further groups of the program, each in GroupMap; nil: none
	// UserMap and GroupMap bring further ids into the sandbox. Who is not root may use the first 4096
	// of the ids set aside for him (subuid(5)). Never mapped are 0, neither inside nor on the host,
	// and ids from which sandboxes get theirs.
	UserMap, GroupMap []IDMap
}

// IDMap makes Count ids from Inside on, in a sandbox, those from Outside on, as the caller knows them
// (user_namespaces(7)).
type IDMap struct{ Inside, Outside, Count uint32 }

// user and group are the program's.
func (i IDs) user() uint32  { return cmp.Or(i.User, programID) }
func (i IDs) group() uint32 { return cmp.Or(i.Group, programID) }

// has tells whether ids of a kind are mapped in the sandbox: root, the program, and what a map brings.
func (i IDs) has(user, group uint32) bool {
	return mapped(i.UserMap, i.user(), user) && mapped(i.GroupMap, i.group(), group)
}

// described tells records what the maps make of the ids, each after a comma.
func (i IDs) described() (text string) {
	for _, m := range i.UserMap {
		text += fmt.Sprintf(", user %s", m)
	}
	for _, m := range i.GroupMap {
		text += fmt.Sprintf(", group %s", m)
	}
	return text
}

// String says what it makes of the first and the last.
func (m IDMap) String() string {
	if m.Count == 1 {
		return fmt.Sprintf("%d is %d of the host", m.Inside, m.Outside)
	}
	return fmt.Sprintf("%d to %d are %d to %d of the host", m.Inside, m.Inside+m.Count-1, m.Outside, m.Outside+m.Count-1)
}

func mapped(maps []IDMap, program, id uint32) bool {
	return id == initID || id == program || slices.ContainsFunc(maps, func(m IDMap) bool { return m.contains(id) })
}

func (m IDMap) contains(inside uint32) bool { return inside >= m.Inside && inside-m.Inside < m.Count }

// Identifiers inside the slot's user namespace.
const (
	initID    = 0    // intermediate and init, if they have one of their own
	programID = 1000 // the program, if Config.IDs has no other
)
