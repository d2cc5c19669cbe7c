package judge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"judge/limits"
)

// Schema is the version of the record format.
const Schema = 1

// Kinds of records.
const (
	KindCompile    = "compile"
	KindRun        = "run"
	KindSubmission = "submission"
	KindSummary    = "summary"
)

// Record is one line of the results. Fields are never renamed; new ones may come. `judge help records` explains each.
type Record struct {
	Schema     int      `json:"schema"`
	Kind       string   `json:"kind"` // compile, run, submission or summary
	Task       string   `json:"task,omitempty"`
	Submission string   `json:"submission,omitempty"`
	SameAs     string   `json:"same_as,omitempty"` // of a submission: the identical one that was judged
	Problem    string   `json:"problem,omitempty"` // of a submission, if it is another than the task
	Language   string   `json:"language,omitempty"`
	Test       string   `json:"test,omitempty"`
	Verdict    Verdict  `json:"verdict,omitempty"`
	Reason     string   `json:"reason,omitempty"`
	Flags      []string `json:"flags,omitempty"`
	Message    string   `json:"message,omitempty"`

	CPU       Millis   `json:"cpu_ms"`
	Wall      Millis   `json:"wall_ms"`
	Memory    int64    `json:"memory_bytes"`
	Processes int      `json:"processes,omitempty"`
	ExitCode  *int     `json:"exit_code,omitempty"`
	Signal    string   `json:"signal,omitempty"`
	Refused   []string `json:"refused_syscalls,omitempty"` // forbidden calls that were tried, each once
	Stdout    *Capture `json:"stdout,omitempty"`
	Stderr    *Capture `json:"stderr,omitempty"`

	InputBytes int64    `json:"input_bytes,omitempty"` // of a run: the size of its input
	Input      *Capture `json:"input,omitempty"`       // of a run, when Batch.Excerpts asks for it
	Answer     *Capture `json:"answer,omitempty"`      // the same

	Compiler string        `json:"compiler,omitempty"` // of a compile: first line of its version
	Cached   bool          `json:"cached,omitempty"`   // of a compile: it was done earlier, and its figures are not known
	Limits   *RecordLimits `json:"limits,omitempty"`
	Checker  string        `json:"checker,omitempty"`
	Passes   int           `json:"passes,omitempty"` // of a multi-pass task, those that were run

	JudgeMessage *Capture `json:"judge_message,omitempty"` // of a checker's program to the setters; its first line is the message
	TeamMessage  *Capture `json:"team_message,omitempty"`  // of a checker's program to the submission's author

	Exits         []ExitRecord `json:"exits,omitempty"`     // of an interaction, in the order of time
	Transcript    []Message    `json:"transcript,omitzero"` // of an interaction, when it was asked for; empty: nobody wrote
	TranscriptCut bool         `json:"transcript_cut,omitempty"`

	Score         *float64      `json:"score,omitempty"`     // of a run: what the test is worth in its group; of a submission: points
	MaxScore      *float64      `json:"max_score,omitempty"` // of a submission; absent: the checker gives points
	Groups        []GroupResult `json:"groups,omitempty"`
	Expected      []Verdict     `json:"expected,omitempty"`
	ExpectedScore *ScoreRange   `json:"expected_score,omitempty"` // least and most
	AsExpected    *bool         `json:"as_expected,omitempty"`
	Totals        *Totals       `json:"totals,omitempty"`  // of a summary
	PassAt        []PassAt      `json:"pass_at,omitempty"` // of a summary, if submissions are answers to problems

	Samples []Sample `json:"samples,omitempty"` // of a run that was made more than once, all of them
	Timing  *Timing  `json:"timing,omitempty"`  // of the samples' CPU time, when a test is repeated and accepted

	StartedAt *time.Time `json:"started_at,omitempty"`
	Judge     *JudgeInfo `json:"judge,omitempty"`
}

// Decide writes a decision into the record.
func (r *Record) Decide(d Decision) {
	r.Verdict, r.Reason, r.Flags, r.Message = d.Verdict, d.Reason, d.Flags, d.Message
}

// Word writes what a checker's program has said into the record, if it was asked and did judge.
func (r *Record) Word(o *Outcome) {
	if o != nil && o.Failure == "" {
		r.Score, r.JudgeMessage, r.TeamMessage = o.Score, o.Judge, o.Team
	}
}

