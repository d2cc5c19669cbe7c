package judge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"judge/isolate"
	"judge/judge/cache"
	"judge/limits"
)

// shared is what the workers of a batch have in common.
type shared struct {
	*Pool
	cache *cache.Store // of compilations; nil: none
	trees fingerprints // of the tasks' directories

	keep        int          // bytes of each stream of a run that its record has
	excerpts    bool         // records of runs have the beginnings of input and answer
	transcripts bool         // records of interactions have them
	replay      ReplaySource // nil: interactors are run
}

// version is what a language's tool says of itself. It is asked until it has answered, or is found
// missing; a failure of ours is no answer.
type version struct {
	mu    sync.Mutex
	known bool
	text  string
	err   error
}

// newShared returns what the workers of the batch have in common on a pool.
func (b Batch) newShared(p *Pool) *shared {
	return &shared{Pool: p, cache: b.Cache, keep: cmp.Or(b.KeepOutput, KeepOutput), excerpts: b.Excerpts, transcripts: b.Transcripts, replay: b.Replay}
}

// worker does the jobs of a queue one after the other.
type worker struct {
	*shared
	*seat
	queue *queue
	last  *entry // whose job it did last
}

// work does jobs until there are none, on a seat of which it lets go while others have to bring some. It waits
// for one no longer than open. An error is one of the host.
func (s *shared) work(ctx, open context.Context, q *queue) (err error) {
	w := &worker{shared: s, queue: q}
	for more := true; more; more = q.await(ctx) {
		if w.seat, err = s.enter(open); err != nil {
			if open.Err() != nil {
				return nil
			}
			return err
		}
		w.seat.work(func() { w.doJobs(ctx) })
		if err := s.leave(w.seat); err != nil {
			return err
		}
	}
	return nil
}

// doJobs does jobs until there are none.
func (w *worker) doJobs(ctx context.Context) {
	for {
		j, ok := w.queue.poll(ctx, w.last)
		if !ok {
			return
		}
		w.last = j.entry
		if j.test < 0 {
			w.beside(func() { w.compile(j) })
		} else {
			w.queue.done(j, w.test(j))
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
	if record.Compiler, err = w.version(j.context, j.task, p, language); err != nil {
		record.Decide(DecideCompile(Facts{Err: err}))
		return p, record
	}
	if len(language.Compile) == 0 {
		return p, nil
	}
	root := rootOf(j.task)
	facts, messages, hit := w.cached(root, p, func() (Facts, *stream) {
		return w.compileCode(j.context, root, p, j.submission.Code)
	})
	fill(record, facts)
	record.Cached = hit
	record.Stderr = NewCapture(messages.head, messages.total, KeepCompile)
	record.Stderr.Text = VisibleLines(record.Stderr.Text)
	record.Decide(DecideCompile(facts))
	return p, record
}

// compileCode compiles a program where its files are.
func (w *worker) compileCode(ctx context.Context, root *isolate.Root, p *program, c Code) (Facts, *stream) {
	language := c.Language
	command := c.CompileCommand()
	if layer, err := w.prepared(ctx, root, p, language); err != nil {
		return Facts{Err: err}, &stream{}
	} else if layer != "" {
		root.Layers = append(root.Layers, isolate.Layer{Path: layer})
	}
	root.Upper = p.scratch
	facts, messages := w.runCompiler(ctx, root, command, p.env, language.CompileLimits)
	facts.Messages = string(messages.head)
	if artifact := c.artifact(); artifact != "" && facts.Err == nil && facts.Exec == 0 {
		if f, err := p.scratch.Open(artifact); err != nil {
			facts.Artifact = artifact
		} else {
			f.Close()
		}
	}
	if errors.Is(facts.Exec, os.ErrNotExist) {
		facts.Err = missingTool(language, command[0])
	}
	return facts, messages
}

func missingTool(l *Language, tool string) error {
	return fmt.Errorf("language %s: there is no %s in the sandbox's PATH (%s): install it, or name another with [language.%s]",
		l.Name, tool, l.SearchPath(), l.Name)
}

// compileOutput is how much a compiler may write before it is ended. Records keep less; a compiler
// that warns at length is not at fault, one that never ends is.
const compileOutput = 16 << 20

// runCompiler runs a compiler, with standard output and standard error together.
func (w *worker) runCompiler(ctx context.Context, root *isolate.Root, command, env []string, l limits.Limits) (Facts, *stream) {
	l.Output = max(l.Output, compileOutput)
	root.Locks = true
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
		for _, partner := range w.partners { // it may have been any of them
			partner.reset()
		}
		if ctx.Err() != nil {
			return Facts{Stop: StopCancelled}
		}
	}
	return Facts{Err: errors.Join(errs...)}
}

// version asks a language's tool for its version, once for each root that programs are built in.
func (w *worker) version(ctx context.Context, t *Task, p *program, language *Language) (text string, err error) {
	if len(language.Version) == 0 {
		return "", nil
	}
	// With limits of its own, for a task that lets the tool fail must not let it fail for others.
	key := fmt.Sprintf("%x %q %q %q %#v %v", w.toolchain.fingerprint(), language.Version, p.env, t.Sandbox.Layers, t.Sandbox.Binds, language.CompileLimits)
	defer func() { p.toolchain = fmt.Sprintf("%q %s", t.Sandbox.Layers, text) }()
	v := w.versionOf(key)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.known {
		return v.text, v.err
	}
	facts, out := w.runCompiler(context.WithoutCancel(ctx), rootOf(t), language.Version, p.env, language.CompileLimits)
	if facts.Err != nil {
		return "", facts.Err
	}
	v.known = true
	line, _, _ := strings.Cut(string(out.head), "\n")
	v.text = Visible(line)
	switch {
	case errors.Is(facts.Exec, os.ErrNotExist):
		v.err = missingTool(language, language.Version[0])
	case facts.failed():
		v.err = fmt.Errorf("language %s: %s: %s: %s", language.Name, strings.Join(language.Version, " "), facts.ending(), v.text)
	}
	return v.text, v.err
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
	used := f.used()
	r.CPU, r.Wall, r.Memory, r.Processes = Millis(used.CPU), Millis(used.Wall), used.Memory, used.Processes
	r.Refused = f.Refused
	switch {
	case f.Err != nil || f.Exec != 0:
	case f.Interaction.refused(f.Outcome): // how it ended after that is a matter of chance
	case f.Signal != "":
		r.Signal = f.Signal
	default:
		r.ExitCode = &f.ExitCode
	}
}
