package judge

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func naive(spec CheckerSpec, answer, output string) bool {
	switch spec.Name {
	case "exact":
		return answer == output
	case "lines":
		return naiveLines(answer) == naiveLines(output)
	}
	if spec.Name == "default" && spec.Comparison.SpaceSensitive {
		return answer == output
	}
	a, o := asciiFields(answer), asciiFields(output)
	return slices.EqualFunc(a, o, func(a, o string) bool {
		switch {
		case spec.Name == "floats":
			return naiveAgree(a, o, spec.Tolerance)
		case spec.Comparison.Floats && isFinite(a) && isFinite(o):
			return naiveAgree(a, o, spec.Comparison.Absolute)
		case spec.Name == "default" && !spec.Comparison.CaseSensitive:
			return asciiLower(a) == asciiLower(o)
		}
		return a == o
	})
}

func isFinite(token string) bool {
	x, ok := number([]byte(token))
	return ok && !math.IsNaN(x) && !math.IsInf(x, 0)
}

func asciiLower(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] = lower(b[i])
	}
	return string(b)
}

func naiveLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t\v\f\r")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

func asciiFields(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r < 128 && space[r] })
}

func naiveAgree(a, o string, tolerance float64) bool {
	x, okX := number([]byte(o))
	y, okY := number([]byte(a))
	if !okX || !okY || len(a) > longestNumber || len(o) > longestNumber {
		return a == o
	}
	return x == y || !math.IsInf(x, 0) && !math.IsInf(y, 0) && math.Abs(x-y) <= tolerance*max(1, math.Abs(y))
}

var everySpec = []CheckerSpec{
	{Name: "exact"}, {Name: "lines"}, {Name: "tokens"}, floats(0.1),
	{Name: "default"}, {Name: "default", Comparison: Comparison{CaseSensitive: true, SpaceSensitive: true}},
	{Name: "default", Comparison: Comparison{CaseSensitive: true, Floats: true, Absolute: 0.1, Relative: 0.1}},
}

// compareWithNaive gives the same output in several pieces; the outcome may not depend on them.
func compareWithNaive(t *testing.T, answer, output string, piece int) {
	for _, spec := range everySpec {
		got := check(t, spec, strings.NewReader(answer), output, piece)
		require.Equal(t, naive(spec, answer, output), got.Correct, "%s: answer %q, output %q, pieces of %d", spec, answer, output, piece)
		require.Equal(t, got.Correct, got.Message == "")
		require.Equal(t, got.Message, Visible(got.Message))
		require.Less(t, len(got.Message), 1000)
		whole := check(t, spec, iotest.HalfReader(strings.NewReader(answer)), output, 0)
		require.Equal(t, whole, got, "%s: answer %q, output %q, pieces of %d", spec, answer, output, piece)
	}
}

func TestCheckersAgreeWithNaiveOnes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{" ", " ", "\n", "\n", "\t", "\r\n", "1", "2", "1.0", "1.05", "nan", "NaN", "+nan", "n", "a", "A", "é", "\x00", "\xff", "\u00a0", strings.Repeat("9", 600), strings.Repeat(" ", 300)}
	text := func() string {
		var b strings.Builder
		for range random.IntN(12) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		return b.String()
	}
	for range 1000 {
		answer := text()
		output := answer
		if random.IntN(4) > 0 { // else equal
			i := random.IntN(len(answer) + 1)
			j := min(len(answer), i+random.IntN(3))
			output = answer[:i] + pieces[random.IntN(len(pieces))] + answer[j:]
		}
		if random.IntN(4) == 0 {
			output = text()
		}
		compareWithNaive(t, answer, output, 1+random.IntN(8))
	}
}

func FuzzCheckers(f *testing.F) {
	f.Add("1 2\n", "1 2 \r\n\n", 1)
	f.Add("1.0 nan inf\n", "1.05 nan inf", 3)
	f.Add("a\t \nb", "a \t\nb\n\n", 2)
	f.Add("\xff\x00\u202e", "\xff \x00", 5)
	f.Add(strings.Repeat("9", 1025)+" 1", strings.Repeat("9", 1025)+"  1.01", 1000)
	f.Add(strings.Repeat("9", 932), strings.Repeat("9", 1025)+"  1.01", 941)
	f.Fuzz(func(t *testing.T, answer, output string, piece int) {
		compareWithNaive(t, answer, output, max(1, piece))
	})
}
