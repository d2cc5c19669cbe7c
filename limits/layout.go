package limits

import (
	"path"
	"slices"
	"strings"
)

// directory holds the bases of all judges, so that one look shows what is ours.
const directory = "judge"

// weights is the controller that divides the CPUs; both versions have it. It limits nothing.
const weights = "cpu"

// layout is the control group hierarchies that this process can see.
type layout []hierarchy

// hierarchy is one mounted control group hierarchy.
type hierarchy struct {
	mount       string   // mount point
	root        string   // the cgroup that is mounted there: "/" or, in containers, one further down
	own         string   // the cgroup of this process, "" if unknown
	unified     bool     // version 2
	controllers []string // version 1: what is mounted with it; version 2 tells in cgroup.controllers
}

// parseLayout reads /proc/self/mountinfo and /proc/self/cgroup (proc_pid_mountinfo(5), cgroups(7)).
// Lines that it does not understand are passed over: what is missing shows when it is tried. Of several
// mounts of one hierarchy the one that shows most of it is kept.
func parseLayout(mountinfo, self string) layout {
	var l layout
	own := parseMembership(self)
	for line := range strings.Lines(mountinfo) {
		h, ok := parseMount(line)
		if !ok {
			continue
		}
		h.own = own[""]
		if !h.unified {
			h.own = own[h.controllers[0]]
		}
		same := slices.IndexFunc(l, func(o hierarchy) bool {
			return o.unified == h.unified && slices.Equal(o.controllers, h.controllers)
		})
		switch {
		case same < 0:
			l = append(l, h)
		case len(h.root) < len(l[same].root):
			l[same] = h
		}
	}
	return l
}

// parseMount reads one line of mountinfo; ok is false if it is not a control group hierarchy, or a
// version 1 hierarchy without a controller that we use.
func parseMount(line string) (h hierarchy, ok bool) {
	before, after, found := strings.Cut(line, " - ")
	fields, super := strings.Fields(before), strings.Fields(after)
	if !found || len(fields) < 6 || len(super) < 3 {
		return hierarchy{}, false
	}
	h = hierarchy{root: unescape(fields[3]), mount: unescape(fields[4])}
	switch super[0] {
	case "cgroup2":
		h.unified = true
		return h, true
	case "cgroup":
		for _, option := range strings.Split(super[2], ",") {
			if slices.Contains([]string{"memory", "pids", "cpuacct", weights}, option) {
				h.controllers = append(h.controllers, option)
			}
		}
		return h, len(h.controllers) > 0
	}
	return hierarchy{}, false
}

// parseMembership reads /proc/self/cgroup into controller -> cgroup; version 2 has the controller "".
func parseMembership(self string) map[string]string {
	own := make(map[string]string)
	for line := range strings.Lines(self) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(parts) < 3 {
			continue
		}
		for _, controller := range strings.Split(parts[1], ",") {
			own[controller] = parts[2]
		}
	}
	return own
}

// unescape undoes mountinfo's octal escapes of white space and backslashes.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// kind is "v2", "v1", "hybrid" or "none", by the hierarchies that can limit or count.
func (l layout) kind() string {
	l = slices.DeleteFunc(slices.Clone(l), func(h hierarchy) bool { return slices.Equal(h.controllers, []string{weights}) })
	_, v2 := l.v2()
	switch {
	case len(l) == 0:
		return "none"
	case v2 && len(l) == 1:
		return "v2"
	case v2:
		return "hybrid"
	}
	return "v1"
}

// v2 returns the version 2 hierarchy.
func (l layout) v2() (hierarchy, bool) {
	i := slices.IndexFunc(l, func(h hierarchy) bool { return h.unified })
	if i < 0 {
		return hierarchy{}, false
	}
	return l[i], true
}

// v1 returns the version 1 hierarchy that has the controller.
func (l layout) v1(controller string) (hierarchy, bool) {
	i := slices.IndexFunc(l, func(h hierarchy) bool { return slices.Contains(h.controllers, controller) })
	if i < 0 {
		return hierarchy{}, false
	}
	return l[i], true
}

// ownDir is the directory of the cgroup of this process, "" if it is not below the mount point, as in
// a cgroup namespace that sees the mount of an outer one.
func (h hierarchy) ownDir() string {
	rel, below := strings.CutPrefix(h.own, strings.TrimSuffix(h.root, "/"))
	if h.own == "" || !below || rel != "" && rel[0] != '/' {
		return ""
	}
	return path.Join(h.mount, rel)
}

// aboveJudges is the nearest ancestor of dir, or dir itself, that is not in the base of a judge. A
// judge that is a child of a judge may be in judge/<id>/self: were its base inside the other's, it would
// be swept away with it.
func aboveJudges(dir string) string {
	if i := strings.Index(dir+"/", "/"+directory+"/"); i >= 0 {
		return dir[:i]
	}
	return dir
}

// parents lists the directories in which a base may be made, best first: the top of the hierarchy
// for root, our own cgroup for whom it was delegated to, and the ancestors of it, nearest first. An
// ancestor helps where a shell shares our delegated scope: version 2 wants no processes beside groups.
func (h hierarchy) parents() []string {
	list := []string{h.mount}
	for dir := aboveJudges(h.ownDir()); strings.HasPrefix(dir, h.mount+"/"); dir = path.Dir(dir) {
		list = append(list, dir)
	}
	return list
}

// nearest lists the same directories with our own cgroup first and the top last: what holds for us there, holds for
// what is in the base.
func (h hierarchy) nearest() []string {
	parents := h.parents()
	return append(parents[1:len(parents):len(parents)], parents[0])
}
