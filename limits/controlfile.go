package limits

import (
	"bytes"
	"errors"
	"math"
)

// errNotANumber is the error of a control file that holds something else than expected.
var errNotANumber = errors.New("not a number")

// parseCount reads a file that holds one number, such as memory.peak; "max" is the largest number.
// It does not allocate.
func parseCount(b []byte) (int64, error) {
	b = bytes.TrimSuffix(b, []byte("\n"))
	if string(b) == "max" {
		return math.MaxInt64, nil
	}
	if len(b) == 0 {
		return 0, errNotANumber
	}
	var n int64
	for _, c := range b {
		digit := int64(c) - '0'
		if digit < 0 || digit > 9 {
			return 0, errNotANumber
		}
		if n > (math.MaxInt64-digit)/10 {
			return math.MaxInt64, nil // version 1 counts in unsigned 64 bits; what is that large is unlimited
		}
		n = n*10 + digit
	}
	return n, nil
}

// parseKey reads the number behind key in a file of "key number" lines, such as cpu.stat; ok is false
// if there is none. It does not allocate.
func parseKey(b []byte, key string) (n int64, ok bool) {
	for len(b) > 0 {
		line := b
		if end := bytes.IndexByte(b, '\n'); end >= 0 {
			line, b = b[:end], b[end+1:]
		} else {
			b = nil
		}
		name, value, found := bytes.Cut(line, []byte(" "))
		if found && string(name) == key {
			n, err := parseCount(value)
			return n, err == nil
		}
	}
	return 0, false
}
