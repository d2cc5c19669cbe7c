package isolate

import (
	"cmp"
	"errors"
)

// Buffer is a Writer that keeps what a program writes, up to a bound: as Program.Stdout or
// Program.Stderr it ends a program that writes more. Not safe for concurrent use; read it after Wait.
type Buffer struct {
	Max  int // bytes; zero: DefaultMax
	kept []byte
}

// DefaultMax is the bound of a Buffer that has no other, in bytes.
const DefaultMax = 1 << 20

// ErrTooMuch says that more was written than a Buffer keeps.
var ErrTooMuch = errors.New("too much output")

// Write keeps what there is room for; ErrTooMuch if that was not all.
func (b *Buffer) Write(p []byte) (int, error) {
	n := min(len(p), cmp.Or(b.Max, DefaultMax)-len(b.kept))
	b.kept = append(b.kept, p[:n]...)
	if n < len(p) {
		return n, ErrTooMuch
	}
	return n, nil
}

// Bytes returns what was kept; it is valid until the next Write.
func (b *Buffer) Bytes() []byte { return b.kept }

// String returns what was kept.
func (b *Buffer) String() string { return string(b.kept) }
