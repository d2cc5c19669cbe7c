package policy

// Landlock is a policy for files and ports, a second wall behind the mounts and the network
// namespace: what is not named is refused with EACCES. The zero value is the default policy of a
// sandbox. In each list nil means the default, an empty list that is not nil means nothing. Paths
// are those inside the sandbox, and must exist there. A Landlock is a plain value.
type Landlock struct {
	ReadOnly  []string // trees to read and execute; nil: "/"
	ReadWrite []string // trees to read, execute, and write, links and renames included; nil: /work, /tmp, /dev/shm
	Devices   []string // files, or trees of them, to read, write and control; nil: /dev
	Bind      []uint16 // TCP ports to listen on; nil: none
	Connect   []uint16 // TCP ports to connect to; nil: none
	// AnyTCP leaves TCP alone, for a sandbox with a loopback of its own.
	AnyTCP bool
}

// WithDefaults returns the policy with every default spelt out, to be added to.
func (l Landlock) WithDefaults() Landlock {
	if l.ReadOnly == nil {
		l.ReadOnly = []string{"/"}
	}
	if l.ReadWrite == nil {
		l.ReadWrite = []string{"/work", "/tmp", "/dev/shm"}
	}
	if l.Devices == nil {
		l.Devices = []string{"/dev"}
	}
	return l
}
