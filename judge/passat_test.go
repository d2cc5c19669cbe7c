package judge

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// choose is C(n, k), for small n.
func choose(n, k int) float64 {
	result := 1.0
	for i := range k {
		result *= float64(n-i) / float64(i+1)
	}
	return result
}

func TestPassAtIsTheShareOfChoicesWithAnAcceptedAnswer(t *testing.T) {
	for n := 1; n <= 12; n++ {
		for c := range n + 1 {
			for k := 1; k <= n; k++ {
				assert.InDelta(t, 1-choose(n-c, k)/choose(n, k), passAtOf(n, c, k), 1e-12, "n %d, c %d, k %d", n, c, k)
			}
		}
	}
	assert.InDelta(t, 0.01, passAtOf(100_000, 1_000, 1), 1e-9, "nothing overflows")
}

func TestWilson(t *testing.T) {
	// Newcombe 1998, table I, without continuity correction.
	for _, row := range []struct {
		n, successes int
		low, high    float64
	}{
		{263, 81, 0.2553, 0.3662},
		{148, 15, 0.0624, 0.1605},
		{20, 0, 0, 0.1611},
		{29, 1, 0.0061, 0.1718},
		{10, 10, 0.7225, 1},
	} {
		low, high := wilson(row.n, row.successes)
		assert.InDelta(t, row.low, low, 5e-5, "%d of %d", row.successes, row.n)
		assert.InDelta(t, row.high, high, 5e-5, "%d of %d", row.successes, row.n)
	}
}

func TestSamples(t *testing.T) {
	add := func(s *samples, problem string, verdicts ...Verdict) {
		for _, v := range verdicts {
			s.add(problem, v)
		}
	}
	ten := func(accepted, judgeErrors int) []Verdict {
		result := make([]Verdict, 10)
		for i := range result {
			switch {
			case i < accepted:
				result[i] = Accepted
			case i < accepted+judgeErrors:
				result[i] = JudgeError
			default:
				result[i] = TimeLimit
			}
		}
		return result
	}
	var none samples
	assert.Nil(t, none.passAt(nil))
	add(&none, "", Accepted, WrongAnswer)
	assert.Nil(t, none.passAt(nil), "what answers no problem does not count")

	var one samples
	add(&one, "a", ten(4, 0)...)
	got := one.passAt(nil)
	require.Len(t, got, 3)
	assert.Equal(t, "wilson", got[0].Interval)
	assert.InDelta(t, 0.4, got[0].Value, 1e-12)
	assert.InDelta(t, 0.1682, got[0].Low, 1e-4)
	assert.InDelta(t, 1-math.Pow(1-0.1682, 5), got[1].Low, 1e-3)
	assert.Equal(t, 1.0, got[2].Value)

	var several samples
	for i := range 20 {
		add(&several, fmt.Sprint(i), ten(i/2, i%2)...)
	}
	got = several.passAt(nil)
	require.Len(t, got, 3)
	assert.Equal(t, 20, got[0].Problems)
	assert.Equal(t, 190, got[0].Answers)
	assert.Equal(t, 10, got[0].Excluded, "judge-errors are never wrong answers")
	assert.Equal(t, 10, got[2].Problems)
	assert.Equal(t, 10, got[2].LeftOut, "whose answers were excluded are too few for k = 10")
	for _, p := range got {
		assert.Equal(t, "bootstrap", p.Interval)
		assert.Less(t, p.Low, p.Value)
		assert.Greater(t, p.High, p.Value)
	}
	assert.Equal(t, got, several.passAt([]int{1, 5, 10}), "the same results have the same interval")

	add(&several, "few", Accepted, WrongAnswer)
	assert.Len(t, several.passAt(nil), 1, "k that not all problems have answers for is not estimated")
	assert.Len(t, several.passAt([]int{2, 10, 99}), 2, "unless it is asked for")
}
