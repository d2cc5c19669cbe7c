package queue

// Priority says whose turn it is when jobs wait: a job is taken only when none of a higher priority that the
// worker can do waits. The zero value means Normal.
type Priority string

const (
	Contest Priority = "contest"
	Normal  Priority = "normal"
	Rejudge Priority = "rejudge"
)

// Priorities lists them, the highest first.
var Priorities = []Priority{Contest, Normal, Rejudge}
