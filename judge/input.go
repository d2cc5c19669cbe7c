package judge

import (
	"container/list"
	"errors"
	"io"
	"os"
	"slices"
	"sync"

	"judge/isolate"
)

// inputs keeps the inputs of test cases in memory, so that one run after the other can read them. Runs
// at the same time get copies of their own: a file that two programs have open is a way for them to meet,
// by locks for instance. It is safe for concurrent use; the zero value is empty.
type inputs struct {
	mu    sync.Mutex
	idle  map[Data][]*list.Element // copies that no run has, by their content
	all   list.List                // of the idle *input, the one used last in front
	bytes int64                    // of the idle
}

// input is what one run reads, and has for itself until release.
type input struct {
	*os.File // nil: nothing to read, as is copy
	data     Data
	copy     *isolate.Input
	home     *inputs // nil: it is not kept
}

// What is kept for runs to come is bounded in bytes, and in number, for each is a descriptor.
const (
	inputsSize  = 256 << 20
	inputsCount = 1000
)

// open returns an input to read from the beginning.
func (c *inputs) open(d Data) (*input, error) {
	in := &input{data: d, home: c}
	var err error
	if d == (Data{}) {
		return in, nil
	}
	if in.copy = c.take(d); in.copy == nil {
		if in.copy, err = readInput(d); err != nil {
			return nil, err
		}
	}
	if in.File, err = in.copy.Open(); err != nil {
		return nil, errors.Join(err, in.copy.Close())
	}
	return in, nil
}

// take returns a copy that no run has, or nil.
func (c *inputs) take(d Data) *isolate.Input {
	c.mu.Lock()
	defer c.mu.Unlock()
	idle := c.idle[d]
	if len(idle) == 0 {
		return nil
	}
	return c.remove(idle[len(idle)-1]).copy
}

// remove takes an idle input out of the lists.
func (c *inputs) remove(e *list.Element) *input {
	in := c.all.Remove(e).(*input)
	c.bytes -= in.copy.Size()
	rest := slices.DeleteFunc(c.idle[in.data], func(other *list.Element) bool { return other == e })
	if c.idle[in.data] = rest; len(rest) == 0 {
		delete(c.idle, in.data)
	}
	return in
}

// newInput returns an input that nobody else will have.
func newInput(content io.Reader) (in *input, err error) {
	in = &input{}
	if in.copy, err = isolate.NewInput(content); err != nil {
		return nil, err
	}
	if in.File, err = in.copy.Open(); err != nil {
		return nil, errors.Join(err, in.copy.Close())
	}
	return in, nil
}

// again opens the input once more, from the beginning, for who checks the run; size is in bytes.
func (in *input) again() (content io.ReadCloser, size int64, err error) {
	if in.copy == nil {
		return io.NopCloser(eof{}), 0, nil
	}
	content, err = in.copy.Open()
	return content, in.copy.Size(), err
}

// release gives the input back when the run is over.
func (in *input) release() error {
	if in.copy == nil {
		return nil
	}
	err := in.File.Close()
	c := in.home
	if c == nil {
		return errors.Join(err, in.copy.Close())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle == nil {
		c.idle = map[Data][]*list.Element{}
	}
	c.idle[in.data] = append(c.idle[in.data], c.all.PushFront(in))
	c.bytes += in.copy.Size()
	for c.bytes > inputsSize || c.all.Len() > inputsCount {
		err = errors.Join(err, c.remove(c.all.Back()).copy.Close())
	}
	return err
}

// forget lets go of the idle copies of a content.
func (c *inputs) forget(d Data) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.idle[d]) > 0 {
		c.remove(c.idle[d][0]).copy.Close()
	}
}

func (c *inputs) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for c.all.Len() > 0 {
		errs = append(errs, c.remove(c.all.Back()).copy.Close())
	}
	return errors.Join(errs...)
}

func readInput(d Data) (*isolate.Input, error) {
	content, err := d.open()
	if err != nil {
		return nil, err
	}
	defer content.Close()
	return isolate.NewInput(content)
}
