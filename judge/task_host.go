package judge

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
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
	for i := range t.Tests {
		test := &t.Tests[i]
		where := "test " + quoted(test.Name)
		taken.data(where, test.Input)
		if test.Answer != nil {
			taken.data(where, *test.Answer)
		}
		for _, to := range slices.Sorted(maps.Keys(test.Files)) {
			taken.data(where, Data{File: test.Files[to]})
		}
	}
	tools := slices.Clone(t.Validators)
	if tool := t.judgingTool(); tool != nil {
		tools = append(tools, tool)
	}
	for _, tool := range tools {
		taken.code(tool.String(), tool.Code)
		for _, f := range tool.Include {
			taken.data(tool.String(), f.Data)
		}
	}
	for _, s := range t.Submissions {
		taken.data("submission "+quoted(s.Name), Data{File: s.Path})
		taken.code("submission "+quoted(s.Name), s.Code)
	}
	if t.Source != nil {
		taken.data("source", Data{File: t.Source.File})
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

func (h *hostList) data(where string, d Data) {
	if d.File != "" && !strings.HasPrefix(filepath.Clean(d.File), strings.TrimSuffix(h.dir, "/")+"/") {
		h.add(where, d.File)
	}
}

func (h *hostList) code(where string, c Code) {
	for _, f := range c.Files {
		h.data(where, f.Data)
	}
	if c.Language != nil && len(c.Language.Prepare) > 0 && !isBuiltin(c.Language) {
		h.add(where, "prepare of language "+c.Language.Name)
	}
}
