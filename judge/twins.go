package judge

import (
	"container/list"
	"crypto/sha256"
	"encoding/binary"
)

// identity is the same for programs that need not be judged twice.
type identity [16]byte

// identityOf tells programs of a source apart by task, language, code and tests; own says that the tests
// are the line's, not the task's.
func identityOf(task *Task, s *Submission, own bool) identity {
	h := sha256.New()
	put := func(parts ...string) {
		for _, part := range parts { // with its length, so that no two lists are one
			h.Write(binary.AppendUvarint(nil, uint64(len(part))))
			h.Write([]byte(part))
		}
	}
	put(task.Name, s.Language.Name)
	for _, f := range s.Files {
		put(f.Name, f.Data.Text)
	}
	for _, test := range task.Tests {
		put(test.Name)
		if !own {
			continue
		}
		put("input", test.Input.File, test.Input.Text)
		if test.Answer != nil {
			put("answer", test.Answer.File, test.Answer.Text)
		}
	}
	var id identity
	copy(id[:], h.Sum(nil))
	return id
}

// twins remembers programs of a batch, so that identical ones are judged once. It forgets those that
// were used longest ago. What it answers depends on nothing but the order of the plan.
type twins struct {
	byIdentity map[identity]*list.Element
	recent     list.List // of *original, the one used last in front
}

// original is a program that others may be identical to.
type original struct {
	identity
	name      string
	record    *Record  // of the submission, when it is over; nil: it is being judged
	followers []*entry // wait for the record, in plan order
}

// maxTwins bounds how many programs are remembered, at less than a kilobyte each.
const maxTwins = 20_000

// of returns the program that is identical to one of that name, and whether it is another one.
func (t *twins) of(id identity, name string) (o *original, other bool) {
	if e := t.byIdentity[id]; e != nil {
		t.recent.MoveToFront(e)
		return e.Value.(*original), true
	}
	if t.byIdentity == nil {
		t.byIdentity = map[identity]*list.Element{}
	}
	o = &original{identity: id, name: name}
	t.byIdentity[id] = t.recent.PushFront(o)
	if t.recent.Len() > maxTwins {
		oldest := t.recent.Remove(t.recent.Back()).(*original)
		delete(t.byIdentity, oldest.identity)
	}
	return o, false
}
