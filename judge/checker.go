package judge

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Checker compares what a program prints with an answer, while it is printed. It needs the same
// small memory for any output and time linear in it, whatever the program prints. It is used by
// one goroutine at a time.
type Checker interface {
	// Write takes the next piece of the output and keeps none of it. It returns len(p), nil.
	io.Writer

	// Certain tells that the output is wrong whatever follows, so that a caller who wants the
	// verdict early may end the run. For a slow program wrong-answer then stands for time-limit.
	Certain() bool

	// Finish says, after the last Write, whether the output is correct. An error is one of reading
	// the answer, never the program's. Nothing may be called after it.
	Finish() (Outcome, error)
}

// Outcome is a checker's word. Only programs give what follows the message.
type Outcome struct {
	Correct bool
	Message string // where the output differs, in one printable line; empty when it does not

	Score       *float64 // nil: none
	Judge, Team *Capture // all that it says to the setters and to the submission's author; nil: nothing
	Failure     string   // what it did instead of judging, in one printable line; empty: it has judged
}

// NewChecker returns the checker that spec names. It reads the answer as far as it needs to,
// between now and Finish; the caller closes it after that. Only the checker none takes a nil answer.
//
//	exact       every byte
//	lines       white space at the end of lines, and blank lines at the end, do not count
//	tokens      the same tokens, however many white space characters are between and around them
//	floats:TOL  tokens; two decimal numbers also agree within TOL, absolutely or relative to the answer
//	default     as Kattis' packages have it: see Comparison
//	none        anything
//
// White space is space, \t, \n, \v, \f and \r: what isspace says in the C locale. NUL bytes, invalid
// UTF-8 and Unicode's spaces are text like any other.
func NewChecker(spec CheckerSpec, answer io.Reader) (Checker, error) {
	if spec.Name == "none" {
		return anything{}, nil
	}
	if answer == nil {
		return nil, fmt.Errorf("checker %s: no answer to compare with", spec)
	}
	switch spec.Name {
	case "exact":
		return newTextChecker(exactRule, answer), nil
	case "lines":
		return newTextChecker(linesRule, answer), nil
	case "tokens":
		return newTextChecker(tokensRule, answer), nil
	case "floats":
		return newFloatChecker(spec.Tolerance, answer), nil
	case "default":
		return newDefaultChecker(spec.Comparison, answer), nil
	}
	return nil, fmt.Errorf("checker %s: want exact, lines, tokens, floats:TOL, default or none", spec)
}

// openChecker makes a test case's checker. The caller closes the answer.
func openChecker(spec CheckerSpec, test *TestCase) (Checker, io.Closer, error) {
	spec, err := spec.told(test.CheckerArgs)
	if err != nil {
		return nil, nil, err
	}
	if test.Answer == nil {
		checker, err := NewChecker(spec, nil)
		return checker, io.NopCloser(nil), err
	}
	answer, err := test.Answer.open()
	if err != nil {
		return nil, nil, err
	}
	checker, err := NewChecker(spec, answer)
	if err != nil {
		answer.Close()
	}
	return checker, answer, err
}

// String returns the checker as a record names it: "tokens", "floats:1e-06", "kattis:check.cpp".
func (s CheckerSpec) String() string {
	if s.Tool != nil {
		return s.Name + ":" + s.Tool.Name
	}
	if s.Name == "floats" {
		return s.Name + ":" + strconv.FormatFloat(s.Tolerance, 'g', -1, 64)
	}
	if s.Name == "default" {
		return strings.Replace(s.Name+s.Comparison.String(), " ", ":", 1)
	}
	return s.Name
}

// anything is the checker none.
type anything struct{}

func (anything) Write(p []byte) (int, error) { return len(p), nil }
func (anything) Certain() bool               { return false }
func (anything) Finish() (Outcome, error)    { return Outcome{Correct: true}, nil }
