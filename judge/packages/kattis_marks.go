package packages

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"judge/judge"
)

// expectedResults is how a submission says in a comment what is expected of it, as DOMjudge reads it.
var expectedResults = regexp.MustCompile(`(?i)@EXPECTED_(?:RESULTS|SCORE)@:?[ \t]*([a-z_, \t-]+)`)

// resultWords are the words after it.
var resultWords = map[string][]judge.Verdict{
	"CORRECT": {judge.Accepted}, "ACCEPTED": {judge.Accepted}, "AC": {judge.Accepted},
	"WRONG-ANSWER": {judge.WrongAnswer}, "NO-OUTPUT": {judge.WrongAnswer}, "WA": {judge.WrongAnswer},
	"PRESENTATION-ERROR": {judge.WrongAnswer}, "WRONG": {judge.WrongAnswer},
	"TIMELIMIT": {judge.TimeLimit}, "TIME-LIMIT": {judge.TimeLimit}, "TIME-LIMIT-EXCEEDED": {judge.TimeLimit}, "TLE": {judge.TimeLimit},
	"RUN-ERROR": kattisResults["RTE"], "RUN-TIME-ERROR": kattisResults["RTE"], "RUNTIME-ERROR": kattisResults["RTE"],
	"RTE": kattisResults["RTE"], "MEMORY-LIMIT": {judge.MemoryLimit}, "MLE": {judge.MemoryLimit},
	"OUTPUT-LIMIT": {judge.OutputLimit}, "COMPILER-ERROR": {judge.CompileError}, "COMPILE-ERROR": {judge.CompileError},
	"CHECK-MANUALLY": {judge.Accepted, judge.WrongAnswer, judge.TimeLimit, judge.MemoryLimit, judge.OutputLimit, judge.RuntimeError,
		judge.CompileError},
}

// resultWord is a word as resultWords has it.
func resultWord(word string) string { return strings.ReplaceAll(strings.ToUpper(word), "_", "-") }

// marked reads the comments of a submission; false: it has none. Where they differ, what any of them says is
// expected. What begins like one and has other words is prose beside one, and alone a mistake.
func (k *kattis) marked(name string, files []string) (expected []judge.Verdict, ok bool, err error) {
	var mistake error
	differ := false
	for _, file := range files {
		text, _, err := k.text(file)
		if err != nil {
			return nil, false, err
		}
		for _, m := range expectedResults.FindAllStringSubmatch(text, -1) {
			if bare(m[1]) == "" {
				continue // nothing is said
			}
			own, unknown := markedResults(m[1])
			if unknown != "" {
				mistake = cmp.Or[error](mistake, k.tree.fail(file, "@EXPECTED_RESULTS@: unknown result %q", unknown))
				continue
			}
			differ = differ || ok && !slices.Equal(own, expected)
			expected, ok = distinct(append(expected, own...)), true
		}
	}
	if ok {
		mistake = nil
	}
	if differ {
		k.note("%s has comments @EXPECTED_RESULTS@ that differ: any result of theirs is expected", name)
	}
	return expected, ok, mistake
}

// markedResults are the verdicts of a comment, or the first word that is none.
func markedResults(words string) (expected []judge.Verdict, unknown string) {
	for word := range strings.SplitSeq(words, ",") {
		word = resultWord(bare(word))
		verdicts, ok := resultWords[word]
		if !ok {
			return nil, word
		}
		expected = append(expected, verdicts...)
	}
	return distinct(expected), ""
}

// bare are words without what may be around them: "-}" and "--]]" end comments.
func bare(words string) string { return strings.Trim(words, " \t-") }

// distinct are verdicts without those that came before.
func distinct(verdicts []judge.Verdict) []judge.Verdict {
	var once []judge.Verdict
	for _, v := range verdicts {
		if !slices.Contains(once, v) {
			once = append(once, v)
		}
	}
	return once
}
