package judge

// Group is a set of test cases that give points together.
type Group struct {
	Name      string
	Tests     []int    // indexes of the task's tests, ascending
	Score     float64  // for the whole group; zero: what the checker gives
	Aggregate string   // AggregateMin or AggregateSum
	Depends   []string // groups that must have all their points before this one is run
}

// How the results of a group's test cases make its score.
const (
	AggregateMin = "min" // the worst test's share of the score
	AggregateSum = "sum" // each test has an equal share of the score
)
