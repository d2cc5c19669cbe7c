package isolate

import (
	"fmt"
	"os"
	"reflect"
	"slices"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/child"
	"judge/isolate/internal/handshake"
)

// maxRelease bounds what a program is told, arguments and environment above all.
const maxRelease = handshake.MaxSize - 1024

// release is what a program does once the gate is open, and the arguments of go that say so. Runs of one program after
// the other need the same, but for the address at which the message will lie: there is one for each arena.
type release struct {
	program  Program // what of it matters, in copies
	steps    []child.Step
	messages map[uint64][]byte
}

func newRelease(p Program) *release {
	copied := Program{
		Path: p.Path, Args: slices.Clone(p.Args), Env: slices.Clone(p.Env), Dir: p.Dir, Terminal: p.Terminal,
		Files: make([]*os.File, len(p.Files)), Rlimits: slices.Clone(p.Rlimits), Landlock: p.Landlock,
	}
	return &release{program: copied, steps: releaseSteps(copied), messages: map[uint64][]byte{}}
}

// isFor tells whether a program is told the same as the one that it was made for.
func (r *release) isFor(p Program) bool {
	if r == nil {
		return false
	}
	q := r.program
	return p.Path == q.Path && p.Dir == q.Dir && p.Terminal == q.Terminal && len(p.Files) == len(q.Files) &&
		slices.Equal(p.Args, q.Args) && slices.Equal(p.Env, q.Env) && slices.Equal(p.Rlimits, q.Rlimits) &&
		reflect.DeepEqual(p.Landlock, q.Landlock)
}

// message returns the argument of go for a program that receives it at this address.
func (r *release) message(address uint64) ([]byte, error) {
	if m := r.messages[address]; m != nil {
		return m, nil
	}
	m, err := child.Release(r.steps, address)
	if err != nil {
		return nil, err
	}
	if len(m) > maxRelease {
		return nil, fmt.Errorf("arguments and environment of %s take %d bytes, at most %d: %w", r.program.Path, len(m), maxRelease, unix.E2BIG)
	}
	const arenas = 4 // that a slot uses by turns
	if len(r.messages) == arenas {
		clear(r.messages)
	}
	r.messages[address] = m
	return m, nil
}
