package judge

import (
	"errors"
	"slices"
	"sync"
	"time"

	"judge/isolate"
)

// ExitRecord says in a record how one process of an interaction ended.
type ExitRecord struct {
	Process  string `json:"process"`
	ExitCode *int   `json:"exit_code,omitempty"`
	Signal   string `json:"signal,omitempty"`
	CPU      Millis `json:"cpu_ms"`
	Wall     Millis `json:"wall_ms"`
	Memory   int64  `json:"memory_bytes"`
}

// interact runs a submission with its interactor, for one pass.
func (w *worker) interact(r *testRun, interactor *programChecker) (Facts, error) {
	if err := interactor.give(); err != nil {
		return Facts{}, err
	}
	spec, tool := r.task.Interactor, interactor.desk.tool
	l := tool.Language.LimitsFor(tool.Limits)
	said := &stream{keep: KeepFeedback, limit: l.Output}
	talk := &interaction{patience: l.Wall}
	talk.word = func(f Facts) Outcome {
		if f.Stop == StopWall {
			f.Limits.Wall = talk.patience
		}
		fb := interactor.desk.feedback()
		o := tool.outcome(f, fb, said)
		interactor.again = o.Correct && o.Failure == "" && fb.nextPass
		return o
	}
	l.Wall = 0 // begins when the submission is over
	p := interactor.desk.program
	party := &party{name: InteractorName}
	party.inSandbox(w.partner(len(spec.names())), execution{
		program: isolate.Program{
			Path: p.path, Args: slices.Concat(p.args(l), tool.argumentsOn(r.testCase)), Env: p.env, Dir: workDir,
			Root: interactor.desk.root(), Rlimits: rlimits(l, w.host.Lack()),
		},
		limits: l, stderr: said,
	})
	return w.converse(r, talk, party, l.Output)
}

// replayPatience is how long a replay may take when the submission is over; it does not compute.
const replayPatience = 10 * time.Second

// replayed runs a submission with a transcript.
func (w *worker) replayed(r *testRun) (Facts, error) {
	if i := r.task.Interactor; len(i.names()) > 1 || i.Pipes != nil && !slices.Equal(i.Pipes, crossed()) || r.task.Passes > 1 {
		return Facts{}, errors.New("a replay is for one process that talks by standard input and output, in one pass")
	}
	messages := w.replay(r.task.Name, r.submission.Name, r.testCase.Name)
	if messages == nil {
		return Facts{}, errors.New("the records to replay have no whole transcript of this test")
	}
	talk := &interaction{patience: replayPatience}
	party := &party{name: InteractorName}
	r.passes = 1
	part := &replay{messages: messages}
	part.join(talk, party)
	return w.converse(r, talk, party, 0)
}

// converse runs the submission's processes with an interactor, whose output is bounded unless the bound
// is zero, and puts together what is known of them.
func (w *worker) converse(r *testRun, talk *interaction, interactor *party, output int64) (Facts, error) {
	spec := r.task.Interactor
	heard := map[string]*stream{InteractorName: {limit: output, over: func() { interactor.cancel(stopError(StopStdout)) }}}
	r.stderr = &stream{keep: w.keep, limit: r.limits.Output}
	for i, name := range spec.names() {
		p := &party{name: name}
		stderr := r.stderr
		if i > 0 {
			stderr = &stream{limit: r.limits.Output}
		}
		heard[name] = &stream{keep: w.keep, limit: r.limits.Output, over: func() { p.cancel(stopError(StopStdout)) }}
		p.inSandbox(w.partner(i), w.process(r, talk, i, stderr))
		talk.parties = append(talk.parties, p)
	}
	talk.parties = append(talk.parties, interactor)
	r.stdout = heard[talk.parties[0].name]
	var hearing sync.Mutex // a process may write to several relays
	if err := talk.connect(spec.pipes(), func(from PipeEnd, p []byte) {
		hearing.Lock()
		defer hearing.Unlock()
		heard[from.Process].take(p)
	}); err != nil {
		talk.close()
		return Facts{}, err
	}
	talk.run(r.context)
	return talk.facts(r, heard)
}

// process is how one of the submission's processes is executed.
func (w *worker) process(r *testRun, talk *interaction, i int, stderr *stream) execution {
	p, said := r.program, r.submission.Language.outOfMemory()
	stderr.also = said.take
	e := execution{
		config: configOf(r.task),
		program: isolate.Program{
			Path: p.path, Args: slices.Concat(p.args(r.limits), r.testCase.Args), Env: p.env, Dir: workDir, Root: r.root,
			Rlimits: rlimits(r.limits, w.host.Lack()),
		},
		limits: r.limits, stderr: stderr, said: said, expired: talk.expired,
	}
	if names := r.task.Interactor.Processes; names != nil {
		e.program.Args = append(e.program.Args, names[i])
	}
	if i == 0 {
		e.next = w.queue.upcoming(r.entry)
	}
	return e
}

// facts puts together what is known when all parties are over. Of several processes of the submission the
// first that came to a bad end counts, and the largest figures.
func (t *interaction) facts(r *testRun, heard map[string]*stream) (Facts, error) {
	var errs []error
	r.exits, r.transcript = nil, &t.transcript
	var facts *Facts
	largest := Facts{}
	bad := false
	first := t.refused // before any end that was a bad one
	for _, p := range t.order {
		errs = append(errs, p.err)
		r.exits = append(r.exits, p.record())
		if p.isInteractor() {
			continue
		}
		if p.facts.Exec != 0 {
			errs = append(errs, explainExec(r.submission, &p.facts))
		}
		p.facts.Stdout = heard[p.name].total
		largest = p.facts.with(largest)
		counts := p.facts.bad() && (!t.refused || p.shown)
		if facts == nil || counts && !bad {
			facts, bad = &p.facts, counts
		}
		first = first && !counts
		if r.started.IsZero() || p.exit.Started.Before(r.started) {
			r.started = p.exit.Started
		}
	}
	if err := errors.Join(errs...); err != nil {
		return Facts{}, err
	}
	result := facts.with(largest)
	if r.context.Err() != nil {
		result.Stop = StopCancelled
		return result, nil
	}
	result.Stderr = r.stderr.total
	result.Outcome = &t.outcome
	result.Interaction = &Interaction{First: first, Deadlock: t.deadlock}
	return result, nil
}

func (p *party) record() ExitRecord {
	e := ExitRecord{Process: p.name, Signal: p.facts.Signal, CPU: Millis(p.facts.CPU), Wall: Millis(p.facts.Wall), Memory: p.facts.Memory}
	if p.facts.Signal == "" && p.facts.Exec == 0 {
		e.ExitCode = &p.facts.ExitCode
	}
	return e
}

// partner returns the slot of a process of an interaction; the first is the worker's own.
func (w *worker) partner(i int) *slot {
	if i == 0 {
		return &w.slot
	}
	for len(w.partners) < i {
		w.partners = append(w.partners, &slot{host: w.host, cpus: w.slot.cpus})
	}
	return w.partners[i-1]
}

// names are those of the submission's processes.
func (i *Interactor) names() []string {
	if i.Processes == nil {
		return []string{SubmissionName}
	}
	return i.Processes
}

// pipes lead from process to process.
func (i *Interactor) pipes() []Pipe {
	if i.Pipes == nil {
		return crossed()
	}
	return i.Pipes
}
