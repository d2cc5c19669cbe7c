package isolate

import (
	"context"
	"fmt"
	"os"
)

// Output is Run that also returns what the program has written to its standard output. One that
// writes more than DefaultMax is killed for ErrTooMuch; a Buffer as Stdout has another bound.
func (s *Sandbox) Output(ctx context.Context, p Program, gate Gate) ([]byte, Exit, error) {
	if p.Stdout != nil {
		return nil, Exit{}, fmt.Errorf("output of %s: Stdout is set: %w", p.Path, os.ErrInvalid)
	}
	var b Buffer
	p.Stdout = &b
	exit, err := s.Run(ctx, p, gate)
	return b.Bytes(), exit, err
}

// CombinedOutput is Output of both standard output and standard error, as they were written.
func (s *Sandbox) CombinedOutput(ctx context.Context, p Program, gate Gate) ([]byte, Exit, error) {
	if p.Stdout != nil || p.Stderr != nil {
		return nil, Exit{}, fmt.Errorf("output of %s: Stdout or Stderr is set: %w", p.Path, os.ErrInvalid)
	}
	var b Buffer
	p.Stdout, p.Stderr = &b, &b
	exit, err := s.Run(ctx, p, gate)
	return b.Bytes(), exit, err
}
