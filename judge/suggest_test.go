package judge

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNearest(t *testing.T) {
	known := []string{"limits", "tests", "time", "name", "memory"}
	for word, want := range map[string]string{
		"limit": "limits", "Limits": "limits", "lmiits": "limits", "memroy": "memory", "tets": "tests",
		"timeout": "time", "time_limit": "time", "colour": "", "x": "", "": "", strings.Repeat("name", 100): "",
	} {
		assert.Equal(t, want, nearest(word, known), word)
	}
}

// TestOtherNamesAreNoMisspellings: a suggestion that cannot be meant is worse than none.
func TestOtherNamesAreNoMisspellings(t *testing.T) {
	for _, row := range []struct{ word, known, want string }{
		{"9", "1", ""},
		{"x", "y", ""},
		{"X", "x", "x"},
		{"test10", "test1", ""},
		{"large-2", "large-1", ""},
		{"2.in", "1.in", ""},
		{"large2", "large", "large"},
		{"lagre-2", "large-2", "large-2"},
		{"java8", "java", "java"},
	} {
		assert.Equal(t, row.want, nearest(row.word, []string{row.known}), row.word)
	}
}

func TestEditDistance(t *testing.T) {
	for pair, want := range map[[2]string]int{
		{"", ""}: 0, {"a", ""}: 1, {"ab", "ba"}: 1, {"abc", "abc"}: 0, {"kitten", "sitting"}: 3, {"é", "e"}: 1,
	} {
		assert.Equal(t, want, editDistance(pair[0], pair[1]), pair)
		assert.Equal(t, want, editDistance(pair[1], pair[0]), pair)
	}
}
