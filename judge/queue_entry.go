package judge

import "context"

// entry is a submission that is being judged.
type entry struct {
	task       *Task
	submission *Submission
	step       int // of its compile record; those of its tests and its own follow
	weight     int64
	original   *original // what it is to submissions that are identical; nil: nobody asks
	again      bool      // it is to be compiled, but its record was written by an earlier batch
	program    *program
	state      entryState
	next       int        // test to hand out
	decided    int        // tests whose records are given out, from the first
	attempts   []*attempt // at the tests from decided up to next
	running    int
	standing   standing
	cancel     context.CancelFunc
	context    context.Context
}

type entryState int

const (
	waiting   entryState = iota // to be compiled
	compiling                   //
	ready                       // tests can be handed out
	over                        // the verdict is known; what still runs is not wanted
)

// attempt is a test that was handed out, or that need not be.
type attempt struct {
	record *Record            // nil: none yet, or none needed
	cancel context.CancelFunc // nil: it was not handed out
}

// supplies says whether a submission has a job to hand out.
func (e *entry) supplies() bool {
	if e.state != ready {
		return e.state == waiting
	}
	test := e.upcoming()
	return test < len(e.task.Tests) && test < e.decided+ahead
}

// upcoming is the next test that has to be run, as far as is known; the number of tests when there is none.
func (e *entry) upcoming() int {
	test := e.next
	for test < len(e.task.Tests) {
		if reason, _ := e.standing.skips(test); reason == "" {
			break
		}
		test++
	}
	return test
}

// skipped is the record of the next test to decide if it need not be run, else nil.
func (e *entry) skipped() *Record {
	reason, message := e.standing.skips(e.decided)
	if reason == "" {
		return nil
	}
	r := newRecord(KindRun, job{entry: e})
	r.Test, r.Verdict, r.Reason, r.Message = e.task.Tests[e.decided].Name, Skipped, reason, message
	return r
}

// endUnwanted cancels the runs of tests that need not be run any more.
func (e *entry) endUnwanted() {
	for i, a := range e.attempts {
		if reason, _ := e.standing.skips(e.decided + i); reason != "" {
			a.end()
		}
	}
}

func (a *attempt) end() {
	if a.cancel != nil {
		a.cancel()
	}
}
