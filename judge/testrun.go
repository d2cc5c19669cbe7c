package judge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"time"

	"judge/isolate"
	"judge/limits"
)

// testRun is a submission on a test case, and what its last try left beside the facts.
type testRun struct {
	job
	testCase *TestCase
	root     *isolate.Root
	limits   limits.Limits
	checker  *program // the setter's, or an interactor; nil: built in

	stdout, stderr *stream // of the last pass
	started        time.Time
	passes         int // of a multi-pass task

	exits      []ExitRecord // of an interaction, in the order of time
	transcript *transcript
}

// run runs a submission on a test case.
func (w *worker) run(j job) (*Record, Facts) {
	r := &testRun{job: j, testCase: &j.task.Tests[j.test]}
	record := newRecord(KindRun, j)
	record.Test = r.testCase.Name
	record.Checker = j.task.Checker.String()
	w.excerpt(record, r.testCase)
	if j.task.Interactor != nil {
		record.Checker = j.task.Interactor.String()
	}
	r.limits = r.testCase.Limits
	if j.submission.Language != nil {
		r.limits = j.submission.Language.LimitsFor(r.limits)
	}
	record.Limits = NewRecordLimits(r.limits)
	allowed := r.limits
	r.limits = j.task.Rerun.enforced(allowed)
	files, err := w.prepareTest(r)
	if err != nil {
		facts := Facts{Err: err}
		if j.context.Err() != nil {
			facts = Facts{Stop: StopCancelled}
		}
		record.Decide(Decide(facts))
		return record, facts
	}
	facts := w.retry(j.context, func() (Facts, error) { return w.runTest(r) })
	facts.Limits = allowed
	if files != nil {
		files.Close()
	}
	fill(record, facts)
	record.StartedAt = &r.started
	if r.stdout != nil && r.stderr != nil {
		record.Stdout = NewCapture(r.stdout.head, r.stdout.total, w.keep)
		record.Stderr = NewCapture(r.stderr.head, r.stderr.total, w.keep)
	}
	if r.task.Passes > 1 {
		record.Passes = r.passes
	}
	record.Exits = r.exits
	if w.transcripts && r.transcript != nil {
		record.Transcript, record.TranscriptCut = r.transcript.list()
	}
	record.Word(facts.Outcome)
	record.Decide(Decide(facts))
	return record, facts
}

// prepareTest does what is done once, however often the run is tried. The caller closes the layer, which may
// be nil.
func (w *worker) prepareTest(r *testRun) (files *isolate.Scratch, err error) {
	if spec := r.task.judgingTool(); spec != nil && (r.task.Interactor == nil || w.replay == nil) {
		if r.checker, err = w.tool(r.context, r.task, spec); err != nil {
			return nil, err
		}
	}
	r.root, files, err = r.program.testRoot(r.testCase)
	return files, err
}

// runTest runs a submission and has its output checked.
func (w *worker) runTest(r *testRun) (Facts, error) {
	switch {
	case r.task.Interactor != nil && w.replay != nil:
		return w.replayed(r)
	case r.task.Interactor != nil:
		return w.runPasses(r, func(interactor *programChecker) (Facts, error) { return w.interact(r, interactor) })
	case r.checker != nil:
		return w.runPasses(r, func(checker *programChecker) (Facts, error) {
			return w.runPass(r, checker.input.File, checker, nil)
		})
	}
	checker, answer, err := openChecker(r.task.Checker, r.testCase)
	if err != nil {
		return Facts{}, err
	}
	defer answer.Close()
	input, err := w.openInput(r.testCase)
	if err != nil {
		return Facts{}, err
	}
	defer input.release()
	return w.runPass(r, input.File, checker, w.queue.upcoming(r.entry))
}

func (w *worker) openInput(test *TestCase) (*input, error) {
	input, err := w.inputs.open(test.Input)
	if err != nil {
		return nil, fmt.Errorf("input of test %s: %w", test.Name, err)
	}
	return input, nil
}

