package judge

import "io"

// excerpt writes into a record what its run was given: how much, and when excerpts are wanted also the
// beginning of input and answer. What cannot be read is left out, for the run itself says that better.
func (s *shared) excerpt(r *Record, t *TestCase) {
	if size, err := t.Input.size(); err == nil {
		r.InputBytes = size
	}
	if !s.excerpts {
		return
	}
	r.Input = t.Input.beginning()
	if t.Answer != nil {
		r.Answer = t.Answer.beginning()
	}
}

// beginning is as much of the content as is kept of a program's output; nil if it cannot be read.
func (d Data) beginning() *Capture {
	size, err := d.size()
	if err != nil {
		return nil
	}
	content, err := d.open()
	if err != nil {
		return nil
	}
	defer content.Close()
	head, err := io.ReadAll(io.LimitReader(content, KeepOutput))
	if err != nil {
		return nil
	}
	return NewCapture(head, size, KeepOutput)
}