// AppendRecord appends the record to b as one line of JSON, newline included.
func AppendRecord(b []byte, r *Record) ([]byte, error) {
	line := bytes.NewBuffer(b)
	encoder := json.NewEncoder(line)
	encoder.SetEscapeHTML(false) // a record is for programs; who makes HTML of it escapes it there
	if err := encoder.Encode(r.shown()); err != nil {
		return b, fmt.Errorf("bug: encode record: %w", err)
	}
	return line.Bytes(), nil
}

// Made tells whether there was a run: what is skipped ahead of its start has no figures.
func (r *Record) Made() bool {
	return r.Verdict != Skipped || r.StartedAt != nil || r.Kind != KindRun
}

// shown is what JSON shows of a record: figures of a run that was not made would look as if it had been.
func (r *Record) shown() any {
	if r.Made() {
		return r
	}
	return struct { // its own fields hide those of the record, and are left out themselves
		*Record
		CPU    *Millis `json:"cpu_ms,omitempty"`
		Wall   *Millis `json:"wall_ms,omitempty"`
		Memory *int64  `json:"memory_bytes,omitempty"`
	}{Record: r}
}

// RecordLimits is what a run was allowed. A limit that is absent was not set.
type RecordLimits struct {
	CPU       Millis `json:"time_ms,omitempty"`
	Wall      Millis `json:"wall_ms,omitempty"`
	Memory    int64  `json:"memory_bytes,omitempty"`
	Output    int64  `json:"output_bytes,omitempty"`
	Processes int    `json:"processes,omitempty"`
	Stack     int64  `json:"stack_bytes,omitempty"`
	Disk      int64  `json:"disk_bytes,omitempty"`
	Inodes    int64  `json:"inodes,omitempty"`
	OpenFiles int    `json:"open_files,omitempty"`
}

// NewRecordLimits says in a record's units what l allows.
func NewRecordLimits(l limits.Limits) *RecordLimits {
	return &RecordLimits{
		CPU: Millis(l.CPU), Wall: Millis(l.Wall), Memory: l.Memory, Output: l.Output, Processes: l.Processes,
		Stack: l.Stack, Disk: l.Disk, Inodes: l.Inodes, OpenFiles: l.OpenFiles,
	}
}

// JudgeInfo says who judged, and with which mechanisms in force.
type JudgeInfo struct {
	Version    string            `json:"version"`
	Kernel     string            `json:"kernel"`
	Host       string            `json:"host"`
	Mechanisms map[string]string `json:"mechanisms"`

	text []byte // as JSON, for all records of a batch; nil: nobody has encoded it
}

// encode keeps the text that MarshalJSON returns from now on.
func (j *JudgeInfo) encode() {
	j.text = nil
	j.text, _ = j.MarshalJSON() // of plain fields cannot fail
}

// MarshalJSON implements json.Marshaler. Whoever escapes HTML does that to what it returns.
func (j *JudgeInfo) MarshalJSON() ([]byte, error) {
	if j.text != nil {
		return j.text, nil
	}
	type plain JudgeInfo
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode((*plain)(j))
	return text.Bytes(), err
}

// Millis is a duration that JSON shows as a decimal number of milliseconds, with at most three
// decimals and never an exponent. What is below a microsecond is rounded.
type Millis time.Duration

// AppendText implements encoding.TextAppender.
func (m Millis) AppendText(b []byte) ([]byte, error) {
	us := time.Duration(m).Round(time.Microsecond).Microseconds()
	if us < 0 {
		b, us = append(b, '-'), -us
	}
	b = strconv.AppendInt(b, us/1000, 10)
	if us %= 1000; us == 0 {
		return b, nil
	}
	b = append(b, '.', byte('0'+us/100), byte('0'+us/10%10), byte('0'+us%10))
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b, nil
}

// MarshalJSON implements json.Marshaler.
func (m Millis) MarshalJSON() ([]byte, error) { return m.AppendText(make([]byte, 0, 16)) }

// UnmarshalJSON implements json.Unmarshaler.
func (m *Millis) UnmarshalJSON(b []byte) error {
	var ms float64
	if err := json.Unmarshal(b, &ms); err != nil {
		return fmt.Errorf("milliseconds %s: %w", b, err)
	}
	*m = Millis(time.Duration(ms * float64(time.Millisecond)).Round(time.Microsecond))
	return nil
}

// SignalName returns the name of a signal as records show it: "SIGSEGV", and "SIG34" for one
// without a name, as real-time signals are.
func SignalName(s syscall.Signal) string {
	if name := unix.SignalName(s); name != "" {
		return name
	}
	return "SIG" + strconv.Itoa(int(s))
}
