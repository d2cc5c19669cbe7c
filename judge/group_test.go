package judge

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// groupsFrom reads groups as "name tests score aggregate depends": tests are letters, "-" is no score or
// no dependency.
func groupsFrom(t testing.TB, tests string, lines ...string) []Group {
	var groups []Group
	for _, line := range lines {
		words := strings.Fields(line)
		require.Len(t, words, 5, line)
		g := Group{Name: words[0], Aggregate: words[3]}
		for _, test := range words[1] {
			g.Tests = append(g.Tests, strings.IndexRune(tests, test))
		}
		if words[2] != "-" {
			var score float64
			_, err := fmt.Sscan(words[2], &score)
			require.NoError(t, err)
			g.Score = &score
		}
		if words[4] != "-" {
			g.Depends = strings.Split(words[4], ",")
		}
		groups = append(groups, g)
	}
	return groups
}

func testCases(names string) []TestCase {
	var tests []TestCase
	for _, name := range names {
		tests = append(tests, TestCase{Name: string(name)})
	}
	return tests
}

func TestScores(t *testing.T) {
	const (
		ok   = "ok"   // accepted
		wa   = "wa"   // wrong-answer
		tle  = "tle"  // time-limit
		fail = "fail" // judge-error
	) // 0.5: accepted with this score of the checker; ~0.5: wrong-answer with it
	samples := []string{"samples ab 0 min -", "small cd 40 min samples", "large ef 60 min small"}
	cases := []struct {
		name   string
		groups []string
		all    bool
		tests  string // results that the tests would have, in order
		want   string // the records' scores or reasons; then points, verdict and test of groups and submission
	}{
		{"all accepted", samples, false, "ok ok ok ok ok ok",
			"1 1 1 1 1 1: samples 0 accepted, small 40 accepted, large 60 accepted: 100 of 100 accepted"},
		{"a min group ends with its first test without points", []string{"x ab 40 min -", "y cd 60 min -"}, false, "wa ok ok ok",
			"0 group 1 1: x 0 wrong-answer a, y 60 accepted: 60 of 100 wrong-answer a"},
		{"a group that another depends on", samples, false, "ok ok ok tle ok ok",
			"1 1 1 0 depends depends: samples 0 accepted, small 0 time-limit d, large 0 skipped: 0 of 100 time-limit d"},
		{"dependencies go on", samples, false, "wa ok ok ok ok ok",
			"0 group depends depends depends depends: samples 0 wrong-answer a, small 0 skipped, large 0 skipped: 0 of 100 wrong-answer a"},
		{"all tests", samples, true, "wa ok ok ok ok ok",
			"0 1 depends depends depends depends: samples 0 wrong-answer a, small 0 skipped, large 0 skipped: 0 of 100 wrong-answer a"},
		{"all tests of a min group", []string{"x abc 30 min -"}, true, "ok wa ok",
			"1 0 1: x 0 wrong-answer b: 0 of 30 wrong-answer b"},
		{"sum is the mean share", []string{"x abc 30 sum -", "y d 10 sum -"}, false, "ok wa ok ok",
			"1 0 1 1: x 20 wrong-answer b, y 10 accepted: 30 of 40 wrong-answer b"},
		{"thirds", []string{"x abc 100 sum -"}, false, "ok wa wa",
			"1 0 0: x 33.333333 wrong-answer b: 33.333333 of 100 wrong-answer b"},
		{"the checker's share, worst", []string{"x abc 50 min -"}, false, "0.5 ok 0.8",
			"0.5 1 0.8: x 25 accepted: 25 of 50 accepted"},
		{"the checker's share, mean", []string{"x ab 50 sum -"}, false, "0.5 0.25",
			"0.5 0.25: x 18.75 accepted: 18.75 of 50 accepted"},
		{"a share of a wrong answer", []string{"x ab 50 sum -"}, false, "~0.5 ok",
			"0.5 1: x 37.5 wrong-answer a: 37.5 of 50 wrong-answer a"},
		{"a share that is not all loses a dependent group", []string{"x a 50 min -", "y b 50 min x"}, false, "0.5 ok",
			"0.5 depends: x 25 accepted, y 0 skipped: 25 of 100 accepted"},
		{"the checker's points, sum", []string{"x abc - sum -"}, false, "12.5 ok ~3",
			"12.5 1 3: x 16.5 wrong-answer c: 16.5 wrong-answer c"},
		{"the checker's points, worst", []string{"x abc - min -", "y d 10 min -"}, false, "12.5 7 20 ok",
			"12.5 7 20 1: x 7 accepted, y 10 accepted: 17 accepted"},
		{"points that are not all do not lose a dependent group", []string{"x a - sum -", "y b 50 min x"}, false, "12.5 ok",
			"12.5 1: x 12.5 accepted, y 50 accepted: 62.5 accepted"},
		{"no share above 1", []string{"x ab 50 sum -", "y c 10 sum -"}, false, "ok 17 ok",
			"1 judge-error decided: judge-error b"},
		{"no negative points", []string{"x ab - sum -"}, false, "ok -1",
			"1 judge-error: judge-error b"},
		{"a judge-error decides before a failure", []string{"x a 50 sum -", "y b 50 sum -", "z c 1 sum -"}, false, "wa fail ok",
			"0 judge-error decided: judge-error b"},
		{"pass or fail", nil, false, "ok wa ok",
			"- - decided: wrong-answer b"},
		{"pass or fail, all tests", nil, true, "ok wa ok",
			"- - -: wrong-answer b"},
		{"pass or fail with a checker's score", nil, false, "0.5 ok",
			"0.5 -: accepted"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			results := strings.Fields(c.tests)
			names := "abcdefgh"[:len(results)]
			task := Task{Tests: testCases(names), Groups: groupsFrom(t, names, c.groups...)}
			known := newStanding(&task, c.all)
			var records []string
			for i, result := range results {
				r := &Record{Kind: KindRun, Test: task.Tests[i].Name, Checker: "kattis"}
				var share float64
				switch result {
				case ok:
					r.Verdict = Accepted
				case wa:
					r.Verdict = WrongAnswer
				case tle:
					r.Verdict = TimeLimit
				case fail:
					r.Verdict = JudgeError
				default:
					number, wrong := strings.CutPrefix(result, "~")
					_, err := fmt.Sscan(number, &share)
					require.NoError(t, err)
					r.Score, r.Verdict = &share, Accepted
					if wrong {
						r.Verdict = WrongAnswer
					}
				}
				if reason, message := known.skips(i); reason != "" {
					assert.NotEmpty(t, message)
					*r = Record{Kind: KindRun, Test: r.Test, Verdict: Skipped, Reason: reason}
				}
				known.add(r)
				switch {
				case r.Verdict == Skipped:
					records = append(records, r.Reason)
				case r.Verdict == JudgeError:
					records = append(records, string(JudgeError))
				case r.Score != nil:
					records = append(records, fmt.Sprint(*r.Score))
				default:
					records = append(records, "-")
				}
			}
			submission := known.record("t", &Submission{Expected: []Verdict{Accepted}}, len(results))
			assert.Equal(t, c.want, strings.Join(records, " ")+": "+outcome(submission))
		})
	}
}

