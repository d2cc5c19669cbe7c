package judge

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestGroupsAreRead(t *testing.T) {
	tasks, _ := load(t, `
[defaults]
command = ["true"]
checker = "none"
tests = ["t/*.in"]
rerun = 2

[[task]]
name = "scored"
rerun_band = "2.5%"
repeat = 5
expect = { "true" = { score = [20, 40.5], verdict = "wrong-answer" } }
[[task.group]]
name = "large"
tests = ["b*", "b1"]
score = 60.5
depends = ["small"]
[[task.group]]
name = "small"
tests = ["a*"]
aggregate = "sum"
score = 0
[[task.group]]
name = "points"
tests = ["c"]

[[task]]
name = "plain"
expect = { "true" = "accepted" }
`, "t/a1.in t/a2.in t/b1.in t/b2.in t/c.in")
	scored, plain := tasks[0], tasks[1]

	assert.Equal(t, []string{"a1", "a2", "b1", "b2", "c"}, names(scored.Tests))
	none, large := 0.0, 60.5
	assert.Equal(t, []Group{
		{Name: "small", Tests: []int{0, 1}, Score: &none, Aggregate: AggregateSum},
		{Name: "large", Tests: []int{2, 3}, Score: &large, Aggregate: AggregateMin, Depends: []string{"small"}},
		{Name: "points", Tests: []int{4}, Aggregate: AggregateMin},
	}, scored.Groups)
	assert.Equal(t, &ScoreRange{20, 40.5}, scored.Submissions[0].ExpectedScore)
	assert.Equal(t, []Verdict{WrongAnswer}, scored.Submissions[0].Expected)
	assert.Equal(t, Rerun{Times: 2, Band: 0.025}, scored.Rerun)
	assert.Equal(t, 5, scored.Repeat)

	assert.Empty(t, plain.Groups)
	assert.Nil(t, plain.Submissions[0].ExpectedScore)
	assert.Equal(t, Rerun{Times: 2, Band: 0.1}, plain.Rerun)
	assert.Equal(t, 1, plain.Repeat)
}
