package judge

import (
	"context"
	"sync"
	"time"
)

// interaction is one run of a submission's processes and its interactor, each in a sandbox of its own,
// with relays between them. Who ended first is never a question of scheduling:
//
//   - The end of what a submission's process writes is shown to the interactor only when it waits for
//     input that cannot come any more. If it ends before that, its word did not depend on the end.
//   - What is written to a process that has ended is thrown away: nobody dies of SIGPIPE.
type interaction struct {
	parties    []*party // the submission's processes, then the interactor
	relays     []*relay
	word       func(Facts) Outcome // of the interactor, when it has ended
	patience   time.Duration       // how long the interactor may go on when the submission is over
	transcript transcript

	mu       sync.Mutex
	order    []*party // that have ended
	refused  bool     // the interactor ended by itself and did not accept
	outcome  Outcome  // its word
	deadlock string   // says who should have written; empty: there was none

	impatient *time.Timer // runs when the submission is over
}

// connect makes the relays and gives the parties their ends of them. Taken gets what goes through.
func (t *interaction) connect(pipes []Pipe, taken func(from PipeEnd, p []byte)) error {
	for _, pipe := range pipes {
		r, err := newRelay(pipe.From, pipe.To)
		if err != nil {
			return err
		}
		t.relays = append(t.relays, r)
		reader := t.party(pipe.To.Process)
		t.party(pipe.From.Process).give(pipe.From.Descriptor, r.theirs[0])
		reader.give(pipe.To.Descriptor, r.theirs[1])
		reader.inputs = append(reader.inputs, pipe.To.Descriptor)
		r.taken = func(p []byte) {
			t.transcript.add(pipe.From, pipe.To, p)
			taken(pipe.From, p)
		}
		r.showing = func() {
			if !reader.over() {
				t.transcript.end(pipe.From, pipe.To)
			}
		}
		r.hold = func() {}
		if reader.isInteractor() {
			r.hold = func() { t.holdEnd(r, reader) }
		}
	}
	return nil
}

// party finds a process by its name; the loader has seen to it that there is one.
func (t *interaction) party(name string) *party {
	for _, p := range t.parties {
		if p.name == name {
			return p
		}
	}
	return nil
}

// close gives back what connect made, when there was no run.
func (t *interaction) close() {
	for _, p := range t.parties {
		p.started()
	}
	for _, r := range t.relays {
		r.source.Close()
		r.target.Close()
	}
}

// run runs all parties until they are over.
func (t *interaction) run(ctx context.Context) {
	t.transcript.begin = time.Now()
	var running, watching sync.WaitGroup
	contexts := make([]context.Context, len(t.parties))
	for i, p := range t.parties {
		contexts[i], p.cancel = context.WithCancelCause(ctx)
		p.ended = make(chan struct{})
	}
	for _, r := range t.relays {
		go r.run() // looks at the parties
	}
	for i, p := range t.parties {
		running.Go(func() {
			defer p.cancel(nil)
			p.facts, p.exit, p.err = p.play(contexts[i])
			p.started() // if it never was
			t.end(p)
		})
	}
	over := make(chan struct{})
	watching.Go(func() { t.watch(over) })
	running.Wait()
	if t.impatient != nil {
		t.impatient.Stop()
	}
	close(over)
	watching.Wait()
	for _, r := range t.relays {
		r.finish()
	}
}

// end notes that a party is over, and ends those whose going on cannot change anything.
func (t *interaction) end(p *party) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.order = append(t.order, p)
	if p.isInteractor() && p.err == nil && p.facts.Stop != StopPeer {
		t.noteShown()
		t.outcome = t.word(p.facts)
		t.refused = !t.outcome.Correct
	}
	close(p.ended)
	switch {
	case p.err != nil:
		t.stop(func(*party) bool { return true })
	case p.isInteractor() && t.outcome.Failure != "":
		t.stop(func(*party) bool { return true })
	case p.isInteractor() && t.refused: // what those do whose end it has not seen cannot matter any more
		t.stop(func(other *party) bool { return !other.shown })
	case !p.isInteractor() && p.facts.bad():
		t.stop(func(other *party) bool { return !other.isInteractor() })
	}
	if t.submissionOver() {
		if p.facts.Stop == StopDeadlock {
			t.stop((*party).isInteractor)
		}
		if i := t.party(InteractorName); !i.over() {
			t.impatient = time.AfterFunc(t.patience, func() { i.cancel(stopError(StopWall)) })
		}
	}
}

// stop ends the parties that are chosen, if they are not over.
func (t *interaction) stop(chosen func(*party) bool) {
	for _, p := range t.parties {
		if chosen(p) {
			p.cancel(stopError(StopPeer))
		}
	}
}

func (t *interaction) submissionOver() bool {
	for _, p := range t.parties {
		if !p.isInteractor() && !p.over() {
			return false
		}
	}
	return true
}

// noteShown remembers of which processes the interactor has been shown an end.
func (t *interaction) noteShown() {
	for _, r := range t.relays {
		if r.to.Process == InteractorName && r.shown() {
			t.party(r.from.Process).shown = true
		}
	}
}

// holdLimit bounds how long the end of a submission's output is kept from an interactor that sleeps, without
// ever being seen to wait for input: it may look for input now and then.
const holdLimit = time.Second

// holdEnd returns when the reader waits for input on the empty pipe, or is over.
func (t *interaction) holdEnd(r *relay, reader *party) {
	var slept time.Duration
	for pause := time.Millisecond / 4; slept < holdLimit; pause = min(2*pause, 20*time.Millisecond) {
		_, before := r.still()
		now := reader.waits()
		if _, after := r.still(); before && after && now.input {
			return
		}
		if now.asleep || now.unknown {
			slept += pause
		}
		select {
		case <-reader.ended:
			return
		case <-time.After(pause):
		}
	}
}
