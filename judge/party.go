package judge

import (
	"context"
	"errors"
	"os"
	"sync"

	"judge/isolate"
	"judge/limits"
)

// InteractorName is what the interactor is called in pipes, exits and transcripts; SubmissionName is the
// submission's process when it is the only one.
const (
	InteractorName = "interactor"
	SubmissionName = "submission"
)

// party is one process of an interaction: a program in a sandbox of its own, or a replay.
type party struct {
	name   string
	play   func(ctx context.Context) (Facts, isolate.Exit, error) // runs it to its end
	waits  func() threads                                         // what it waits for, while it runs
	ends   map[int]*os.File                                       // our copies of its descriptors, until it has its own
	inputs []int                                                  // those that relays lead to
	cancel context.CancelCauseFunc

	shown bool          // an end of what it writes was shown to the interactor before that ended; under the interaction's mu
	ended chan struct{} // closed when the rest is known
	facts Facts
	exit  isolate.Exit
	err   error
}

func (p *party) isInteractor() bool { return p.name == InteractorName }

func (p *party) over() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// give makes an end of a relay a descriptor of the party.
func (p *party) give(descriptor int, file *os.File) {
	if p.ends == nil {
		p.ends = map[int]*os.File{}
	}
	p.ends[descriptor] = file
}

// started closes our copies of the party's descriptors, when it has its own or will never have any.
func (p *party) started() {
	for _, end := range p.ends {
		end.Close()
	}
}

// inSandbox makes a party of an execution in a slot, whose program gets the party's descriptors.
func (p *party) inSandbox(s *slot, e execution) {
	var seen observed
	p.waits = func() threads { return seen.threads(p.inputs) }
	p.play = func(ctx context.Context) (Facts, isolate.Exit, error) {
		for descriptor, file := range p.ends {
			switch descriptor {
			case 0:
				e.program.Stdin = file
			case 1:
				e.program.Stdout = file
			default:
				for len(e.program.Files) <= descriptor-3 {
					e.program.Files = append(e.program.Files, nil)
				}
				e.program.Files[descriptor-3] = file
			}
		}
		e.look, e.started = seen.set, p.started
		if err := e.stderr.open(); err != nil {
			return Facts{}, isolate.Exit{}, err
		}
		e.program.Stderr = e.stderr.write
		facts, exit, err := s.run(ctx, e)
		err = errors.Join(err, e.stderr.finish())
		facts.Stderr = e.stderr.total
		if e.said != nil {
			facts.OutOfMemory = e.said.found
		}
		return facts, exit, err
	}
}

// observed is a group that may be looked at while its program runs.
type observed struct {
	mu    sync.Mutex
	group *limits.Group // nil: not started, or over
}

func (o *observed) set(group *limits.Group) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.group = group
}

// threads are none where the kernel does not tell: then nothing is concluded from it.
func (o *observed) threads(inputs []int) threads {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.group == nil {
		return threads{}
	}
	t, err := threadsOf(o.group, inputs)
	if err != nil {
		return threads{unknown: true}
	}
	return t
}
