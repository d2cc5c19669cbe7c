package judge

import (
	"fmt"
	"math"
)

// groupStanding is what is known of a group's tests so far.
type groupStanding struct {
	*Group
	results    int     // tests that were run
	worst, sum float64 // of what these were worth
	worthless  string  // the first test that was worth nothing; empty: none
	deciding   *Record // the first result, in plan order, that is not accepted; nil: none
	lost       bool    // some of the points: groups that depend on this one get none
}

// add takes the next result, and writes into it what it is worth. A checker's score that cannot be one is
// a judge-error.
func (g *groupStanding) add(r *Record) {
	if r.Verdict == Skipped {
		g.lost = true
		if g.deciding == nil {
			g.deciding = r
		}
		return
	}
	if problem := g.scoreProblem(r); problem != "" {
		r.Verdict, r.Reason, r.Message, r.Score = JudgeError, ReasonChecker, problem, nil
	}
	worth := worthOf(r)
	if r.Verdict != JudgeError {
		r.Score = &worth
	}
	if g.results == 0 || worth < g.worst {
		g.worst = worth
	}
	if worth == 0 && g.worthless == "" {
		g.worthless = r.Test
	}
	g.results++
	g.sum += worth
	if r.Verdict != Accepted && g.deciding == nil {
		g.deciding = r
	}
	if r.Verdict != Accepted || g.Score != nil && *g.Score > 0 && worth < 1 {
		g.lost = true
	}
}

// scoreProblem says what is wrong with the score that a checker gave; empty: nothing.
func (g *groupStanding) scoreProblem(r *Record) string {
	switch {
	case r.Score == nil:
	case !(*r.Score >= 0) || math.IsInf(*r.Score, 0):
		return fmt.Sprintf("checker %s: score %v: want a number that is not negative", r.Checker, *r.Score)
	case g.Score != nil && *g.Score > 0 && *r.Score > 1: // of no points, every share is none
		return fmt.Sprintf("checker %s: score %v: group %s has %v points, and a test of it is worth a share from 0 to 1",
			r.Checker, *r.Score, quoted(g.Name), *g.Score)
	}
	return ""
}

// worthOf is a share of the group's score, or points.
func worthOf(r *Record) float64 {
	switch {
	case r.Score != nil && (r.Verdict == Accepted || r.Verdict == WrongAnswer):
		return *r.Score
	case r.Verdict == Accepted:
		return 1
	}
	return 0
}

// points is the group's score as it stands; tests without a result are worth nothing.
func (g *groupStanding) points() float64 {
	value := g.sum
	switch {
	case g.Aggregate == AggregateMin && g.results < len(g.Tests):
		value = 0
	case g.Aggregate == AggregateMin:
		value = g.worst
	case g.Score != nil:
		value /= float64(len(g.Tests))
	}
	if g.Score != nil {
		value *= *g.Score
	}
	return value
}

// roundScore keeps a tenth of three points from looking like 0.30000000000000004.
func roundScore(points float64) float64 { return math.Round(points*1e6) / 1e6 }

// result is what a submission's record says of the group.
func (g *groupStanding) result() GroupResult {
	r := GroupResult{Name: g.Name, Score: roundScore(g.points()), MaxScore: g.Score, Verdict: Accepted}
	if d := g.deciding; d != nil {
		r.Verdict = d.Verdict
		if d.Verdict != Skipped {
			r.Test = d.Test
		}
	}
	return r
}

// GroupResult is what a group came to, in a submission's record.
type GroupResult struct {
	Name     string   `json:"name"`
	Score    float64  `json:"score"`
	MaxScore *float64 `json:"max_score,omitempty"` // absent: the checker gives points
	Verdict  Verdict  `json:"verdict"`             // of the first test that was not accepted
	Test     string   `json:"test,omitempty"`
}

// scoresOf adds up the groups. most is nil when it is not known how many points one of them can give.
func scoresOf(groups []groupStanding) (results []GroupResult, score float64, most *float64) {
	most = new(float64)
	for i := range groups {
		g := &groups[i]
		results = append(results, g.result())
		score += g.points()
		if g.Score == nil {
			most = nil
		}
		if most != nil {
			*most += *g.Score
		}
	}
	return results, roundScore(score), most
}
