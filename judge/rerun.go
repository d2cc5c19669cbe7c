package judge

import (
	"slices"
	"time"

	"judge/limits"
)

// Rerun says when the result of a run is not believed, and the run made again. The zero value believes all.
type Rerun struct {
	Times int     // how often at most; 0: never
	Band  float64 // share of the CPU limit, on both of its sides, within which a run is close to it
}

// enforced is what a run is ended for when its limits are l. A run within the band has to be seen to its
// end, so the limits on time grow by the band; the verdict is still about l.
func (r Rerun) enforced(l limits.Limits) limits.Limits {
	if r.Times > 0 {
		l.CPU = stretch(l.CPU, 1+r.Band)
		l.Wall = stretch(l.Wall, 1+r.Band)
	}
	return l
}

func stretch(d time.Duration, factor float64) time.Duration {
	return time.Duration(float64(d) * factor)
}

// trial is one of the runs that a result is made of.
type trial struct {
	record    *Record
	disturbed []string
}

// doubtful says whether the run has to be made again, given all of its trials.
//
// A time limit is doubted when the run was close to it or the machine was disturbed. A run that was
// close to the limit but held it is made again once, so that its time on a quiet machine is known.
func (r Rerun) doubtful(trials []trial) bool {
	last := trials[len(trials)-1]
	switch last.record.Verdict {
	case TimeLimit:
		return last.record.Reason != ReasonDeadlock && (r.near(last.record) || len(last.disturbed) > 0)
	case Accepted:
		return len(trials) == 1 && r.near(last.record)
	}
	return false
}

// near tells whether the CPU time of a run was within the band.
func (r Rerun) near(record *Record) bool {
	limit := time.Duration(record.Limits.CPU)
	used := time.Duration(record.CPU)
	return limit > 0 && stretch(limit, 1-r.Band) < used && used <= stretch(limit, 1+r.Band)
}

// deciding picks the trial that counts: the one with the least CPU time. Time limits count only when there
// is nothing else, for a run that was stopped by a busy machine may have used little CPU time. A trial
// that is not a result, a judge-error or one that was cancelled, makes the whole none.
func deciding(trials []trial) trial {
	return slices.MinFunc(trials, func(a, b trial) int {
		if c := rankOf(a.record.Verdict) - rankOf(b.record.Verdict); c != 0 {
			return c
		}
		return int(a.record.CPU - b.record.CPU)
	})
}

// rankOf orders verdicts by what decides first.
func rankOf(v Verdict) int {
	switch v {
	case JudgeError, Skipped:
		return 0
	case TimeLimit:
		return 2
	}
	return 1
}

// Sample is one of several runs of a test, in the order in which they were made.
type Sample struct {
	CPU       Millis   `json:"cpu_ms"`
	Wall      Millis   `json:"wall_ms"`
	Memory    int64    `json:"memory_bytes"`
	Verdict   Verdict  `json:"verdict"`
	Disturbed []string `json:"disturbed,omitempty"` // what else went on, as far as it was looked at
}

func (t trial) sample() Sample {
	return Sample{t.record.CPU, t.record.Wall, t.record.Memory, t.record.Verdict, t.disturbed}
}

// test runs a submission on a test case as often as the task wants it, and returns the record of the run
// that decides: of several repetitions the first, or the one that was not accepted.
func (w *worker) test(j job) *Record {
	var result *Record
	var samples []Sample
	var times []Millis
	for range max(j.task.Repeat, 1) {
		trials := w.measure(j)
		record := deciding(trials).record
		for _, t := range trials {
			samples = append(samples, t.sample())
		}
		if record.Verdict != Accepted {
			result, times = record, nil
			break
		}
		if result == nil {
			result = record
		}
		times = append(times, record.CPU)
	}
	if len(samples) > 1 {
		result.Samples = samples
	}
	if len(times) > 1 {
		result.Timing = newTiming(times)
	}
	return result
}

// measure runs a submission on a test case, and again while the result is in doubt: then alone on the
// machine, as far as it is this batch's.
func (w *worker) measure(j job) []trial {
	var trials []trial
	w.beside(func() { trials = append(trials, w.trial(j)) })
	for len(trials) <= j.task.Rerun.Times && j.task.Rerun.doubtful(trials) {
		w.alone(func() { trials = append(trials, w.trial(j)) })
	}
	return trials
}

// beside does something while other workers may do the same; alone, while they do nothing of both.
func (s *shared) beside(do func()) {
	s.machine.RLock()
	defer s.machine.RUnlock()
	do()
}

func (s *shared) alone(do func()) {
	s.machine.Lock()
	defer s.machine.Unlock()
	do()
}

// trial makes one run. What else the machine does is looked at only when somebody will ask.
func (w *worker) trial(j job) trial {
	if j.task.Rerun.Times == 0 {
		record, _ := w.run(j)
		return trial{record: record}
	}
	before := takeHostState()
	record, facts := w.run(j)
	return trial{record, disturbances(before, takeHostState(), facts)}
}
