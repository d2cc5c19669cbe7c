package theme

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"

	"judge/judge"
)

func TestEveryVerdictHasItsColours(t *testing.T) {
	sheet := Sheet(".own { color: var(--text); }\n")
	assert.Contains(t, sheet, ".own {")
	defined := map[string]int{}
	for _, m := range regexp.MustCompile(`(--[a-z-]+):`).FindAllStringSubmatch(sheet, -1) {
		defined[m[1]]++
	}
	for name, n := range defined {
		assert.Equal(t, 2, n, "%s: by day and by night", name)
	}
	for _, m := range regexp.MustCompile(`var\((--[a-z-]+)\)`).FindAllStringSubmatch(sheet, -1) {
		assert.Contains(t, defined, m[1])
	}
	for _, v := range judge.Verdicts {
		assert.Contains(t, sheet, ".v-"+string(v)+" {")
		assert.Contains(t, defined, "--v-"+string(v)+"-text")
	}
}
