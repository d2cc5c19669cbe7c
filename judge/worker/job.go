package worker

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"judge/judge"
	"judge/judge/queue"
)

// errNotWanted is why a job is given up that was cancelled, or that another worker has finished.
var errNotWanted = errors.New("nobody wants a result any more")

// errTooLong is why a job is given up for good that no worker could end in time.
var errTooLong = errors.New("judging it takes longer than this worker allows")

// handle does a job and tells the queue what became of it, within telling. It calls judged in between.
func (w *Worker) handle(judging, telling context.Context, d Delivery, judged func()) {
	w.busy.Add(1)
	defer w.busy.Add(-1)
	job := d.Job()
	log := w.log.With("job", job.ID, "attempt", d.Attempt())
	begin := time.Now()
	ctx, stop := context.WithCancelCause(judging)
	defer stop(nil)
	ctx, late := context.WithTimeoutCause(ctx, w.config.Longest, errTooLong)
	defer late()
	go func() {
		select {
		case <-d.Cancelled():
			stop(errNotWanted)
		case <-ctx.Done():
		}
	}()
	records := &spool{tell: d.Record, temp: w.store.temp}
	defer records.drop()
	failed := w.do(ctx, job, records)
	judged()
	var stopped error
	if failed != nil {
		stopped = context.Cause(ctx)
	}
	log = log.With("ms", time.Since(begin).Milliseconds())
	if err := w.conclude(telling, d, log, stopped, failed, records); err != nil {
		log.Warn("the queue was not told what became of a job, and gives it to another worker", "error", err)
	}
	if err := d.Close(); err != nil {
		log.Debug("close a delivery", "error", err)
	}
}

// releaseDelay is after what time a job is tried again that failed here.
const releaseDelay = 2 * time.Second

// conclude tells the queue what became of a job: stopped is why it was given up, failed why it could not be
// done; both are nil when it was.
func (w *Worker) conclude(ctx context.Context, d Delivery, log *slog.Logger, stopped, failed error, records *spool) error {
	if failed == nil {
		failed = records.hostFault()
	}
	switch {
	case errors.Is(stopped, errNotWanted):
		log.Info("cancelled")
		return nil
	case errors.Is(stopped, errTooLong):
		log.Warn("given up", "after", w.config.Longest)
		records.drop()
		records = &spool{temp: w.store.temp}
		if err := records.refuse(d.Job(), judge.JudgeError, judge.ReasonTask, fmt.Errorf("%w: %v", stopped, w.config.Longest)); err != nil {
			return err
		}
	case stopped != nil:
		log.Info("given back", "cause", stopped)
		return d.Release(ctx, 0, stopped.Error())
	case failed != nil && d.Attempt() < w.config.Attempts:
		log.Warn("given back", "cause", failed)
		return d.Release(ctx, releaseDelay, failed.Error())
	case failed != nil && records.submission == nil: // what there is tells nobody why
		records.drop()
		records = &spool{temp: w.store.temp}
		if err := records.refuse(d.Job(), judge.JudgeError, judge.ReasonInternal, failed); err != nil {
			return err
		}
	}
	result := records.result()
	log.Info("judged", "verdict", result.Verdict, "runs", result.Runs)
	err := d.Finish(ctx, result, records.reader())
	if errors.Is(err, queue.ErrFinished) {
		log.Info("somebody else was faster")
		return nil
	}
	return err
}

// do does a job. An error says that this host could not.
func (w *Worker) do(ctx context.Context, job queue.Job, records *spool) error {
	switch {
	case job.Kind != queue.KindCommand:
		return w.judge(ctx, job, records)
	case w.config.Commands == nil:
		return errors.New("this worker executes no commands")
	}
	return w.config.Commands(ctx, w.config.Pool, job, appender{records})
}

// judge judges a submission.
func (w *Worker) judge(ctx context.Context, job queue.Job, records *spool) error {
	task, err := w.tasks.hold(ctx, job.Task)
	if wrong := (*TaskError)(nil); errors.As(err, &wrong) {
		return records.refuse(job, judge.JudgeError, judge.ReasonTask, wrong)
	}
	if err != nil {
		return err
	}
	defer w.tasks.letGo(task)
	sources, letGo, err := w.sources(ctx, job.Sources)
	if err != nil {
		return err
	}
	defer letGo()
	submission, err := task.NewSubmission(job.Name, job.Language, sources...)
	if err != nil {
		return records.refuse(job, judge.CompileError, judge.ReasonSources, err)
	}
	if what := beyond(task.Task, &submission, w.config.Most); what != "" {
		return records.refuse(job, judge.JudgeError, judge.ReasonTask, errors.New(what))
	}
	planned, err := task.OnlyTests(job.Only...)
	if err != nil {
		return records.refuse(job, judge.JudgeError, judge.ReasonTask, err)
	}
	own := *planned
	own.Submissions = []judge.Submission{submission}
	batch := judge.Batch{Pool: w.config.Pool, AllTests: job.AllTests, Cache: w.compilations, KeepOutput: min(job.KeepOutput, queue.MaxKeepOutput), Version: w.config.Version}
	_, err = batch.Run(ctx, []judge.Task{own}, records)
	return err
}

// sources are a job's source files. Those that are named by hash stay in the store until letGo.
func (w *Worker) sources(ctx context.Context, given []queue.Source) (files []judge.SourceFile, letGo func(), err error) {
	var held []*file
	letGo = func() {
		for _, f := range held {
			w.store.letGo(f)
		}
	}
	for _, s := range given {
		data := judge.Data{Text: s.Text}
		switch {
		case s.SHA256 != "":
			f, err := w.store.hold(ctx, s.SHA256, math.MaxInt64)
			if err != nil {
				letGo()
				return nil, nil, fmt.Errorf("source %s: %w", s.Path, err)
			}
			held = append(held, f)
			data = judge.Data{File: w.store.path(placeOf(f.hash))}
		case s.Base64 != "":
			text, err := base64.StdEncoding.DecodeString(s.Base64)
			if err != nil {
				letGo()
				return nil, nil, fmt.Errorf("source %s: %w", s.Path, err)
			}
			data = judge.Data{Text: string(text)}
		}
		files = append(files, judge.SourceFile{Name: s.Path, Data: data})
	}
	return files, letGo, nil
}

// refuse writes the record of a submission that was not judged, and never will be.
func (s *spool) refuse(job queue.Job, verdict judge.Verdict, reason string, cause error) error {
	expected := verdict != judge.JudgeError
	return s.Write(&judge.Record{
		Schema: judge.Schema, Kind: judge.KindSubmission, Submission: job.Name, Language: job.Language,
		Verdict: verdict, Reason: reason, Message: judge.Visible(cause.Error()), AsExpected: &expected,
	})
}

// result is what the records come to.
func (s *spool) result() queue.Result {
	r := queue.Result{State: queue.Done, Runs: s.runs, Verdicts: s.verdicts, Phases: s.phases, Submission: s.submission}
	if s.submission != nil {
		r.Verdict, r.Reason = s.submission.Verdict, s.submission.Reason
	}
	return r
}
