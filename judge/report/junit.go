package report

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"judge/judge"
)

// JUnit writes JUnit XML for continuous integration: a suite for each task, and in it a case for each
// submission. What the task file expects passes, also when that is a wrong answer; a case for each run
// would have to call it a failure, or hide that it is one.
//
//	not as expected   failure, with the evidence of the run that decided
//	judge-error       error
//	skipped           skipped: the judge was ended before it
//
// All is written by Close. Until then cases are in memory, some hundred bytes each, with the evidence of the
// first junitEvidence failures.
type JUnit struct {
	name   string
	file   *os.File
	suites []*junitSuite

	runs     []*judge.Record // of the submission whose record is still to come, that were not accepted
	time     judge.Millis    // of all its runs, by the clock
	evidence int             // failures with evidence
	closed   bool
}

// Bounds of what a case says of its failure, and of how many do.
const (
	junitEvidence  = 1000
	junitTextBytes = 1 << 10
	junitRuns      = 16 // failed runs of a submission among which is the one that decided
)

type junitSuites struct {
	XMLName  xml.Name      `xml:"testsuites"`
	Name     string        `xml:"name,attr"`
	Tests    int           `xml:"tests,attr"`
	Failures int           `xml:"failures,attr"`
	Errors   int           `xml:"errors,attr"`
	Skipped  int           `xml:"skipped,attr"`
	Time     string        `xml:"time,attr"`
	Suites   []*junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	XMLName   xml.Name    `xml:"testsuite"`
	Name      string      `xml:"name,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Skipped   int         `xml:"skipped,attr"`
	Time      string      `xml:"time,attr"`
	Timestamp string      `xml:"timestamp,attr,omitempty"`
	Cases     []junitCase `xml:"testcase"`
	wall      judge.Millis
}

type junitCase struct {
	XMLName   xml.Name      `xml:"testcase"`
	ClassName string        `xml:"classname,attr"`
	Name      string        `xml:"name,attr"`
	Time      string        `xml:"time,attr"` // seconds
	Failure   *junitProblem `xml:"failure"`
	Error     *junitProblem `xml:"error"`
	Skipped   *junitProblem `xml:"skipped"`
}

type junitProblem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",cdata"` // what is not printable is escaped in it
}

// CreateJUnit returns a JUnit that writes to the file of that name when it is closed, and empties it now.
func CreateJUnit(name string) (*JUnit, error) {
	file, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	return &JUnit{name: name, file: file}, nil
}

// Write takes a record; those of a submission come one after the other, and end with its own.
func (j *JUnit) Write(r *judge.Record) error {
	switch {
	case j.closed:
		return os.ErrClosed
	case r.Kind == judge.KindSubmission:
		j.add(r)
	case r.Kind == judge.KindSummary:
	default:
		j.suite(r)
		j.time += r.Wall
		if r.Verdict != judge.Accepted && r.Verdict != judge.Skipped && len(j.runs) < junitRuns {
			j.runs = append(j.runs, r)
		}
	}
	return nil
}

// suite is that of a record's task.
func (j *JUnit) suite(r *judge.Record) *junitSuite {
	if n := len(j.suites); n == 0 || j.suites[n-1].Name != judge.Visible(r.Task) {
		j.suites = append(j.suites, &junitSuite{Name: judge.Visible(r.Task)})
	}
	s := j.suites[len(j.suites)-1]
	if s.Timestamp == "" && r.StartedAt != nil && !r.StartedAt.IsZero() {
		s.Timestamp = r.StartedAt.UTC().Format("2006-01-02T15:04:05")
	}
	return s
}

// add adds a submission's case.
func (j *JUnit) add(r *judge.Record) {
	s := j.suite(r)
	c := junitCase{ClassName: s.Name, Name: judge.Visible(r.Submission), Time: seconds(j.time)}
	problem := &junitProblem{Type: string(r.Verdict), Message: junitMessage(r)}
	s.Tests++
	s.wall += j.time
	switch {
	case r.Verdict == judge.JudgeError:
		s.Errors++
		c.Error = problem
	case r.Verdict == judge.Skipped:
		s.Skipped++
		problem.Type = ""
		c.Skipped = problem
	case r.AsExpected == nil || !*r.AsExpected:
		s.Failures++
		c.Failure = problem
	default:
		problem = nil
	}
	if problem != nil && j.evidence < junitEvidence {
		j.evidence++
		problem.Text = j.evidenceOf(r)
	}
	s.Cases = append(s.Cases, c)
	j.runs, j.time = nil, 0
}

// junitMessage says in a line what is wrong: "wrong-answer on test 3, expected accepted: line 1, ...".
func junitMessage(r *judge.Record) string {
	text := verdictText(r)
	if r.Test != "" {
		text += " on test " + judge.Visible(r.Test)
	}
	if r.Score != nil {
		text += ", score " + scoreText(r)
	}
	if want := expectation(r); want != "" {
		text += ", expected " + want
	}
	if r.Message != "" {
		text += ": " + judge.Visible(r.Message)
	}
	return text
}

// evidenceOf is what is known of the run that decided.
func (j *JUnit) evidenceOf(r *judge.Record) string {
	run := decisive(r, j.runs)
	if run == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintln(&b)
	for _, f := range figures(run) {
		fmt.Fprintf(&b, "%s: %s", f.Name, f.Used)
		if f.Limit != "" {
			fmt.Fprintf(&b, " of %s", f.Limit)
		}
		fmt.Fprintln(&b)
	}
	for _, f := range facts(run) {
		fmt.Fprintf(&b, "%s: %s\n", f[0], f[1])
	}
	for _, t := range []struct {
		name    string
		capture *judge.Capture
	}{{"standard output", run.Stdout}, {"standard error", run.Stderr}, {"checker", run.JudgeMessage}} {
		if t.capture == nil || t.capture.Bytes == 0 {
			continue
		}
		fmt.Fprintf(&b, "--- %s, %d bytes\n%s\n", t.name, t.capture.Bytes, strings.TrimRight(judge.VisibleLines(judge.CutText([]byte(t.capture.Text), junitTextBytes)), "\n"))
	}
	return b.String()
}

func seconds(m judge.Millis) string { return fmt.Sprintf("%.3f", time.Duration(m).Seconds()) }

// Close writes all suites and closes the file.
func (j *JUnit) Close() error {
	if j.closed {
		return nil
	}
	j.closed = true
	if err := errors.Join(j.write(), j.file.Close()); err != nil {
		return fmt.Errorf("write JUnit report %s: %w", j.name, err)
	}
	return nil
}

func (j *JUnit) write() error {
	all := junitSuites{Name: "judge", Suites: j.suites}
	var wall judge.Millis
	for _, s := range j.suites {
		s.Time = seconds(s.wall)
		all.Tests, all.Failures, all.Errors, all.Skipped = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors, all.Skipped+s.Skipped
		wall += s.wall
	}
	all.Time = seconds(wall)
	if _, err := io.WriteString(j.file, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(j.file)
	encoder.Indent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(j.file, "\n")
	return err
}
