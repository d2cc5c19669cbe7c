package judge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"judge/isolate"
	"judge/limits"
)

// Where a session finds what belongs to its test. No submission gets these: they are for people.
const (
	sessionInput  = "/judge/input"
	sessionAnswer = "/judge/answer"
)

// Session is a program of the setter's, such as a shell, in the sandbox that a submission gets: the same
// root, with the submission compiled in /work, the same environment, network and user, and the same limits
// but those on output.
type Session struct {
	Task       *Task
	Submission *Submission // nil: none, and /work is empty
	Test       *TestCase   // whose limits and files it has, and its input and answer below /judge; nil: none
	Command    []string    // the program and its arguments
	Env        []string    // KEY=value, beside what a submission gets
	Timed      bool        // the limits on time hold too
	Stdin      *os.File    // nil: /dev/null. Not a file that must not be written to: a program may try to reopen it
	Terminal   bool        // see isolate.Program
	Stdout     io.Writer   // nil: /dev/null
	Stderr     io.Writer   // nil: /dev/null

	// Ready is called when the submission is compiled, before the program starts, with its record, which is
	// nil when there is nothing to compile. The program is not started when it returns an error. Nil: not called.
	Ready func(compiled *Record) error
}

// NewSession returns the session that a selector TASK, TASK/SUBMISSION or TASK/SUBMISSION/TEST names, of which
// the last two must name one submission only. An empty selector is the only task.
func NewSession(tasks []Task, selector string) (Session, error) {
	if selector == "" && len(tasks) == 1 {
		return Session{Task: &tasks[0]}, nil
	}
	if selector == "" {
		names := make([]string, len(tasks))
		for i, t := range tasks {
			names[i] = t.Name
		}
		return Session{}, fmt.Errorf("want a task: one of %s", strings.Join(names, ", "))
	}
	if i := slices.IndexFunc(tasks, func(t Task) bool { return t.Name == selector }); i >= 0 {
		return Session{Task: &tasks[i]}, nil
	}
	planned, err := Plan(tasks, []string{selector})
	if err != nil {
		return Session{}, errors.Unwrap(err) // without the flag's name
	}
	w := walk{tasks: planned}
	defer w.close()
	first, _, err := w.next()
	if err = errors.Join(err, first.fault); err != nil {
		return Session{}, err
	}
	second, more, err := w.next()
	if err != nil {
		return Session{}, err
	}
	if more {
		return Session{}, fmt.Errorf("%s names several submissions, such as %s and %s: want one",
			quoted(selector), quoted(first.submission.Name), quoted(second.submission.Name))
	}
	s := Session{Task: first.task, Submission: first.submission}
	if len(first.task.Tests) == 1 && !matchName(selector, path.Join(first.task.Name, first.submission.Name)) {
		s.Test = &first.task.Tests[0]
	}
	return s, nil
}

// Limits are what the session's program is held to.
func (s Session) Limits() limits.Limits {
	l := s.Task.Limits
	if s.Test != nil {
		l = s.Test.Limits
	}
	if s.Submission != nil && s.Submission.Language != nil {
		l = s.Submission.Language.LimitsFor(l)
	}
	if !s.Timed {
		l.CPU, l.Wall = 0, 0
	}
	l.Output = 0
	return l
}

// Places says where the input and the answer of the session's test are, inside; empty: nowhere.
func (s Session) Places() (input, answer string) {
	if s.Test == nil {
		return "", ""
	}
	if s.Test.Answer == nil {
		return sessionInput, ""
	}
	return sessionInput, sessionAnswer
}

// UncompiledError says that a session's submission cannot be run.
type UncompiledError struct{ Record *Record }

func (e *UncompiledError) Error() string {
	return fmt.Sprintf("%s: %s: %s", quoted(e.Record.Submission), e.Record.Verdict, e.Record.Message)
}

// Session runs a session's program and returns how it ended. The error is a *HostError if nothing can be
// run here, an *UncompiledError, what Ready has said, or says that our own machinery failed.
func (b Batch) Session(ctx context.Context, s Session) (facts Facts, err error) {
	pool, closePool, err := b.pool(1)
	if err != nil {
		return Facts{}, err
	}
	defer func() { err = errors.Join(err, closePool()) }()
	w := &worker{shared: b.newShared(pool)}
	if w.seat, err = pool.enter(ctx); err != nil {
		return Facts{}, err
	}
	defer func() { err = errors.Join(err, pool.leave(w.seat)) }()
	p, err := w.sessionProgram(ctx, s)
	if err != nil {
		return Facts{}, err
	}
	defer p.close()
	root, close, err := s.root(p)
	if err != nil {
		return Facts{}, err
	}
	defer close()
	return w.runSession(ctx, s, p, root)
}

// sessionProgram makes the session's submission ready to run.
func (w *worker) sessionProgram(ctx context.Context, s Session) (*program, error) {
	var record *Record
	p := &program{root: rootOf(s.Task), env: environment(s.Task, nil)}
	if s.Submission != nil {
		p, record = w.build(job{entry: &entry{task: s.Task, submission: s.Submission}, test: -1, context: ctx})
	}
	if record != nil && record.Verdict != Accepted {
		if p != nil {
			p.close()
		}
		return nil, &UncompiledError{record}
	}
	if s.Ready == nil {
		return p, nil
	}
	if err := s.Ready(record); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// root is the file system of the session. The caller closes it after the session.
func (s Session) root(p *program) (root *isolate.Root, close func(), err error) {
	l := s.Limits()
	own := *p.root
	own.Layers = slices.Clone(own.Layers)
	own.Size, own.Inodes = l.Disk, l.Inodes
	if s.Test == nil {
		return &own, func() {}, nil
	}
	var layers []*isolate.Scratch
	close = func() {
		for _, layer := range layers {
			layer.Close()
		}
	}
	add := func(layer *isolate.Scratch, err error) error {
		if err == nil {
			layers = append(layers, layer)
			own.Layers = append(own.Layers, isolate.Layer{Scratch: layer})
		}
		return err
	}
	if len(s.Test.Files) > 0 {
		err = add(dataLayer(s.Test.placed()))
	}
	if err == nil {
		err = add(dataLayer(s.testData()))
	}
	if err != nil {
		close()
		return nil, nil, fmt.Errorf("files of test %s: %w", s.Test.Name, err)
	}
	return &own, close, nil
}

// testData is what the session finds of its test, by absolute path: the input and the answer.
func (s Session) testData() map[string]Data {
	data := map[string]Data{sessionInput: s.Test.Input}
	if s.Test.Answer != nil {
		data[sessionAnswer] = *s.Test.Answer
	}
	return data
}

func (w *worker) runSession(ctx context.Context, s Session, p *program, root *isolate.Root) (Facts, error) {
	l := s.Limits()
	facts, _, err := w.slot.run(ctx, execution{
		config: configOf(s.Task),
		program: isolate.Program{
			Path: s.Command[0], Args: s.Command, Env: slices.Concat(p.env, s.Env), Dir: workDir, Root: root,
			Stdin: s.Stdin, Terminal: s.Terminal, Stdout: s.Stdout, Stderr: s.Stderr,
			Rlimits: rlimits(l, w.host.Lack()),
		},
		limits: l,
	})
	return facts, err
}
