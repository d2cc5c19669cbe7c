package judge

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// nearest finds the word that a misspelt one most likely means: at most a third of it wrong, or one
// is the beginning of the other. It is empty when nothing is near; another number is no misspelling.
func nearest(word string, among []string) string {
	if utf8.RuneCountInString(word) > 64 {
		return ""
	}
	best, bestDistance := "", utf8.RuneCountInString(word)/3+1
	for _, candidate := range slices.Sorted(slices.Values(among)) {
		if utf8.RuneCountInString(candidate) > 96 || otherNumber(word, candidate) {
			continue
		}
		if d := editDistance(strings.ToLower(word), strings.ToLower(candidate)); d < bestDistance {
			best, bestDistance = candidate, d
		}
	}
	if best != "" {
		return best
	}
	for _, candidate := range slices.Sorted(slices.Values(among)) {
		if short := min(len(word), len(candidate)); short >= 3 && word[:short] == candidate[:short] && !otherNumber(word, candidate) {
			return candidate
		}
	}
	return ""
}

// otherNumber says whether two words with numbers in them differ in these alone: 9 is not meant for 1, nor
// large-2 for large-1.
func otherNumber(a, b string) bool {
	isDigit := func(r rune) bool { return '0' <= r && r <= '9' }
	wordsOf := func(s string) []string { return strings.FieldsFunc(s, isDigit) }
	return a != b && strings.ContainsFunc(a, isDigit) && strings.ContainsFunc(b, isDigit) && slices.Equal(wordsOf(a), wordsOf(b))
}

// didYouMean is the suggestion line for a misspelt word, or empty.
func didYouMean(word string, among []string) string {
	if near := nearest(word, among); near != "" {
		return "did you mean " + quoted(near) + "?"
	}
	return ""
}

// editDistance counts the insertions, deletions, changes and swaps of neighbours that turn a into b.
func editDistance(a, b string) int {
	s, t := []rune(a), []rune(b)
	before, last, row := make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row[0] = i
		for j := 1; j <= len(t); j++ {
			change := last[j-1]
			if s[i-1] != t[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(t)]
}
