package queue

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// Kinds of jobs.
const (
	KindJudge   = "judge"   // judge Sources on the task
	KindCommand = "command" // do what Command says, in the words of one of the compatible doors
)

// Bounds of a job. (A NATS message has 1 MiB.)
const (
	MaxJob     = 900 << 10 // bytes of its JSON: what is larger goes by hash
	MaxSources = 1024
	maxName    = 1024 // bytes of a name that is shown
)

// MaxKeepOutput bounds Job.KeepOutput.
const MaxKeepOutput = 1 << 20

// Job is what is to be done, and does not change once it was submitted.
type Job struct {
	// ID names the job: letters, digits, '-' and '_', at most MaxID. Empty: Submit makes one that cannot be
	// guessed. Who chooses it may submit the same job twice, and has it once.
	ID        string    `json:"id"`
	Kind      string    `json:"kind"` // KindJudge or KindCommand; empty: KindJudge
	Priority  Priority  `json:"priority"`
	Owner     string    `json:"owner,omitempty"` // name of the token that submitted it; empty: there are no tokens
	Submitted time.Time `json:"submitted"`       // set by Submit
	// Needs names the languages that a worker must have: the submission's, the checker's, the interactor's.
	// Submit sorts them. At most 8; a language's name is of letters, digits and "+#-_.", at most 32.
	Needs []string `json:"needs,omitempty"`

	Task     string   `json:"task,omitempty"`     // hash of the task's Manifest
	Name     string   `json:"name,omitempty"`     // the submission's in records
	Language string   `json:"language,omitempty"` // empty: by extension
	Sources  []Source `json:"sources,omitempty"`
	Only     []string `json:"only,omitempty"` // names of tests; none: all
	AllTests bool     `json:"all_tests,omitempty"`
	// KeepOutput is how many bytes of each stream the records of runs have, at most MaxKeepOutput; 0: judge.KeepOutput.
	KeepOutput int `json:"keep_output,omitempty"`

	Command json.RawMessage `json:"command,omitempty"` // of KindCommand
}

// Source is a file of a submission; at most one of Text, Base64 and SHA256 holds its content, and an empty
// file has none of them.
type Source struct {
	Path   string `json:"path"` // as CheckPath wants it
	Text   string `json:"text,omitempty"`
	Base64 string `json:"base64,omitempty"` // standard encoding, with padding
	SHA256 string `json:"sha256,omitempty"` // of a file in the store, in lower-case hex
}

// Check tells what is wrong with a job, as ErrInvalid or ErrTooLarge. It does not look at the files that it names.
func (j *Job) Check() error {
	if err := checkID(j.ID); err != nil {
		return err
	}
	if !slices.Contains(Priorities, j.Priority) {
		return fmt.Errorf("priority %.80q: %w: want one of %v", j.Priority, ErrInvalid, Priorities)
	}
	if err := checkNeeds(j.Needs); err != nil {
		return err
	}
	for what, s := range map[string]string{"owner": j.Owner, "name": j.Name, "language": j.Language} {
		if len(s) > maxName || !utf8.ValidString(s) {
			return fmt.Errorf("%s: %w: want valid UTF-8, at most %d bytes", what, ErrInvalid, maxName)
		}
	}
	switch j.Kind {
	case KindJudge:
		return j.checkJudge()
	case KindCommand:
		if j.Task != "" || len(j.Sources) > 0 || !json.Valid(j.Command) {
			return fmt.Errorf("command: %w: want JSON, and neither task nor sources", ErrInvalid)
		}
		return nil
	}
	return fmt.Errorf("kind %.80q: %w: want %q or %q", j.Kind, ErrInvalid, KindJudge, KindCommand)
}

func (j *Job) checkJudge() error {
	if err := CheckHash(j.Task); err != nil {
		return fmt.Errorf("task: %w", err)
	}
	if n := len(j.Sources); n == 0 || n > MaxSources {
		return fmt.Errorf("sources: %w: want 1 to %d files, got %d", ErrInvalid, MaxSources, n)
	}
	if len(j.Command) > 0 {
		return fmt.Errorf("command: %w: want none beside a task", ErrInvalid)
	}
	paths := make([]string, len(j.Sources))
	for i := range j.Sources {
		paths[i] = j.Sources[i].Path
		if err := j.Sources[i].check(); err != nil {
			return err
		}
	}
	return checkPaths(paths)
}

func (s *Source) check() error {
	contents := 0
	for _, c := range []string{s.Text, s.Base64, s.SHA256} {
		if c != "" {
			contents++
		}
	}
	if contents > 1 {
		return fmt.Errorf("source %.80q: %w: want one of text, base64 and sha256", s.Path, ErrInvalid)
	}
	if s.SHA256 != "" {
		if err := CheckHash(s.SHA256); err != nil {
			return fmt.Errorf("source %.80q: %w", s.Path, err)
		}
	}
	if !utf8.ValidString(s.Text) {
		return fmt.Errorf("source %.80q: %w: text is not UTF-8; send base64", s.Path, ErrInvalid)
	}
	if _, err := base64.StdEncoding.DecodeString(s.Base64); err != nil {
		return fmt.Errorf("source %.80q: %w: %w", s.Path, ErrInvalid, err)
	}
	return nil
}

// complete fills in what may be left open, checks the job, and encodes it.
func (j Job) complete(now time.Time) (Job, []byte, error) {
	if j.ID == "" {
		j.ID = rand.Text()
	}
	if j.Kind == "" {
		j.Kind = KindJudge
	}
	if j.Priority == "" {
		j.Priority = Normal
	}
	j.Needs = slices.Compact(slices.Sorted(slices.Values(j.Needs)))
	j.Submitted = now.UTC().Truncate(time.Microsecond)
	if err := j.Check(); err != nil {
		return Job{}, nil, err
	}
	b, err := j.encode()
	return j, b, err
}

func (j *Job) encode() ([]byte, error) {
	b, err := json.Marshal(j)
	if err != nil {
		return nil, fmt.Errorf("job: %w: %w", ErrInvalid, err)
	}
	if len(b) > MaxJob {
		return nil, fmt.Errorf("job %s: %w: %d bytes of %d; put sources into the store and name their hashes", j.ID, ErrTooLarge, len(b), MaxJob)
	}
	return b, nil
}

// parseJob reads a job that was stored under an id. Who can publish may have published anything.
func parseJob(id string, b []byte) (Job, error) {
	var j Job
	if err := json.Unmarshal(b, &j); err != nil {
		return Job{}, fmt.Errorf("not the JSON of a job: %w", err)
	}
	if j.ID != id {
		return Job{}, fmt.Errorf("it has the id %.80q", j.ID)
	}
	if err := j.Check(); err != nil {
		return Job{}, err
	}
	return j, nil
}

// same tells whether two jobs ask for the same.
func (j Job) same(other Job) bool {
	j.Submitted, other.Submitted = time.Time{}, time.Time{}
	a, errA := json.Marshal(j)
	b, errB := json.Marshal(other)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}
