package report

import (
	"cmp"
	"math"
	"strconv"
	"strings"

	"judge/judge"
)

// row is what a table shows of a submission.
type row struct {
	*judge.Record // of the submission; nil: it has not come yet
	cells         cells
	time, memory  usage
	faults        []*judge.Record // of compiling and of runs that are not accepted: evidence
}

// maxFaults bounds the evidence that is kept of a submission until it is known what is asked for. The run
// that decides is nearly always the first that fails.
const maxFaults = 64

// add takes the submission's next record.
func (s *row) add(r *judge.Record) {
	if r.Kind == judge.KindSubmission {
		s.Record = r
		if len(s.cells) == 0 { // identical to one that was run
			s.time, s.memory = usage{used: int64(r.CPU)}, usage{used: r.Memory}
		}
		return
	}
	if r.Kind == judge.KindRun {
		s.cells = s.cells.add(r.Verdict)
		if r.Limits != nil && r.Made() {
			s.time = s.time.worse(usage{int64(r.CPU), int64(r.Limits.CPU)})
			s.memory = s.memory.worse(usage{r.Memory, r.Limits.Memory})
		}
	}
	if r.Verdict != judge.Accepted && r.Made() && len(s.faults) < maxFaults {
		s.faults = append(s.faults, r)
	}
}

// fault is the record that decided; the submission's own when that is not known.
func (s *row) fault() *judge.Record {
	return cmp.Or(decisive(s.Record, s.faults), s.Record)
}

// decisive is the one of a submission's records that decided what it is; nil: it is not among them.
func decisive(submission *judge.Record, records []*judge.Record) *judge.Record {
	for _, r := range records {
		if r.Test == submission.Test && r.Verdict == submission.Verdict {
			return r
		}
	}
	return nil
}

func (s *row) asExpected() bool { return s.AsExpected != nil && *s.AsExpected }

// unexpected also tells of a judge-error, which nobody ought to expect.
func (s *row) unexpected() bool { return !s.asExpected() || s.Verdict == judge.JudgeError }

// usage is what a run has consumed of what it may.
type usage struct {
	used, limit int64 // limit 0: there is none
}

// share is the part of the limit that was used.
func (u usage) share() float64 {
	if u.limit == 0 {
		return 0
	}
	return float64(u.used) / float64(u.limit)
}

// worse is the one that came closer to its limit: tests need not have the same.
func (u usage) worse(other usage) usage {
	if cmp.Or(cmp.Compare(other.share(), u.share()), cmp.Compare(other.used, u.used)) > 0 {
		return other
	}
	return u
}

// timeText shows CPU time: "0.83/1s". There are as many decimals as the limit makes worth reading.
func (u usage) timeText() string {
	seconds := func(n int64, decimals int) string { return strconv.FormatFloat(float64(n)/1e9, 'f', decimals, 64) }
	limit := strconv.FormatFloat(float64(u.limit)/1e9, 'f', -1, 64) + "s"
	switch {
	case u.used == 0 && u.limit == 0:
		return ""
	case u.limit == 0:
		return seconds(u.used, 3) + "s"
	case u.limit < 1e9:
		return seconds(u.used, 3) + "/" + limit
	case u.limit < 10e9:
		return seconds(u.used, 2) + "/" + limit
	}
	return seconds(u.used, 1) + "/" + limit
}

// memoryText shows memory in the unit of its limit: "12/256MiB". What is next to nothing there has a unit of its
// own: "3.2MiB/2GiB".
func (u usage) memoryText() string {
	units := [...]string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	if u.used == 0 && u.limit == 0 {
		return ""
	}
	unit, size := 0, 1.0
	for value := cmp.Or(u.limit, u.used); value >= 1<<10 && unit < len(units)-1; value >>= 10 {
		unit, size = unit+1, size*(1<<10)
	}
	in := func(n int64) string {
		value := float64(n) / size
		decimals := max(0, 2-len(strconv.Itoa(int(value))))
		if value < 1 {
			decimals = 2
		}
		rounded := strconv.FormatFloat(value, 'f', decimals, 64)
		if strings.Contains(rounded, ".") {
			rounded = strings.TrimRight(strings.TrimRight(rounded, "0"), ".")
		}
		return rounded
	}
	switch {
	case u.limit == 0:
		return in(u.used) + units[unit]
	case u.used > 0 && float64(u.used)/size < 0.05:
		return usage{used: u.used}.memoryText() + "/" + in(u.limit) + units[unit]
	}
	return in(u.used) + "/" + in(u.limit) + units[unit]
}

// verdictText adds the reason to a verdict, where it says more than the message or the verdict.
func verdictText(r *judge.Record) string {
	switch r.Reason {
	case judge.ReasonWall, judge.ReasonIdle, judge.ReasonDeadlock, judge.ReasonStderr, judge.ReasonDiskLimit, judge.ReasonProcessLimit,
		judge.ReasonForbiddenSyscall, judge.ReasonCompileTime, judge.ReasonCompileMemory, judge.ReasonCompileOutput, judge.ReasonCancelled:
		return string(r.Verdict) + " (" + r.Reason + ")"
	}
	return string(r.Verdict)
}

// scoreText is how many points there are, of how many if that is known.
func scoreText(r *judge.Record) string {
	switch {
	case r.Score == nil:
		return ""
	case r.MaxScore == nil:
		return points(*r.Score)
	}
	return points(*r.Score) + "/" + points(*r.MaxScore)
}

func points(n float64) string { return strconv.FormatFloat(math.Round(n*100)/100, 'f', -1, 64) }

// expectation is what the task file expects of a submission.
func expectation(r *judge.Record) string {
	names := make([]string, len(r.Expected))
	for i, v := range r.Expected {
		names[i] = string(v)
	}
	text := strings.Join(names, " or ")
	if r.ExpectedScore != nil {
		least, most := points(r.ExpectedScore[0]), points(r.ExpectedScore[1])
		scores := "score " + least
		if least != most {
			scores += " to " + most
		}
		text = strings.TrimPrefix(text+", "+scores, ", ")
	}
	return text
}
