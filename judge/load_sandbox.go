package judge

import (
	"os"
	"path"
	"slices"
	"strings"
)

// sandboxReader reads a `sandbox` table; paths are relative to the task file's directory.
type sandboxReader struct {
	dir  string
	spec SandboxSpec
}

var sandboxKeys = keys[sandboxReader]{
	"layers":  func(r reader, n *node, into *sandboxReader) { into.layers(r, n) },
	"binds":   func(r reader, n *node, into *sandboxReader) { into.binds(r, n) },
	"env":     func(r reader, n *node, into *sandboxReader) { into.spec.Env, _ = r.environment(n) },
	"network": func(r reader, n *node, into *sandboxReader) { into.network(r, n) },
	"ports":   func(r reader, n *node, into *sandboxReader) { into.ports(r, n) },
}

// readSandbox reads a `sandbox` table; without one the sandbox is the default.
func readSandbox(r reader, n *node, dir string) SandboxSpec {
	into := sandboxReader{dir: dir, spec: SandboxSpec{Network: "none"}}
	if n != nil {
		readTable(r, n, sandboxKeys, &into)
		into.checkPorts(r, n)
	}
	return into.spec
}

func (s *sandboxReader) layers(r reader, n *node) {
	s.spec.Layers, _ = r.list(n, "directories", func(item *node) (string, bool) {
		name, ok := r.fileName(item)
		if !ok {
			return "", false
		}
		at := resolve(s.dir, name)
		info, err := os.Stat(at)
		switch {
		case err != nil:
			r.fail(item, "layers %s: %v", item, plainCause(err))
		case !info.IsDir():
			r.fail(item, "layers %s: want a directory", item)
		default:
			return at, true
		}
		return "", false
	})
}

func (s *sandboxReader) binds(r reader, n *node) {
	if !n.array {
		r.wrong(n, `an array, as in ["/data:/data", "cache:/cache:rw"]`)
		return
	}
	for _, item := range n.items {
		bind, ok := s.bind(r, item)
		if !ok {
			continue
		}
		if slices.ContainsFunc(s.spec.Binds, func(b Bind) bool { return b.Target == bind.Target }) {
			r.fail(item, "binds: two have the target %s", quoted(bind.Target))
			continue
		}
		s.spec.Binds = append(s.spec.Binds, bind)
	}
}

// bind reads "source:target[:rw]", or the same as a table.
func (s *sandboxReader) bind(r reader, n *node) (Bind, bool) {
	var b Bind
	if n.table != nil {
		readTable(r, n, bindKeys, &b)
	} else {
		text, ok := r.text(n)
		if !ok {
			return Bind{}, false
		}
		parts := strings.Split(text, ":")
		if len(parts) == 3 && (parts[2] == "rw" || parts[2] == "ro") {
			b.Writable = parts[2] == "rw"
			parts = parts[:2]
		}
		if len(parts) != 2 {
			hint := ""
			if len(parts) > 2 {
				hint = "names with a colon: { source = \"a:b\", target = \"/a\" }"
			}
			r.failHint(n, hint, "binds %s: want source:target or source:target:rw", n)
			return Bind{}, false
		}
		b.Source, b.Target = parts[0], parts[1]
	}
	return s.checkBind(r, n, b)
}

var bindKeys = keys[Bind]{
	"source": func(r reader, n *node, into *Bind) { into.Source, _ = r.fileName(n) },
	"target": func(r reader, n *node, into *Bind) { into.Target, _ = r.fileName(n) },
	"writable": func(r reader, n *node, into *Bind) {
		var ok bool
		if into.Writable, ok = n.scalar.(bool); !ok {
			r.wrong(n, "true or false")
		}
	},
}

func (s *sandboxReader) checkBind(r reader, n *node, b Bind) (Bind, bool) {
	for _, name := range []string{b.Source, b.Target} {
		if problem := nameProblem(name); problem != "" {
			r.fail(n, "binds: source or target %s: %s", quoted(name), problem)
			return Bind{}, false
		}
	}
	target := path.Clean(b.Target)
	switch {
	case !path.IsAbs(b.Target):
		r.fail(n, "binds: target %s: want an absolute path", quoted(b.Target))
		return Bind{}, false
	case target == "/" || target == "/proc" || strings.HasPrefix(target, "/proc/"):
		r.fail(n, "binds: target %s: is the sandbox's own", quoted(b.Target))
		return Bind{}, false
	}
	source := resolve(s.dir, b.Source)
	if _, err := os.Stat(source); err != nil {
		r.fail(n, "binds: source %s: %v", quoted(b.Source), plainCause(err))
		return Bind{}, false
	}
	return Bind{Source: source, Target: target, Writable: b.Writable}, true
}

func (s *sandboxReader) network(r reader, n *node) {
	known := []string{"none", "loopback", "user"}
	text, ok := r.text(n)
	switch {
	case !ok:
	case slices.Contains(known, text):
		s.spec.Network = text
	default:
		r.failHint(n, didYouMean(text, known), "network %s: want \"none\", \"loopback\" or \"user\"", n)
	}
}

func (s *sandboxReader) ports(r reader, n *node) {
	if !n.array {
		r.wrong(n, "an array of TCP ports, as in [443]")
		return
	}
	for _, item := range n.items {
		port, ok := item.scalar.(int64)
		switch {
		case !ok || port < 1 || port > 65535:
			r.fail(item, "ports %s: want TCP ports from 1 to 65535", item)
		case slices.Contains(s.spec.Ports, uint16(port)):
			r.fail(item, "ports %s: is there twice", item)
		default:
			s.spec.Ports = append(s.spec.Ports, uint16(port))
		}
	}
}

// checkPorts wants ports with the network that has some, and with no other.
func (s *sandboxReader) checkPorts(r reader, n *node) {
	ports, network := n.table["ports"], n.table["network"]
	switch {
	case s.spec.Network == "user" && ports == nil:
		r.fail(network, "network \"user\": want the TCP ports that programs may connect to, as in ports = [443]")
	case s.spec.Network != "user" && ports != nil:
		r.fail(ports, "ports: are for network = \"user\"")
	}
}
