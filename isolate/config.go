package isolate

import "reflect"

// Config is what a Sandbox has as long as it lives. The zero value is the strictest.
type Config struct {
	Hostname string // empty: "sandbox"
	Network  Network
	Ports    []uint16 // TCP ports that programs may connect to, with User; nil: none
	Share    Share    // namespaces that are not fresh; zero: none
	IDs      IDs      // users and groups
}

// Equal tells whether two configurations make the same sandbox.
func (c Config) Equal(other Config) bool { return reflect.DeepEqual(c, other) }

// Network is what programs can reach.
type Network string

const (
	// NoNetwork is the zero value: there are no sockets but UNIX ones.
	NoNetwork Network = ""
	// Loopback lets the processes of one run talk to each other over TCP and UDP. Each run gets
	// a network namespace of its own then, which costs 0.4 ms.
	Loopback Network = "loopback"
	// User lets programs connect to Config.Ports of whatever the host's user can reach, over TCP,
	// through a pasta(1) of each run's own, which ends with it. The ports are held by Landlock: another
	// is refused with EACCES, and so are ports to listen on. There is no UDP (EACCES), so no DNS but
	// over TCP. The host's loopback is out of reach, and nothing outside can connect to the program;
	// services that listen on other addresses of the host are not. What pasta uses is not charged to
	// the run.
	//
	// New refuses it where pasta is not installed, or Landlock cannot hold ports (Linux 6.7).
	User Network = "user"
)
