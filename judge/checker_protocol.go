package judge

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Exit codes of the Kattis protocol.
const (
	kattisAccepted = 42
	kattisWrong    = 43
)

// Exit codes of testlib.h. A part of the points, _pc(p), is 50+p with p of 200, as testlib.h has it with
// TESTSYS defined; without, it is p itself, which cannot be told from the others.
const (
	testlibOK      = 0
	testlibFail    = 3
	testlibPoints  = 7
	testlibPart    = 50
	testlibPartMax = 200
)

// testlibWrong are the wrong answers: wrong answer, presentation error, dirt, unexpected end of file.
var testlibWrong = []int{1, 2, 4, 8}

// arguments are those that the protocol gives to a checker.
func (t *Tool) arguments() []string {
	if t.Protocol == Testlib {
		return []string{inputPath, outputPath, answerPath}
	}
	return []string{inputPath, answerPath, feedbackPath + "/"}
}

// argumentsOn are all arguments that a checker or an interactor has on a test.
func (t *Tool) argumentsOn(test *TestCase) []string {
	return slices.Concat(t.arguments(), t.Args, test.CheckerArgs)
}

// outcome concludes what a checker's program says from how it ended and what it left.
func (t *Tool) outcome(f Facts, fb feedback, stderr *stream) Outcome {
	if failure := f.toolFailure(); failure != "" {
		return *t.failure(failure, string(stderr.head))
	}
	var o Outcome
	var problem string
	if t.Protocol == Testlib {
		o, problem = testlibOutcome(f.ExitCode, stderr)
	} else {
		o, problem = kattisOutcome(f.ExitCode, fb)
	}
	if problem != "" {
		return *t.failure(problem, string(stderr.head))
	}
	return o
}

// failure is the outcome of a tool that has not judged; texts are what it said instead, the best first.
func (t *Tool) failure(what string, texts ...string) *Outcome {
	message := fmt.Sprintf("%s: %s", t, what)
	for _, text := range texts {
		line := lastLine(text)
		if len(text) >= KeepFeedback { // the end is missing
			line = firstLine(text)
		}
		if line != "" {
			return &Outcome{Failure: message + ": " + line}
		}
	}
	return &Outcome{Failure: message}
}

// toolFailure says what ended a tool before it could exit with a code of its own; empty: nothing.
func (f Facts) toolFailure() string {
	f.ExitCode = 0 // what it means is for the protocol
	switch {
	case f.overMemory():
		return f.memoryMessage()
	case f.overTime():
		return f.timeMessage()
	case f.overOutput():
		return f.outputMessage()
	case f.failed():
		return f.failureMessage()
	}
	return ""
}

func kattisOutcome(code int, fb feedback) (o Outcome, problem string) {
	o = Outcome{Correct: code == kattisAccepted, Judge: fb.judge, Team: fb.team}
	switch {
	case code != kattisAccepted && code != kattisWrong:
		return o, fmt.Sprintf("exit code %d: want 42 for accepted or 43 for wrong-answer", code)
	case fb.problem != "":
		return o, fb.problem
	case fb.nextPass && !o.Correct:
		return o, "feedback/nextpass.in with exit code 43: want 42 when there is to be another pass"
	}
	if fb.judge != nil {
		added := strings.TrimPrefix(fb.judge.Text, fb.told) // a pass adds to what those before have said
		o.Message = cmp.Or(firstLine(added), firstLine(fb.judge.Text))
	}
	if fb.score != nil {
		score, err := parseScore(*fb.score)
		if err != nil {
			return o, "feedback/score.txt: " + err.Error()
		}
		o.Score = &score
	}
	return o, ""
}

func testlibOutcome(code int, stderr *stream) (o Outcome, problem string) {
	said := string(stderr.head)
	if len(said) > 0 {
		o.Judge = NewCapture(stderr.head, stderr.total, KeepFeedback)
	}
	o.Message = firstLine(said)
	part := float64(code-testlibPart) / testlibPartMax
	switch {
	case code == testlibOK:
		o.Correct = true
	case slices.Contains(testlibWrong, code):
	case code == testlibFail:
		return o, "exit code 3, which means that it failed"
	case code == testlibPoints:
		score, err := parseScore(points(said))
		if err != nil {
			return o, `exit code 7 without "points NUMBER" on standard error: ` + err.Error()
		}
		o.Score, o.Correct = &score, score > 0
	case part >= 0 && part <= 1:
		o.Score, o.Correct = &part, part > 0
	default:
		return o, fmt.Sprintf("exit code %d, which testlib does not have", code)
	}
	return o, ""
}

// points is the number that a checker with testlib.h says: "points 0.5 well done".
func points(said string) string {
	words := strings.Fields(said)
	if len(words) > 0 && words[0] == "points" {
		words = words[1:]
	}
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

var decimal = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?$`)

// parseScore reads a decimal number of 0 or more, and nothing else.
func parseScore(text string) (float64, error) {
	text = strings.TrimSpace(text)
	score, err := strconv.ParseFloat(text, 64)
	if err != nil || !decimal.MatchString(text) || math.IsInf(score, 0) || score < 0 {
		return 0, fmt.Errorf("score %s: want a decimal number that is not negative", quoted(text))
	}
	return score + 0, nil
}

// lastLine is the last line that is not blank, in one printable piece: what a program says when it gives up.
func lastLine(text string) string {
	last := ""
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			last = line
		}
	}
	return visibleLine(last)
}

// firstLine is the first line that is not blank, in one printable piece.
func firstLine(text string) string {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			return visibleLine(line)
		}
	}
	return ""
}
