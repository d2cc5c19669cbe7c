package judge

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDefaultChecker(t *testing.T) {
	long := strings.Repeat("a", 3000)
	tests := []struct {
		name, flags, answer, output string
		want                        string // the message; empty: correct
	}{
		{"equal", "", "a b\n", "a b\n", ""},
		{"white space", "", "a b\n", "\n a\t\r\n  b", ""},
		{"case", "", "YES no", "yes NO", ""},
		{"case of ASCII only", "", "É", "é", `line 1, column 1: expected "É", found "é"`},
		{"case that counts", "case_sensitive", "YES", "yes", `line 1, column 1: expected "YES", found "yes"`},
		{"not just any byte 32 apart", "", "@[", "`{", "line 1, column 1: expected \"@[\", found \"`{\""},
		{"a token that is longer", "", "ab", "abc", `line 1, column 1: expected "ab", found "abc"`},
		{"a token that is shorter", "", "abc d", "ab d", `line 1, column 1: expected "abc", found "ab"`},
		{"tokens joined", "", "a b", "ab", `line 1, column 1: expected "a", found "ab"`},
		{"missing", "", "a\nb\n", "a\n", `line 2: expected "b", found end of output`},
		{"too much", "", "a\n", "a\nb\n", `line 2: expected end of output, found "b"`},
		{"nothing", "", "\n", "", ""},
		{"long tokens", "", long, strings.ToUpper(long), ""},
		{"long tokens and numbers", "float_tolerance 1e-6", long + " 1", strings.ToUpper(long) + " 1.0", ""},
		{"numbers are text", "", "1.0", "1", `line 1, column 1: expected "1.0", found "1"`},
		{"numbers", "float_tolerance 1e-2", "1.0 200 x", "0.995 199 X", ""},
		{"another notation", "float_tolerance 0", "0.0314", "3.14000000e-2", ""},
		{"too far", "float_tolerance 1e-2", "1.0", "0.98", `line 1, column 1: expected "1.0", found "0.98" (0.02 apart)`},
		{"absolute alone", "float_absolute_tolerance 1e-2", "200", "199", `line 1, column 1: expected "200", found "199" (1 apart)`},
		{"relative alone", "float_relative_tolerance 1e-2", "0", "0.001", `line 1, column 1: expected "0", found "0.001" (0.001 apart)`},
		{"one of both", "float_absolute_tolerance 0.1 float_relative_tolerance 0.01", "200 0", "199 0.1", ""},
		{"text for a number", "float_tolerance 1", "1", "one", `line 1, column 1: expected "1", found "one"`},
		{"a number for text", "float_tolerance 1", "one", "1", `line 1, column 1: expected "one", found "1"`},
		{"no number", "float_tolerance 1", "1", "nan", `line 1, column 1: expected "1", found "nan"`},
		{"no numbers", "float_tolerance 1", "nan inf", "NaN INF", ""},
		{"white space that counts", "space_change_sensitive", "a b\n", "A b\n", ""},
		{"more of it", "space_change_sensitive", "a b\n", "a  b\n", `line 1, column 3: expected "a b\n", found "a  b\n"`},
		{"less of it at the end", "space_change_sensitive", "a b\n", "a b", `line 1, column 4: expected "a b\n", found "a b"`},
		{"it and numbers", "space_change_sensitive float_tolerance 1e-3", "1 2\n", "1.0 2.0001\n", ""},
		{"less of it and numbers", "space_change_sensitive float_tolerance 1e-3", "1  2\n", "1 2\n", `line 1, column 3: expected "1  2\n", found "1 2\n"`},
		{"too much of it and numbers", "space_change_sensitive float_tolerance 1e-3", "1 2\n", "1\t2\n", `line 1, column 2: expected "1 2\n", found "1\t2\n"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rules, err := ParseComparison(strings.Fields(tt.flags))
			require.NoError(t, err)
			for _, size := range []int{1, 2, 7, len(tt.output) + 1} {
				c, err := NewChecker(CheckerSpec{Name: "default", Comparison: rules}, strings.NewReader(tt.answer))
				require.NoError(t, err)
				for rest := tt.output; rest != ""; {
					n := min(size, len(rest))
					c.Write([]byte(rest[:n]))
					rest = rest[n:]
				}
				outcome, err := c.Finish()
				require.NoError(t, err)
				assert.Equal(t, tt.want == "", outcome.Correct, "pieces of %d: %s", size, outcome.Message)
				assert.Equal(t, tt.want, outcome.Message, "pieces of %d", size)
			}
		})
	}
}

func TestComparisonIsReadAsItIsWritten(t *testing.T) {
	for _, flags := range []string{"", "case_sensitive space_change_sensitive", "float_tolerance 1e-06", "float_absolute_tolerance 0.5",
		"case_sensitive float_relative_tolerance 0.001", "float_absolute_tolerance 1 float_relative_tolerance 2", "float_tolerance 0"} {
		c, err := ParseComparison(strings.Fields(flags))
		require.NoError(t, err)
		assert.Equal(t, flags, strings.TrimSpace(c.String()))
	}
}

func TestComparisonMistakes(t *testing.T) {
	for flags, want := range map[string]string{
		"sensible":                      `"sensible": want case_sensitive, space_change_sensitive, float_tolerance N, float_absolute_tolerance N or float_relative_tolerance N`,
		"float_tolerance":               "float_tolerance: a number is missing after it",
		"float_tolerance x":             `float_tolerance "x": want a decimal number that is not negative`,
		"float_tolerance -1":            `float_tolerance "-1": want a decimal number that is not negative`,
		"case_sensitive case_sensitive": `"case_sensitive" is there twice`,
		"float_tolerance 1 float_absolute_tolerance 1": "float_tolerance: is both tolerances, and one of them is there as well",
	} {
		_, err := ParseComparison(strings.Fields(flags))
		assert.EqualError(t, err, want)
	}
}

func TestCheckerArgsWantACheckerThatListens(t *testing.T) {
	for checker, want := range map[string]string{
		"tokens":  `checker_args: want a checker or an interactor that is a program, or the checker "default"`,
		"default": `checker_args: "x": want case_sensitive, space_change_sensitive, float_tolerance N, float_absolute_tolerance N or float_relative_tolerance N`,
	} {
		_, err := LoadFiles(TaskFile{Name: "tasks.toml", Dir: t.TempDir(), Text: `
[[task]]
name = "t"
command = ["true"]
checker = "` + checker + `"
test = [{ name = "1", input = "", answer = "", checker_args = ["x"] }]
`})
		assert.ErrorContains(t, err, `tasks.toml:6: task "t": test "1": `+want)
	}
}
