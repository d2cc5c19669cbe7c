package judge

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// byteSet is a set of bytes.
type byteSet [256]bool

var (
	nothing = setOf("")
	space   = setOf(" \t\n\v\f\r")
	blank   = setOf(" \t\v\f\r")
	newline = setOf("\n")
)

func setOf(s string) (set byteSet) {
	for i := range len(s) {
		set[s[i]] = true
	}
	return set
}

// span returns how many bytes at the start of p are in the set.
func (s *byteSet) span(p []byte) int {
	for i, b := range p {
		if !s[b] {
			return i
		}
	}
	return len(p)
}

// until returns the index of the first byte of p that is in the set, or len(p).
func (s *byteSet) until(p []byte) int {
	for i, b := range p {
		if s[b] {
			return i
		}
	}
	return len(p)
}

// commonPrefix returns how many bytes a and b have in common at their beginnings.
func commonPrefix(a, b []byte) int {
	const block = 256 // long enough for bytes.Equal to use vector instructions
	n := min(len(a), len(b))
	a, b = a[:n], b[:n]
	i := 0
	for i+block <= n && bytes.Equal(a[i:i+block], b[i:i+block]) {
		i += block
	}
	for ; i+8 <= n; i += 8 {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}
