package policy

import "golang.org/x/sys/unix"

const (
	listAccess    = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	changeAccess  = writeAccess &^ readAccess
	fileAccess    = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE
	executeAccess = unix.LANDLOCK_ACCESS_FS_EXECUTE
)

// Plan says what of the restriction a kernel with this version of Landlock can enforce. It enforces all
// of it when the version is at least that of Needs.
func (r Restriction) Plan(abi int) Plan { return r.full().downgrade(abi) }

// Needs is the oldest version of Landlock that enforces all of the restriction; 0: it restricts nothing.
func (r Restriction) Needs() int { return r.full().ABI }

// full is the plan for a kernel that knows all that we use.
func (r Restriction) full() Plan {
	var p Plan
	for _, group := range []struct {
		paths  []string
		access uint64
	}{{r.Read, listAccess}, {r.Write, changeAccess}, {r.Execute, executeAccess}} {
		if group.paths == nil {
			continue
		}
		p.Rights.FS |= group.access
		for _, path := range group.paths {
			p.Paths = append(p.Paths, PathRule{path, group.access})
		}
	}
	for _, group := range []struct {
		ports  []uint16
		access uint64
	}{{r.Bind, unix.LANDLOCK_ACCESS_NET_BIND_TCP}, {r.Connect, unix.LANDLOCK_ACCESS_NET_CONNECT_TCP}} {
		if group.ports == nil {
			continue
		}
		p.Rights.Net |= group.access
		for _, port := range group.ports {
			p.Ports = append(p.Ports, PortRule{port, group.access})
		}
	}
	if p.Rights == (Rights{}) {
		return Plan{}
	}
	if r.Write == nil { // every domain refuses renames between directories that it does not allow
		p.Rights.FS |= unix.LANDLOCK_ACCESS_FS_REFER
		p.Paths = append(p.Paths, PathRule{"/", unix.LANDLOCK_ACCESS_FS_REFER})
	}
	p.ABI = p.oldest()
	return p
}

// oldest is the first version that knows all of the plan's rights.
func (p Plan) oldest() int {
	abi := 2
	for _, n := range news {
		if p.Rights.FS&n.rights.FS != 0 || p.Rights.Net&n.rights.Net != 0 || p.Scopes&n.scopes != 0 {
			abi = n.abi
		}
	}
	return abi
}

// OnFile is the rule for a path that is no directory: the kernel refuses it rights to directories.
func (r PathRule) OnFile() PathRule { return PathRule{r.Path, r.Access & fileAccess} }
