package report

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFirstDifference(t *testing.T) {
	for _, row := range []struct {
		name, checker, output, answer string
		inOutput, inAnswer            string
		ok                            bool
	}{
		{"token", "tokens", "1 2\n4 5\n", "1  2 3 5", "4", "3", true},
		{"white space is none", "tokens", "1 2\n", "1\n2", "", "", false},
		{"output ends", "tokens", "1 ", "1 2", "", "2", true},
		{"answer ends", "tokens", "1 2", "1", "2", "", true},
		{"in a line", "lines", "a b \nc  d\n\n", "a b\nc d\n", "c  d", "c d", true},
		{"blank lines at the end", "lines", "a\n\n\n", "a", "", "", false},
		{"every byte", "exact", "a\nb ", "a\nb\n", "b ", "b\n", true},
		{"within the tolerance", "floats:0.001", "1.0001 x", "1 x", "", "", false},
		{"outside of it", "floats:1e-06", "1.0001", "1", "1.0001", "1", true},
		{"no number", "floats:1", "x", "1", "x", "1", true},
		{"whatever their case", "default", "YES", "yes", "", "", false},
		{"case", "default:case_sensitive", "YES", "yes", "YES", "yes", true},
		{"a program's", "kattis:check.cpp", "7", "8", "7", "8", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			a, b, ok := firstDifference(row.checker, row.output, row.answer)
			assert.Equal(t, row.ok, ok)
			assert.Equal(t, row.inOutput, row.output[a.from:a.to])
			assert.Equal(t, row.inAnswer, row.answer[b.from:b.to])
		})
	}
}

// Marks count as JavaScript does, and in what is shown: escapes are longer than what they stand for.
func TestMarkOf(t *testing.T) {
	assert.Equal(t, &htmlMark{0, 1}, markOf("x", span{0, 1}))
	assert.Equal(t, &htmlMark{2, 3}, markOf("😀x", span{4, 5}))
	assert.Equal(t, &htmlMark{4, 8}, markOf("\x1b\x00", span{1, 2}))
}
