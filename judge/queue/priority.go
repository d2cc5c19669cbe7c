package queue

import "cmp"

// Priority says whose turn it is when jobs wait: a job is taken only when none of a higher priority that the
// worker can do waits. The zero value means Normal.
type Priority string

const (
	Contest Priority = "contest"
	Normal  Priority = "normal"
	Rejudge Priority = "rejudge"
)

// Above tells whether jobs of p are taken before those of another.
func (p Priority) Above(other Priority) bool {
	return rank(cmp.Or(p, Normal)) < rank(cmp.Or(other, Normal))
}

// Priorities lists them, the highest first.
var Priorities = []Priority{Contest, Normal, Rejudge}