// outcome draws what a submission's record says of scores.
func outcome(r *Record) string {
	var groups []string
	for _, g := range r.Groups {
		groups = append(groups, strings.TrimSpace(fmt.Sprint(g.Name, " ", g.Score, " ", g.Verdict, " ", g.Test)))
	}
	var parts []string
	if groups != nil {
		parts = append(parts, strings.Join(groups, ", ")+":")
	}
	if r.Score != nil {
		parts = append(parts, fmt.Sprint(*r.Score))
	}
	if r.MaxScore != nil {
		parts = append(parts, fmt.Sprint("of ", *r.MaxScore))
	}
	return strings.TrimSpace(strings.Join(append(parts, string(r.Verdict), r.Test), " "))
}

func TestCompileErrorOfAScoredTaskHasNoPoints(t *testing.T) {
	known := newStanding(&Task{Groups: groupsFrom(t, "ab", "x ab 40 min -")}, false)
	known.add(&Record{Kind: KindCompile, Verdict: CompileError})
	assert.Equal(t, "0 of 40 compile-error", outcome(known.record("t", &Submission{}, 2)))
}

func TestExpectedScores(t *testing.T) {
	forty := 40.0
	cases := []struct {
		name     string
		expected []Verdict
		scores   *ScoreRange
		verdict  Verdict
		score    *float64
		want     bool
	}{
		{"the verdict", []Verdict{WrongAnswer}, nil, WrongAnswer, &forty, true},
		{"another verdict", []Verdict{Accepted}, nil, WrongAnswer, &forty, false},
		{"the score, whatever the verdict", nil, &ScoreRange{40, 40}, TimeLimit, &forty, true},
		{"another score", nil, &ScoreRange{41, 50}, TimeLimit, &forty, false},
		{"a range", nil, &ScoreRange{20, 40}, WrongAnswer, &forty, true},
		{"as exactly as scores are shown", nil, &ScoreRange{39.9999999, 39.9999999}, WrongAnswer, &forty, true},
		{"score and verdict", []Verdict{WrongAnswer}, &ScoreRange{40, 40}, WrongAnswer, &forty, true},
		{"score without the verdict", []Verdict{TimeLimit}, &ScoreRange{40, 40}, WrongAnswer, &forty, false},
		{"no score", nil, &ScoreRange{0, 100}, Accepted, nil, false},
		{"our failure", nil, &ScoreRange{0, 100}, JudgeError, &forty, false},
		{"not judged", nil, &ScoreRange{0, 100}, Skipped, &forty, false},
	}
	for _, c := range cases {
		s := Submission{Expected: c.expected, ExpectedScore: c.scores}
		assert.Equal(t, c.want, s.expects(&Record{Verdict: c.verdict, Score: c.score}), c.name)
	}
}

