package worker

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"judge/judge"
)

const (
	spoolMemory = 1 << 20  // bytes of records that are kept in memory; more go to a file
	spoolTexts  = 64 << 20 // bytes of records after which those that follow have no texts
)

// spool keeps the records of a job, and what its result says of them. It is a judge.Sink, whose Close does
// nothing; the zero value is empty. Drop it when it is not needed any more.
type spool struct {
	tell func(*judge.Record) error // gets each record as it comes; nil: nobody does
	temp func() (*os.File, error)  // makes a file without a name

	memory bytes.Buffer
	file   *os.File // nil: all are in memory
	size   int64

	runs       int
	verdicts   map[judge.Verdict]int
	phases     map[string]judge.Millis
	submission *judge.Record // nil: not there yet
	internal   *judge.Record // the first that our own machinery is to blame for; nil: none
}

// Write implements judge.Sink.
func (s *spool) Write(r *judge.Record) error {
	s.count(r)
	if s.size > spoolTexts {
		r = withoutTexts(r)
	}
	line, err := judge.AppendRecord(nil, r)
	if err != nil {
		return err
	}
	if s.tell != nil {
		_ = s.tell(r) // who watches may miss something: the result has all
	}
	return s.append(line)
}

// Close implements judge.Sink.
func (s *spool) Close() error { return nil }

// append adds bytes to what is kept.
func (s *spool) append(b []byte) error {
	s.size += int64(len(b))
	if s.file == nil && s.memory.Len()+len(b) <= spoolMemory {
		s.memory.Write(b)
		return nil
	}
	if s.file == nil {
		file, err := s.temp()
		if err != nil {
			return fmt.Errorf("keep records: %w", err)
		}
		s.file = file
		if _, err := s.memory.WriteTo(file); err != nil {
			return fmt.Errorf("keep records: %w", err)
		}
		s.memory = bytes.Buffer{}
	}
	if _, err := s.file.Write(b); err != nil {
		return fmt.Errorf("keep records: %w", err)
	}
	return nil
}

// appender is a spool that somebody else writes to.
type appender struct{ *spool }

func (a appender) Write(b []byte) (int, error) {
	if err := a.append(b); err != nil {
		return 0, err
	}
	return len(b), nil
}

// reader reads what was kept from the beginning.
func (s *spool) reader() io.ReadSeeker {
	if s.file != nil {
		return io.NewSectionReader(s.file, 0, s.size)
	}
	return bytes.NewReader(s.memory.Bytes())
}

func (s *spool) drop() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

func (s *spool) count(r *judge.Record) {
	if s.verdicts == nil {
		s.verdicts, s.phases = map[judge.Verdict]int{}, map[string]judge.Millis{}
	}
	switch r.Kind {
	case judge.KindCompile:
		s.phases["compile"] += r.Wall
	case judge.KindRun:
		s.runs++
		s.verdicts[r.Verdict]++
		s.phases["run"] += r.Wall
	case judge.KindSubmission:
		s.submission = r
	}
	if r.Verdict == judge.JudgeError && r.Reason == judge.ReasonInternal && s.internal == nil {
		s.internal = r
	}
}

// withoutTexts is a record without what programs have printed.
func withoutTexts(r *judge.Record) *judge.Record {
	short := *r
	for _, c := range []**judge.Capture{&short.Stdout, &short.Stderr, &short.JudgeMessage, &short.TeamMessage} {
		if *c != nil && (*c).Text != "" {
			*c = &judge.Capture{Bytes: (*c).Bytes, Truncated: true}
		}
	}
	return &short
}

// hostFault is what this host is to blame for, as far as the records know.
func (s *spool) hostFault() error {
	if s.internal == nil {
		return nil
	}
	return errors.New(s.internal.Message)
}
