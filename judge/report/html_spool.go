package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"judge/judge"
)

// Bounds of the details of runs, in bytes. Beyond the first, runs that were accepted keep their figures
// but no texts; beyond the second, the others do the same.
const (
	htmlTextsAccepted = 16 << 20
	htmlTextsAll      = 64 << 20
)

// htmlPieceBytes is about how much the script has to parse to show one run.
const htmlPieceBytes = 64 << 10

// htmlSpool keeps the details of runs in a file without a name, as the elements of the page that they
// will be. The zero value is not usable; who makes one closes it.
type htmlSpool struct {
	file   *os.File
	piece  bytes.Buffer // JSON array that is not written yet, without its end
	starts []int        // the first run of each piece
	runs   int
	given  map[htmlTest]htmlLast
	count  int // of what was given, as far as it was written
	size   int64
	cut    bool // texts were left out
}

// htmlTest is a test case of a task.
type htmlTest struct{ task, test string }

// htmlGiven is the input and answer of a test case. All runs on it refer to the same.
type htmlGiven struct {
	Input  *htmlText `json:"input,omitempty"`
	Answer *htmlText `json:"answer,omitempty"`
}

// htmlLast is what was written last for a test case.
type htmlLast struct {
	sum [sha256.Size]byte
	id  int
}

func newHTMLSpool() (*htmlSpool, error) {
	file, err := os.CreateTemp("", "judge-report-*")
	if err != nil {
		return nil, err
	}
	os.Remove(file.Name()) // it lives as long as it is open; where that cannot be, the system's cleaner finds it
	return &htmlSpool{file: file, given: map[htmlTest]htmlLast{}}, nil
}

// allowance is how many bytes of each text of a run are kept.
func (s *htmlSpool) allowance(r *judge.Record) int {
	bound := int64(htmlTextsAll)
	if r.Verdict == judge.Accepted {
		bound = htmlTextsAccepted
	}
	if s.size < bound {
		return judge.KeepOutput
	}
	s.cut = true
	return 0
}

// add takes the next run's details, and what it was given, nil if that is not known.
func (s *htmlSpool) add(test htmlTest, d *htmlDetail, given *htmlGiven) (err error) {
	if given != nil {
		if d.Given, err = s.give(test, *given); err != nil {
			return err
		}
	}
	data, err := json.Marshal(d) // escapes < > & and U+2028
	if err != nil {
		return fmt.Errorf("bug: encode details: %w", err)
	}
	if s.piece.Len() == 0 {
		s.starts = append(s.starts, s.runs)
		s.piece.WriteByte('[')
	} else {
		s.piece.WriteByte(',')
	}
	s.piece.Write(data)
	s.runs++
	s.size += int64(len(data))
	if s.piece.Len() < htmlPieceBytes {
		return nil
	}
	return s.flush()
}

// give keeps what a run was given, unless the last run on the test case was given the same.
func (s *htmlSpool) give(test htmlTest, given htmlGiven) (id int, err error) {
	data, err := json.Marshal(given)
	if err != nil {
		return 0, fmt.Errorf("bug: encode texts: %w", err)
	}
	sum := sha256.Sum256(data)
	if last, ok := s.given[test]; ok && last.sum == sum {
		return last.id, nil
	}
	s.count++
	s.size += int64(len(data))
	s.given[test] = htmlLast{sum, s.count}
	return s.count, s.element("given", s.count, data)
}

// flush writes the piece that was begun.
func (s *htmlSpool) flush() error {
	if s.piece.Len() == 0 {
		return nil
	}
	s.piece.WriteByte(']')
	err := s.element("runs", len(s.starts)-1, s.piece.Bytes())
	s.piece.Reset()
	return err
}

func (s *htmlSpool) element(name string, id int, data []byte) error {
	_, err := fmt.Fprintf(s.file, "<script type=\"application/json\" id=\"%s-%d\">%s</script>\n", name, id, data)
	return err
}

// copyTo writes all pieces.
func (s *htmlSpool) copyTo(out io.Writer) error {
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(out, s.file)
	return err
}

func (s *htmlSpool) close() error { return s.file.Close() }
