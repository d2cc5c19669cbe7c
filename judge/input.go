package judge

import (
	"container/list"
	"errors"
	"io"
	"os"
	"strings"
	"sync"

	"judge/isolate"
)

// inputs keeps the inputs of test cases in memory, so that many runs read each without copying it.
// It is safe for concurrent use; the zero value is empty.
type inputs struct {
	mu     sync.Mutex
	known  map[Data]*list.Element
	recent list.List // of *cachedInput, the latest first
	size   int64
}

type cachedInput struct {
	data  Data
	input *isolate.Input
}

// inputsSize bounds what is kept for runs to come, in bytes.
const inputsSize = 256 << 20

// open returns a file to read the input from; the caller closes it.
func (c *inputs) open(d Data) (*os.File, error) {
	if d == (Data{}) {
		return os.Open(os.DevNull)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.known[d]; ok {
		c.recent.MoveToFront(e)
		return e.Value.(*cachedInput).input.Open()
	}
	input, err := readInput(d)
	if err != nil {
		return nil, err
	}
	if c.known == nil {
		c.known = map[Data]*list.Element{}
	}
	c.known[d] = c.recent.PushFront(&cachedInput{d, input})
	c.size += input.Size()
	f, err := input.Open()
	for c.size > inputsSize && err == nil {
		err = c.drop(c.recent.Back())
	}
	return f, err
}

// drop forgets an input; runs that read it go on.
func (c *inputs) drop(e *list.Element) error {
	cached := c.recent.Remove(e).(*cachedInput)
	delete(c.known, cached.data)
	c.size -= cached.input.Size()
	return cached.input.Close()
}

func (c *inputs) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for c.recent.Len() > 0 {
		errs = append(errs, c.drop(c.recent.Back()))
	}
	return errors.Join(errs...)
}

func readInput(d Data) (*isolate.Input, error) {
	if d.File == "" {
		return isolate.NewInput(strings.NewReader(d.Text))
	}
	f, err := os.Open(d.File)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return isolate.NewInput(f)
}

// openChecker makes a test case's checker. The caller closes the answer.
func openChecker(spec CheckerSpec, test *TestCase) (Checker, io.Closer, error) {
	var answer io.ReadCloser
	switch {
	case test.Answer == nil:
	case test.Answer.File != "":
		f, err := os.Open(test.Answer.File)
		if err != nil {
			return nil, nil, err
		}
		answer = f
	default:
		answer = io.NopCloser(strings.NewReader(test.Answer.Text))
	}
	if answer == nil {
		checker, err := NewChecker(spec, nil)
		return checker, io.NopCloser(nil), err
	}
	checker, err := NewChecker(spec, answer)
	if err != nil {
		answer.Close()
	}
	return checker, answer, err
}
