package judge

import "sync/atomic"

// Monitor tells where a batch stands while it runs. The zero value is ready to be given to a Batch, and may
// be asked from any goroutine. A batch does nothing for it: who asks pays.
type Monitor struct {
	ask atomic.Pointer[func() Progress]
}

// Progress is where a batch stands. The zero value stands at the beginning of an unknown number of runs.
type Progress struct {
	Runs           int // that are over, and those that need not be made
	AllRuns        int // of the plan; 0: not known, as where submissions bring their tests along
	Submissions    int // that are over
	AllSubmissions int // of the plan; 0: not known
	Running        []Running
}

// Running is something that a worker is doing.
type Running struct {
	Task       string
	Submission string
	Test       string // empty: it is being compiled
}

// Progress returns where the batch stands; the zero Progress before it has begun.
func (m *Monitor) Progress() Progress {
	if ask := m.ask.Load(); ask != nil {
		return (*ask)()
	}
	return Progress{}
}

// watch tells the monitor whom to ask from now on.
func (m *Monitor) watch(ask func() Progress) {
	if m != nil {
		m.ask.Store(&ask)
	}
}

// progress looks at what the workers have brought, also where it waits for results of earlier tests.
func (q *queue) progress() Progress {
	q.mu.Lock()
	defer q.mu.Unlock()
	p := Progress{Runs: q.over, Submissions: q.totals.Submissions}
	p.AllRuns, p.AllSubmissions = q.walk.planned()
	for _, e := range q.active {
		p.Runs += e.decided
		if e.state == compiling {
			p.Running = append(p.Running, Running{Task: e.task.Name, Submission: e.submission.Name})
		}
		for i, a := range e.attempts {
			switch {
			case a.record != nil || a.cancel == nil:
				p.Runs++
			case e.state == ready:
				p.Running = append(p.Running, Running{e.task.Name, e.submission.Name, e.task.Tests[e.decided+i].Name})
			}
		}
	}
	return p
}

// planned counts runs and submissions; 0: nobody knows before all lines of a source are read.
func (w *walk) planned() (runs, submissions int) {
	tests, lines := true, true
	for _, t := range w.tasks {
		submissions += len(t.Submissions)
		runs += len(t.Submissions) * len(t.Tests)
		if t.Source != nil {
			submissions += t.Source.Len()
			tests, lines = false, lines && t.Source.only == nil
		}
	}
	if !tests {
		runs = 0
	}
	if !lines {
		submissions = 0
	}
	return runs, submissions
}
