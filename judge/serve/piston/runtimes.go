package piston

import (
	"cmp"
	"fmt"
	"slices"

	"judge/judge/queue"
)

// runtime is a language in a version that some workers have.
type runtime struct {
	language
	version version
}

// runtimesOf lists what workers advertise, by name, the latest version first.
func runtimesOf(workers []queue.Advert) []runtime {
	var list []runtime
	for _, w := range workers {
		for own, line := range w.Languages {
			r := runtime{languageOf(own), versionIn(line)}
			if !slices.ContainsFunc(list, r.same) {
				list = append(list, r)
			}
		}
	}
	slices.SortFunc(list, func(a, b runtime) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.own, b.own), b.version.compare(a.version))
	})
	return list
}

func (r runtime) same(other runtime) bool { return r.own == other.own && r.version == other.version }

// shown is the runtime as clients see it.
func (r runtime) shown() Runtime {
	return Runtime{Language: r.name, Version: r.version.String(), Aliases: append([]string{}, r.aliases...), Runtime: r.runtime}
}

// choose finds the latest runtime of a name that a selector has. A job is any worker's who has the language, so
// the selector must have all of its versions.
func choose(list []runtime, name, wanted string) (runtime, error) {
	unknown := fmt.Errorf("%.40s-%.40s runtime is unknown", name, wanted)
	selected, err := parseSelector(wanted)
	if err != nil {
		return runtime{}, fmt.Errorf("%w: version: %w", unknown, err)
	}
	i := slices.IndexFunc(list, func(r runtime) bool { return r.called(name) && selected.has(r.version) })
	if i < 0 {
		return runtime{}, unknown
	}
	for _, other := range list {
		if other.own == list[i].own && !selected.has(other.version) {
			return runtime{}, fmt.Errorf("version %.40s of %s cannot be chosen: some workers have %s", wanted, list[i].name, other.version)
		}
	}
	return list[i], nil
}
