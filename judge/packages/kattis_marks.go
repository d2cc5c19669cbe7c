package packages

import (
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
	"TIMELIMIT": {judge.TimeLimit}, "TIME-LIMIT-EXCEEDED": {judge.TimeLimit}, "TLE": {judge.TimeLimit},
	"RUN-ERROR": kattisResults["RTE"], "RUN-TIME-ERROR": kattisResults["RTE"], "RUNTIME-ERROR": kattisResults["RTE"],
	"RTE": kattisResults["RTE"], "MEMORY-LIMIT": {judge.MemoryLimit}, "MLE": {judge.MemoryLimit},
	"OUTPUT-LIMIT": {judge.OutputLimit}, "COMPILER-ERROR": {judge.CompileError}, "COMPILE-ERROR": {judge.CompileError},
}

// resultWord is a word as resultWords has it.
func resultWord(word string) string { return strings.ReplaceAll(strings.ToUpper(word), "_", "-") }

// marked reads the comment of a submission; false: it has none.
func (k *kattis) marked(files []string) ([]judge.Verdict, bool, error) {
	for _, file := range files {
		text, _, err := k.text(file)
		if err != nil {
			return nil, false, err
		}
		m := expectedResults.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		var expected []judge.Verdict
		for word := range strings.SplitSeq(m[1], ",") {
			word = resultWord(strings.Trim(word, " \t-")) // "-}" and "--]]" end comments
			verdicts, ok := resultWords[word]
			if !ok {
				return nil, false, k.tree.fail(file, "@EXPECTED_RESULTS@: unknown result %q", word)
			}
			for _, v := range verdicts {
				if !slices.Contains(expected, v) {
					expected = append(expected, v)
				}
			}
		}
		return expected, true, nil
	}
	return nil, false, nil
}
