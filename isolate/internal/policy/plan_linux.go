package policy

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// Plan is a Landlock policy as one kernel can enforce it: data for a few system calls. The zero
// Plan, of ABI 0, enforces nothing and needs no call.
type Plan struct {
	ABI    int    // version of Landlock that it uses; 0: none
	Rights Rights // what is refused unless a rule allows it
	Scopes uint64 // LANDLOCK_SCOPE_…
	Paths  []PathRule
	Ports  []PortRule
}

// Rights are accesses to files and to the network (LANDLOCK_ACCESS_FS_…, LANDLOCK_ACCESS_NET_…).
type Rights struct{ FS, Net uint64 }

// PathRule allows access to a file, or to everything beneath a directory.
type PathRule struct {
	Path   string
	Access uint64
}

// PortRule allows access to a TCP port.
type PortRule struct {
	Port   uint16
	Access uint64
}

// Types of rules for landlock_add_rule(2).
const (
	RulePathBeneath = unix.LANDLOCK_RULE_PATH_BENEATH
	RuleNetPort     = 2
)

const (
	readAccess = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE |
		unix.LANDLOCK_ACCESS_FS_READ_DIR
	// No device files: the overlay's whiteouts are such.
	writeAccess = readAccess | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE |
		unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG |
		unix.LANDLOCK_ACCESS_FS_MAKE_SOCK | unix.LANDLOCK_ACCESS_FS_MAKE_FIFO |
		unix.LANDLOCK_ACCESS_FS_MAKE_SYM | unix.LANDLOCK_ACCESS_FS_REFER
	deviceAccess = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE |
		unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	everyAccess = writeAccess | unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK |
		unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	tcpAccess  = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	everyScope = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
)

// Plan says what of the policy a kernel with this version of Landlock can enforce, see ABI.
func (l Landlock) Plan(abi int) Plan { return l.full().downgrade(abi) }

// full is the plan for a kernel that knows all that we use.
func (l Landlock) full() Plan {
	l = l.WithDefaults()
	p := Plan{ABI: usedABI, Rights: Rights{FS: everyAccess, Net: tcpAccess}, Scopes: everyScope}
	if l.AnyTCP {
		p.Rights.Net = 0
	}
	for _, group := range []struct {
		paths  []string
		access uint64
	}{{l.ReadOnly, readAccess}, {l.ReadWrite, writeAccess}, {l.Devices, deviceAccess}} {
		for _, path := range group.paths {
			p.Paths = append(p.Paths, PathRule{path, group.access})
		}
	}
	for _, group := range []struct {
		ports  []uint16
		access uint64
	}{{l.Bind, unix.LANDLOCK_ACCESS_NET_BIND_TCP}, {l.Connect, unix.LANDLOCK_ACCESS_NET_CONNECT_TCP}} {
		for _, port := range group.ports {
			p.Ports = append(p.Ports, PortRule{port, group.access})
		}
	}
	return p
}

// usedABI is the newest version that brought something we use.
const usedABI = 6

// news is what each version of Landlock added, oldest first (landlock(7)).
var news = []struct {
	abi    int
	rights Rights
	scopes uint64
}{
	{3, Rights{FS: unix.LANDLOCK_ACCESS_FS_TRUNCATE}, 0},
	{4, Rights{Net: tcpAccess}, 0},
	{5, Rights{FS: unix.LANDLOCK_ACCESS_FS_IOCTL_DEV}, 0},
	{6, Rights{}, everyScope},
}

// downgrade removes what the kernel does not know. Its invariant: whatever the full plan allows,
// the downgraded one allows too. Version 1 (Linux 5.13) refuses every rename and link between
// directories, which no rule can allow, so nothing is left of the plan there.
func (p Plan) downgrade(abi int) Plan {
	if abi < 2 {
		return Plan{}
	}
	p.ABI = min(p.ABI, abi)
	for _, n := range news {
		if n.abi > abi {
			p.Rights.FS &^= n.rights.FS
			p.Rights.Net &^= n.rights.Net
			p.Scopes &^= n.scopes
		}
	}
	// A rule may only allow what is refused otherwise, and must allow something (EINVAL, ENOMSG).
	paths, ports := p.Paths, p.Ports
	p.Paths, p.Ports = nil, nil
	for _, r := range paths {
		if r.Access &= p.Rights.FS; r.Access != 0 {
			p.Paths = append(p.Paths, r)
		}
	}
	for _, r := range ports {
		if r.Access &= p.Rights.Net; r.Access != 0 {
			p.Ports = append(p.Ports, r)
		}
	}
	return p
}

// Attr returns the struct landlock_ruleset_attr for landlock_create_ruleset(attr, its length, 0).
// Kernels that are older than its last members want them to be zero, which they are then.
func (p Plan) Attr() []byte {
	attr := make([]byte, 0, 24)
	attr = binary.NativeEndian.AppendUint64(attr, p.Rights.FS)
	attr = binary.NativeEndian.AppendUint64(attr, p.Rights.Net)
	return binary.NativeEndian.AppendUint64(attr, p.Scopes)
}

// Attr returns the packed struct landlock_path_beneath_attr for the path opened as fd.
func (r PathRule) Attr(fd int) []byte {
	attr := binary.NativeEndian.AppendUint64(make([]byte, 0, 12), r.Access)
	return binary.NativeEndian.AppendUint32(attr, uint32(int32(fd)))
}

// Attr returns the struct landlock_net_port_attr.
func (r PortRule) Attr() []byte {
	attr := binary.NativeEndian.AppendUint64(make([]byte, 0, 16), r.Access)
	return binary.NativeEndian.AppendUint64(attr, uint64(r.Port))
}