// drawn shows groups and the order of tests.
func drawn(groups []Group, tests []TestCase) string {
	var parts []string
	for _, g := range groups {
		text := g.Name + "="
		for _, test := range g.Tests {
			text += tests[test].Name
		}
		parts = append(parts, text+strings.Join(append([]string{""}, g.Depends...), " <"))
	}
	return strings.Join(parts, " ")
}

func TestGroupsFollowThoseTheyDependOn(t *testing.T) {
	cases := []struct {
		name   string
		groups []string
		want   string
		err    string
	}{
		{"as they are", []string{"x ab 1 min -", "y cd 1 min x"}, "x=ab y=cd <x", ""},
		{"tests by groups", []string{"x ac 1 min -", "y bd 1 min -"}, "x=ac y=bd", ""},
		{"turned round", []string{"x ab 1 min y", "y cd 1 min -"}, "y=cd x=ab <y", ""},
		{"no further than needed", []string{"x a 1 min z", "y b 1 min -", "z c 1 min -", "u d 1 min -"}, "y=b z=c x=a <z u=d", ""},
		{"of two", []string{"x ab 1 min y,z", "y c 1 min -", "z d 1 min y"}, "y=c z=d <y x=ab <y <z", ""},
		{"circle", []string{"x ab 1 min z", "y c 1 min x", "z d 1 min y"}, "", "is a circle: x -> z -> y -> x"},
		{"of itself", []string{"x ab 1 min -", "y cd 1 min y"}, "", "is a circle: y -> y"},
		{"behind a circle", []string{"x ab 1 min y", "y c 1 min z", "z d 1 min y"}, "", "is a circle: y -> z -> y"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			groups, tests, err := arrange(groupsFrom(t, "abcd", c.groups...), testCases("abcd"))
			if c.err != "" {
				assert.EqualError(t, err, c.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, drawn(groups, tests))
			next := 0
			for _, g := range groups {
				for _, test := range g.Tests {
					assert.Equal(t, next, test)
					next++
				}
			}
		})
	}
}

func TestGroupsOfASelection(t *testing.T) {
	groups := groupsFrom(t, "abcdef", "x ab 1 min -", "y cd 1 min x", "z ef 1 min x,y")
	cases := []struct {
		kept []int
		want string
	}{
		{[]int{0, 1, 2, 3, 4, 5}, "x=ab y=cd <x z=ef <x <y"},
		{[]int{1, 4}, "x=b z=e <x"},
		{[]int{3}, "y=d"},
		{nil, ""},
	}
	for _, c := range cases {
		part := withTests(&Task{Groups: groups, Tests: testCases("abcdef")}, c.kept)
		assert.Equal(t, c.want, drawn(part.Groups, part.Tests), "%v", c.kept)
	}
	assert.Equal(t, []string{"x", "y"}, groups[2].Depends, "the task's own are not changed")
}
