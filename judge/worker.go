package judge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"judge/isolate"
	"judge/limits"
)

// shared is what the workers of a batch have in common.
type shared struct {
	host     *limits.Host
	inputs   inputs
	mu       sync.Mutex
	versions map[string]*version
}

// version is what a language's tool says of itself. It is asked until it has answered, or is found
// missing; a failure of ours is no answer.
type version struct {
	mu    sync.Mutex
	known bool
	text  string
	err   error
}

func newShared(host *limits.Host) *shared {
	return &shared{host: host, versions: map[string]*version{}}
}

func (s *shared) close() error { return s.inputs.close() }

// worker does the jobs of a queue one after the other in a slot of its own.
type worker struct {
	*shared
	slot  slot
	queue *queue
}

// work does jobs until there are none. An error is one of the host: it cannot isolate.
func (s *shared) work(ctx context.Context, q *queue) (err error) {
	w := &worker{shared: s, slot: slot{host: s.host}, queue: q}
	defer func() { err = errors.Join(err, w.slot.close()) }()
	if err := w.slot.open(); err != nil {
		return &HostError{err}
	}
	var last *entry
	for {
		j, ok := q.take(ctx, last)
		if !ok {
			return nil
		}
		last = j.entry
		if j.test < 0 {
			w.compile(j)
		} else {
			q.done(j, w.test(j))
		}
	}
}

// compile makes a submission ready to run and tells the queue.
func (w *worker) compile(j job) {
	p, record := w.build(j)
	if p != nil && record != nil && record.Verdict != Accepted {
		p.close()
		p = nil
	}
	w.queue.compiled(j.entry, p, record)
}

// build puts the submission's files together and compiles them. The record is nil if all is well
// and there was nothing to compile.
func (w *worker) build(j job) (*program, *Record) {
	record := newRecord(KindCompile, j)
	p, err := newProgram(j.task, j.submission)
	if err != nil {
		record.Decide(DecideCompile(Facts{Err: err}))
		return nil, record
	}
	language := j.submission.Language
	if language == nil {
		return p, nil
	}
	if record.Compiler, err = w.version(j, p); err != nil {
		record.Decide(DecideCompile(Facts{Err: err}))
		return p, record
	}
	command := language.CompileCommand(j.submission.Names()...)
	if command == nil {
		return p, nil
	}
	root := rootOf(j.task)
	root.Upper = p.scratch
	facts, messages := w.runTool(j.context, root, command, p.env, language.CompileLimits)
	facts.Messages = string(messages.head)
	if facts.Err == nil && facts.Exec == 0 && uses(language.Run, "exe") {
		if f, err := p.scratch.Open(p.path); err != nil {
			facts.Artifact = p.path
		} else {
			f.Close()
		}
	}
	if errors.Is(facts.Exec, os.ErrNotExist) {
		facts.Err = missingTool(language.Name, command[0])
	}
	fill(record, facts)
	record.Stderr = NewCapture(messages.head, messages.total, KeepCompile)
	record.Decide(DecideCompile(facts))
	return p, record
}

func missingTool(language, tool string) error {
	return fmt.Errorf("language %s: there is no %s in the sandbox's PATH (%s): install it, or name another with [language.%s]",
		language, tool, searchPath, language)
}

// compileOutput is how much a compiler may write before it is ended. Records keep less; a compiler
// that warns at length is not at fault, one that never ends is.
const compileOutput = 16 << 20

// runTool runs a compiler, with standard output and standard error together.
func (w *worker) runTool(ctx context.Context, root *isolate.Root, command, env []string, l limits.Limits) (Facts, *stream) {
	l.Output = max(l.Output, compileOutput)
	var messages *stream
	facts := w.retry(ctx, func() (Facts, error) {
		messages = &stream{keep: KeepCompile, limit: l.Output}
		if err := messages.open(); err != nil {
			return Facts{}, err
		}
		facts, _, err := w.slot.run(ctx, execution{ // a compiler needs no network
			program: isolate.Program{
				Path: command[0], Args: command, Env: env, Dir: workDir, Root: root,
				Stdout: messages.write, Stderr: messages.write, Rlimits: rlimits(l, w.host.Lack()),
			},
			limits: l, stdout: messages,
		})
		err = errors.Join(err, messages.finish())
		facts.Stdout = messages.total
		return facts, err
	})
	return facts, messages
}

// retry does something again, in a new sandbox, when our own machinery fails.
func (w *worker) retry(ctx context.Context, do func() (Facts, error)) Facts {
	var errs []error
	for range tries {
		facts, err := do()
		if err == nil {
			return facts
		}
		if !slices.ContainsFunc(errs, func(e error) bool { return e.Error() == err.Error() }) {
			errs = append(errs, err)
		}
		w.slot.reset()
		if ctx.Err() != nil {
			return Facts{Stop: StopCancelled}
		}
	}
	return Facts{Err: errors.Join(errs...)}
}