// runPass runs the submission once. The slot will then make a sandbox with the root next, if it is not nil.
func (w *worker) runPass(r *testRun, input *os.File, checker Checker, next *isolate.Root) (Facts, error) {
	ctx, cancel := context.WithCancelCause(r.context)
	defer cancel(nil)
	r.stdout = &stream{keep: w.keep, limit: r.limits.Output, also: func(p []byte) { checker.Write(p) }}
	if r.task.StopAtMismatch {
		r.stdout.also = func(p []byte) {
			if checker.Write(p); checker.Certain() {
				cancel(stopError(StopChecker))
			}
		}
	}
	said := r.submission.Language.outOfMemory()
	r.stderr = &stream{keep: w.keep, limit: r.limits.Output, also: said.take}
	if err := r.stdout.open(); err != nil {
		return Facts{}, err
	}
	if err := r.stderr.open(); err != nil {
		return Facts{}, errors.Join(err, r.stdout.finish())
	}
	p, args := r.program, r.testCase.Args
	facts, exit, err := w.slot.run(ctx, execution{
		config: configOf(r.task),
		program: isolate.Program{
			Path: p.path, Args: append(p.args(r.limits), args...), Env: p.env, Dir: workDir, Root: r.root,
			Stdin: input, Stdout: r.stdout.write, Stderr: r.stderr.write, Rlimits: rlimits(r.limits, w.host.Lack()),
		},
		limits: r.limits, stdout: r.stdout, stderr: r.stderr, next: next,
	})
	r.started = exit.Started
	err = errors.Join(err, r.stdout.finish(), r.stderr.finish())
	facts.Stdout, facts.Stderr = r.stdout.total, r.stderr.total
	facts.OutOfMemory = said.found
	if facts.Exec != 0 {
		err = errors.Join(err, explainExec(r.submission, &facts))
	}
	if err != nil || facts.Stop == StopCancelled || facts.bad() {
		return facts, err
	}
	outcome, err := checker.Finish()
	switch {
	case err == nil:
		facts.Outcome = &outcome
	case r.context.Err() != nil:
		facts.Stop, err = StopCancelled, nil
	default:
		err = fmt.Errorf("check test %s: %w", r.testCase.Name, err)
	}
	return facts, err
}

// runPasses has the submission run, once or until the setter's program that judges it wants no further pass.
func (w *worker) runPasses(r *testRun, pass func(*programChecker) (Facts, error)) (Facts, error) {
	input, err := w.openInput(r.testCase)
	if err != nil {
		return Facts{}, err
	}
	defer func() { input.release() }()
	checker, err := w.openProgramChecker(r)
	if err != nil {
		return Facts{}, err
	}
	defer checker.close()
	most := max(r.task.Passes, 1)
	var facts Facts
	for r.passes = 1; ; r.passes++ {
		checker.input = input
		now, err := pass(checker)
		facts = now.with(facts)
		if err != nil || facts.Outcome == nil || facts.bad() || !checker.again {
			return facts, err
		}
		if r.passes == most {
			facts.Outcome = checker.failure("feedback/nextpass.in after pass %d of %d", r.passes, most)
			return facts, nil
		}
		following, err := checker.nextInput()
		if err != nil {
			return facts, err
		}
		input.release()
		input = following
	}
}

// explainExec says why a submission could not be executed. A language's interpreter that is not
// there is our failure; what a command needs is its own.
func explainExec(s *Submission, f *Facts) error {
	if !errors.Is(f.Exec, os.ErrNotExist) {
		return nil
	}
	if s.Language != nil && !strings.HasPrefix(f.Path, workDir+"/") {
		return missingTool(s.Language, f.Path)
	}
	if s.Language == nil && s.Path != "" {
		f.Path = path.Base(s.Path)
		f.Interpreter = interpreter(s.Path)
	}
	return nil
}
