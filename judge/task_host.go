package judge

import (
	"fmt"
	"path/filepath"
	"strings"
)

// FromHost lists what a task takes from the host, in words, such as `sandbox.binds: /srv/data`: files that are not
// below its directory, layers and binds, a network, and preparations of languages, which leave something
// there. Nothing, for a task that can be judged for somebody who has no business on this host. It looks at names
// only: the task's directory must be free of symbolic links.
func (t *Task) FromHost() []string {
	taken := hostList{dir: t.Dir}
	for _, layer := range t.Sandbox.Layers {
		taken.add("sandbox.layers", layer)
	}
	for _, bind := range t.Sandbox.Binds {
		taken.add("sandbox.binds", bind.Source)
	}
	if n := t.Sandbox.Network; n != "" && n != "none" && n != "loopback" {
		taken.add("sandbox.network", n)
	}
	for what, file := range t.Files() {
		taken.file(what, file)
	}
	for _, tool := range t.tools() {
		taken.prepare(tool.String(), tool.Language)
	}
	for _, s := range t.Submissions {
		taken.prepare("submission "+quoted(s.Name), s.Language)
	}
	return taken.list
}

// hostList gathers what is not below a directory.
type hostList struct {
	dir  string
	list []string
}

func (h *hostList) add(where, what string) {
	h.list = append(h.list, fmt.Sprintf("%s: %s", where, printable(what)))
}

func (h *hostList) file(what, file string) {
	if !strings.HasPrefix(filepath.Clean(file), strings.TrimSuffix(h.dir, "/")+"/") {
		h.add(what, file)
	}
}

func (h *hostList) prepare(what string, l *Language) {
	if l != nil && len(l.Prepare) > 0 && !isBuiltin(l) {
		h.add(what, "prepare of language "+l.Name)
	}
}
