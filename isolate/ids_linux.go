package isolate

import "fmt"

// spareIDs is how many of its subordinate ids a user may give to sandboxes by IDs.
const spareIDs = 4096

// split sets ids aside for IDs, if there are enough.
func (r idRange) split() (slots, spare idRange) {
	if r.size < 2*spareIDs {
		return r, idRange{}
	}
	return idRange{r.first + spareIDs, r.size - spareIDs}, idRange{r.first, spareIDs}
}

// withProgram adds the program's id, unless the caller has mapped it. It is the second one returned.
func withProgram(extents []extent, inside, own uint32) ([]extent, uint32) {
	for _, e := range extents {
		if id := uint64(inside); id >= e.inside && id-e.inside < e.count {
			return extents, uint32(e.outside + id - e.inside)
		}
	}
	return append(extents, extent{uint64(inside), uint64(own), 1}), own
}

// extents checks what the caller maps. Sandboxes take their ids from slots.
func (m mapping) extents(kind string, given []IDMap, slots, spare idRange) (extents []extent, err error) {
	for _, g := range given {
		e := extent{uint64(g.Inside), uint64(g.Outside), uint64(g.Count)}
		in, out := idRange{e.inside, e.count}, idRange{e.outside, e.count}
		if problem := m.problem(in, out, slots, spare); problem != "" {
			return nil, fmt.Errorf("map %ss %v to %v of the host: %s", kind, in, out, problem)
		}
		for _, other := range extents {
			if in.meets(idRange{other.inside, other.count}) || out.meets(idRange{other.outside, other.count}) {
				return nil, fmt.Errorf("map %ss %v to %v of the host: some of them are mapped twice", kind, in, out)
			}
		}
		extents = append(extents, e)
	}
	return extents, nil
}

// problem says why a line must not be mapped; empty: it may.
func (m mapping) problem(in, out, slots, spare idRange) string {
	const end = 1<<32 - 1 // no id
	switch {
	case in.size == 0:
		return "it is none"
	case in.first+in.size > end || out.first+out.size > end:
		return "there are no ids above 4294967294"
	case in.first == 0:
		return "0 is the sandbox's own root"
	case out.first == 0:
		return "a program cannot be root of the host"
	case out.meets(slots):
		return fmt.Sprintf("%v are for sandboxes", slots)
	case m.by != byHelpers:
		return ""
	case spare.size == 0:
		return fmt.Sprintf("there are none to spare: a line of /etc/subuid and /etc/subgid has to have %d or more", 2*spareIDs)
	case out.first < spare.first || out.first+out.size > spare.first+spare.size:
		return fmt.Sprintf("of those in /etc/subuid and /etc/subgid, %v are to spare", spare)
	}
	return ""
}
