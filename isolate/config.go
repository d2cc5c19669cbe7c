package isolate

// Config is what a Sandbox has as long as it lives. The zero value is the strictest.
type Config struct {
	Hostname string // empty: "sandbox"
	Network  Network
}

// Network is what programs can reach.
type Network string

const (
	// NoNetwork is the zero value: there are no sockets but UNIX ones.
	NoNetwork Network = ""
	// Loopback lets the processes of one run talk to each other over TCP and UDP. Each run gets
	// a network namespace of its own then, which costs 0.4 ms.
	Loopback Network = "loopback"
)
