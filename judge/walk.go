package judge

import "fmt"

// walk goes through the submissions of a plan, in order; those of sources it reads as it comes to them.
type walk struct {
	tasks []Task
	task  int
	sub   int          // of the task's submissions
	lines *sourceLines // of the task's source; nil: not opened yet
}

// assignment is a submission and what to run it on.
type assignment struct {
	task       *Task // with the tests that are meant for this submission
	submission *Submission
	own        bool  // the tests are the line's
	fault      error // why the submission cannot be judged; nil: it can
}

// next returns the next submission; false when there is none. After an error the walk cannot go on.
func (w *walk) next() (assignment, bool, error) {
	for ; w.task < len(w.tasks); w.task, w.sub = w.task+1, 0 {
		t := &w.tasks[w.task]
		if w.sub < len(t.Submissions) {
			w.sub++
			return assignment{task: t, submission: &t.Submissions[w.sub-1]}, true, nil
		}
		if t.Source == nil {
			continue
		}
		p, ok, err := w.line(t)
		if ok || err != nil {
			return p, ok, err
		}
		if err := w.close(); err != nil {
			return assignment{}, false, fmt.Errorf("read %s: %w", t.Source.Name, err)
		}
	}
	return assignment{}, false, nil
}

// line returns the next line of a task's source that is wanted.
func (w *walk) line(t *Task) (assignment, bool, error) {
	if w.lines == nil {
		var err error
		if w.lines, err = t.Source.open(); err != nil {
			return assignment{}, false, err
		}
	}
	for {
		content, ok, fault := w.lines.next()
		if !ok {
			return assignment{}, false, nil
		}
		if fault != nil {
			return assignment{task: t, submission: &content.Submission, fault: fault}, true, nil
		}
		if p := planLine(t, &content); len(p.task.Tests) > 0 {
			return p, true, nil
		}
	}
}

// planLine joins a line with its task, and leaves out the tests that are not wanted.
func planLine(t *Task, content *lineContent) assignment {
	p := assignment{task: t, submission: &content.Submission, own: content.tests != nil}
	if p.own {
		own := *t
		own.Tests = content.tests
		p.task = &own
	}
	if t.Source.only != nil {
		p.task = withTests(p.task, t.Source.wanted(content.Name, p.task.Tests))
	}
	return p
}

// close closes what is open.
func (w *walk) close() error {
	if w.lines == nil {
		return nil
	}
	lines := w.lines
	w.lines = nil
	return lines.close()
}