// version asks a language's tool for its version, once for each root that programs are built in.
func (w *worker) version(j job, p *program) (string, error) {
	language := j.submission.Language
	if len(language.Version) == 0 {
		return "", nil
	}
	key := fmt.Sprintf("%q %q", language.Version, j.task.Sandbox.Layers)
	w.mu.Lock()
	v := w.versions[key]
	if v == nil {
		v = &version{}
		w.versions[key] = v
	}
	w.mu.Unlock()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.known {
		return v.text, v.err
	}
	root := rootOf(j.task)
	facts, out := w.runTool(context.WithoutCancel(j.context), root, language.Version, p.env, language.CompileLimits)
	if facts.Err != nil {
		return "", facts.Err
	}
	v.known = true
	text, _, _ := strings.Cut(string(out.head), "\n")
	v.text = Visible(text)
	switch {
	case errors.Is(facts.Exec, os.ErrNotExist):
		v.err = missingTool(language.Name, language.Version[0])
	case facts.failed():
		v.err = fmt.Errorf("language %s: %s: %s: %s", language.Name, strings.Join(language.Version, " "), facts.ending(), v.text)
	}
	return v.text, v.err
}

// test runs a submission on a test case.
func (w *worker) test(j job) *Record {
	test := &j.task.Tests[j.test]
	record := newRecord(KindRun, j)
	record.Test = test.Name
	record.Checker = j.task.Checker.String()
	l := test.Limits
	if j.submission.Language != nil {
		l = j.submission.Language.LimitsFor(l)
	}
	record.Limits = NewRecordLimits(l)
	root, files, err := j.program.testRoot(test)
	if err != nil {
		record.Decide(Decide(Facts{Err: err}))
		return record
	}
	var out testOutput
	facts := w.retry(j.context, func() (Facts, error) {
		out = testOutput{}
		return w.runTest(j, test, root, l, &out)
	})
	if files != nil {
		files.Close()
	}
	fill(record, facts)
	record.StartedAt = &out.started
	if out.stdout != nil && out.stderr != nil {
		record.Stdout = NewCapture(out.stdout.head, out.stdout.total, KeepOutput)
		record.Stderr = NewCapture(out.stderr.head, out.stderr.total, KeepOutput)
	}
	record.Decide(Decide(facts))
	return record
}

// testOutput is what a run leaves beside its facts.
type testOutput struct {
	stdout, stderr *stream
	started        time.Time
}

func (w *worker) runTest(j job, test *TestCase, root *isolate.Root, l limits.Limits, out *testOutput) (Facts, error) {
	checker, answer, err := openChecker(j.task.Checker, test)
	if err != nil {
		return Facts{}, err
	}
	defer answer.Close()
	input, err := w.inputs.open(test.Input)
	if err != nil {
		return Facts{}, fmt.Errorf("input of test %s: %w", test.Name, err)
	}
	defer input.release()
	out.stdout = &stream{keep: KeepOutput, limit: l.Output, also: func(p []byte) { checker.Write(p) }}
	out.stderr = &stream{keep: KeepOutput, limit: l.Output}
	if err := out.stdout.open(); err != nil {
		return Facts{}, err
	}
	if err := out.stderr.open(); err != nil {
		return Facts{}, errors.Join(err, out.stdout.finish())
	}
	p := j.program
	facts, exit, err := w.slot.run(j.context, execution{
		config: configOf(j.task),
		program: isolate.Program{
			Path: p.path, Args: append(p.args[:len(p.args):len(p.args)], test.Args...), Env: p.env, Dir: workDir, Root: root,
			Stdin: input.File, Stdout: out.stdout.write, Stderr: out.stderr.write, Rlimits: rlimits(l, w.host.Lack()),
		},
		limits: l, stdout: out.stdout, stderr: out.stderr, next: w.queue.upcoming(j.entry),
	})
	out.started = exit.Started
	err = errors.Join(err, out.stdout.finish(), out.stderr.finish())
	facts.Stdout, facts.Stderr = out.stdout.total, out.stderr.total
	if facts.Exec != 0 {
		err = errors.Join(err, explainExec(j.submission, &facts))
	}
	if err != nil {
		return facts, err
	}
	outcome, err := checker.Finish()
	if err != nil {
		return facts, fmt.Errorf("answer of test %s: %w", test.Name, err)
	}
	facts.Outcome = &outcome
	return facts, nil
}

// explainExec says why a submission could not be executed. A language's interpreter that is not
// there is our failure; what a command needs is its own.
func explainExec(s *Submission, f *Facts) error {
	if !errors.Is(f.Exec, os.ErrNotExist) {
		return nil
	}
	if s.Language != nil && !strings.HasPrefix(f.Path, workDir+"/") {
		return missingTool(s.Language.Name, f.Path)
	}
	if s.Language == nil && s.Path != "" {
		f.Path = path.Base(s.Path)
		f.Interpreter = interpreter(s.Path)
	}
	return nil
}

// newRecord begins a record of a job.
func newRecord(kind string, j job) *Record {
	r := &Record{Schema: Schema, Kind: kind, Task: j.task.Name, Submission: j.submission.Name}
	if j.submission.Language != nil {
		r.Language = j.submission.Language.Name
	}
	return r
}

// fill writes what was measured into a record.
func fill(r *Record, f Facts) {
	r.CPU, r.Wall, r.Memory, r.Processes = Millis(f.CPU), Millis(f.Wall), f.Memory, f.Processes
	r.Refused = f.Refused
	switch {
	case f.Err != nil || f.Exec != 0:
	case f.Signal != "":
		r.Signal = f.Signal
	default:
		r.ExitCode = &f.ExitCode
	}
}
