package policy

// Restriction refuses accesses beside what Landlock does, one kind at a time: a nil list leaves its
// kind alone, any other names all that is left of it. It is enforced as a domain of its own within the
// one of Landlock, so it allows nothing that is refused there. Paths are those inside the sandbox: a
// file, or a directory with all beneath it.
type Restriction struct {
	Read    []string // to read files and list directories
	Write   []string // to write, make, remove, link and rename
	Execute []string // to execute; what a dynamic loader maps counts
	Bind    []uint16 // TCP ports to listen on
	Connect []uint16 // TCP ports to connect to
}
