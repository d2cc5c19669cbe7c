package judge

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// check gives output to a checker in pieces of the given size, 0 being all at once.
func check(t testing.TB, spec CheckerSpec, answer io.Reader, output string, piece int) Outcome {
	t.Helper()
	c, err := NewChecker(spec, answer)
	require.NoError(t, err)
	for rest := []byte(output); len(rest) > 0; {
		n := len(rest)
		if piece > 0 {
			n = min(n, piece)
		}
		written, err := c.Write(rest[:n])
		require.NoError(t, err)
		require.Equal(t, n, written)
		for i := range n {
			rest[i] = '#' // a checker keeps nothing of what it was given
		}
		rest = rest[n:]
	}
	outcome, err := c.Finish()
	require.NoError(t, err)
	return outcome
}

func floats(tolerance float64) CheckerSpec { return CheckerSpec{Name: "floats", Tolerance: tolerance} }

func TestCheckers(t *testing.T) {
	exact, lines, tokens := CheckerSpec{Name: "exact"}, CheckerSpec{Name: "lines"}, CheckerSpec{Name: "tokens"}
	long := strings.Repeat("7", 5000)
	tests := []struct {
		name           string
		spec           CheckerSpec
		answer, output string
		message        string // empty: correct
	}{
		{"exact: equal", exact, "17\n", "17\n", ""},
		{"exact: both empty", exact, "", "", ""},
		{"exact: one byte", exact, "1 2\n1 17\n", "1 2\n1 18\n", `line 2, column 4: expected "1 17\n", found "1 18\n"`},
		{"exact: newline missing", exact, "17\n", "17", `line 1, column 3: expected "17\n", found "17"`},
		{"exact: newline too many", exact, "17", "17\n", `line 1, column 3: expected "17", found "17\n"`},
		{"exact: line too many", exact, "17\n", "17\nx", `line 2: expected end of output, found "x"`},
		{"exact: line missing", exact, "17\nx", "17\n", `line 2: expected "x", found end of output`},
		{"exact: nothing printed", exact, "17\n", "", `line 1: expected "17\n", found end of output`},
		{"exact: CR LF", exact, "17\n", "17\r\n", `line 1, column 3: expected "17\n", found "17\r\n"`},

		{"lines: equal", lines, "1 2\n3\n", "1 2\n3\n", ""},
		{"lines: trailing white space", lines, "1 2\n3\n", "1 2 \t\n3\r\n\v\f\n  ", ""},
		{"lines: trailing white space of the answer", lines, "1 2 \t \n3 \n \n", "1 2\n3", ""},
		{"lines: other trailing white space", lines, "1 2 \t \n3 \n", "1 2\t\n3\t\n", ""},
		{"lines: blank line inside", lines, "1\n2\n", "1\n\n2\n", `line 2, column 1: expected "2", found ""`},
		{"lines: blank line missing", lines, "1\n\n2\n", "1\n2\n", `line 2, column 1: expected "", found "2"`},
		{"lines: leading white space", lines, "1\n", " 1\n", `line 1, column 1: expected "1", found " 1"`},
		{"lines: space inside", lines, "1 2\n", "1  2\n", `line 1, column 3: expected "1 2", found "1  2"`},
		{"lines: tab inside", lines, "1 2\n", "1\t2\n", `line 1, column 3: expected "1 2", found "1\t2"`},
		{"lines: more after trailing space", lines, "1 2\n", "1 2  3\n", `line 1, column 6: expected "1 2", found "1 2  3"`},
		{"lines: less after trailing space", lines, "1 2  3\n", "1 2 \n", `line 1, column 5: expected "1 2  3", found "1 2"`},
		{"lines: line cut", lines, "1 2 3\n", "1 2", `line 1, column 4: expected "1 2 3", found "1 2"`},
		{"lines: line too many", lines, "1\n", "1\n\n\nx\n", `line 4: expected end of output, found "x"`},
		{"lines: line missing", lines, "1\n\n\nx\n", "1\n", `line 4: expected "x", found end of output`},
		{"lines: nothing printed", lines, "1\n", "", `line 1: expected "1", found end of output`},
		{"lines: nothing wanted", lines, "\n", " \n", ""},

		{"tokens: equal", tokens, "1 2 3\n", "1 2 3\n", ""},
		{"tokens: other white space", tokens, "1 2 3\n", "\n1\t2\r\n\v3\f", ""},
		{"tokens: no white space at the end", tokens, "1 2 3\n", "1 2 3", ""},
		{"tokens: nothing wanted", tokens, "", " \n", ""},
		{"tokens: wrong", tokens, "1 2\n3 4 17\n", "1 2\n3 4 18\n", `line 2, column 5: expected "17", found "18"`},
		{"tokens: longer", tokens, "1\n", "12\n", `line 1, column 1: expected "1", found "12"`},
		{"tokens: shorter", tokens, "12\n", "1\n", `line 1, column 1: expected "12", found "1"`},
		{"tokens: shorter at the end", tokens, "12", "1", `line 1, column 1: expected "12", found "1"`},
		{"tokens: joined", tokens, "1 2", "12", `line 1, column 1: expected "1", found "12"`},
		{"tokens: split", tokens, "12", "1 2", `line 1, column 1: expected "12", found "1"`},
		{"tokens: too many", tokens, "1\n2\n", "1\n2\n\nx\n", `line 4: expected end of output, found "x"`},
		{"tokens: too many on the line", tokens, "1", "1 2", `line 1: expected end of output, found "2"`},
		{"tokens: too few", tokens, "1\n2\n", "1\n", `line 2: expected "2", found end of output`},
		{"tokens: too few, space after", tokens, "1\n2\n", "1 \n", `line 2: expected "2", found end of output`},
		{"tokens: none", tokens, "1\n", "\n\n", `line 3: expected "1", found end of output`},
		{"tokens: NUL", tokens, "SAFE\n", "SAFE\x00x\n", `line 1, column 1: expected "SAFE", found "SAFE\x00x"`},
		{"tokens: no-break space", tokens, "1 2\n", "1\u00a02\n", `line 1, column 1: expected "1", found "1\u00a02"`},
		{"tokens: byte order mark", tokens, "1\n", "\ufeff1\n", `line 1, column 1: expected "1", found "\ufeff1"`},
		{"tokens: bad UTF-8", tokens, "1\n", "\xff\xc0\xaf\n", `line 1, column 1: expected "1", found "\xff\xc0\xaf"`},
		{"tokens: escapes", tokens, "1\n", "\x1b[2J\u202e\n", `line 1, column 1: expected "1", found "\x1b[2J\u202e"`},
		{"tokens: long", tokens, long + "8 1", long + "9 1", `line 1, column 4977: expected …"7777777777777777777777778", found …"7777777777777777777777779"`},
		{"tokens: much longer", tokens, "77", long, `line 1, column 1: expected "77", found "777777777777777777777777777777777777777777"…`},
		{"tokens: cut between characters", tokens, "-", strings.Repeat("é", 40), `line 1, column 1: expected "-", found "` + strings.Repeat("é", 20) + `"…`},

		{"floats: equal", floats(1e-6), "1.0 x\n", "1.0 x\n", ""},
		{"floats: absolute", floats(1e-6), "0.0000001", "0", ""},
		{"floats: relative", floats(1e-6), "1000000", "1000000.5", ""},
		{"floats: outside", floats(1e-6), "a\n 0.5", "a\n 0.7", `line 2, column 2: expected "0.5", found "0.7" (0.2 apart, tolerance 1e-06)`},
		{"floats: notations", floats(1e-6), "100000 .5 5 -0 1", "1e5 5E-1 +5. 0 1.0000001", ""},
		{"floats: zero tolerance", floats(0), "1.50", "1.5", ""},
		{"floats: text", floats(1e-6), "x 1", "y 1", `line 1, column 1: expected "x", found "y"`},
		{"floats: text for a number", floats(1e-6), "1", "one", `line 1, column 1: expected "1", found "one"`},
		{"floats: nan", floats(1e-6), "1.0", "nan", `line 1, column 1: expected "1.0", found "nan"`},
		{"floats: nan for nan", floats(1e-6), "-nan", "-nan", `line 1, column 1: expected "-nan", found "-nan"`},
		{"floats: word that ends in n", floats(1e-6), "then in", "then in", ""},
		{"floats: inf for inf", floats(1e-6), "inf -Inf", "Infinity -inf", ""},
		{"floats: sign of inf", floats(1e-6), "inf", "-inf", `line 1, column 1: expected "inf", found "-inf"`},
		{"floats: number for inf", floats(1e-6), "inf", "1e308", `line 1, column 1: expected "inf", found "1e308"`},
		{"floats: inf for number", floats(1e-6), "1e308", "inf", `line 1, column 1: expected "1e308", found "inf"`},
		{"floats: beyond float64 for inf", floats(1e-6), "inf", "1e999999999", `line 1, column 1: expected "inf", found "1e999999999"`},
		{"floats: beyond float64 is text", floats(1e-6), "1e999999999", "1e999999999", ""},
		{"floats: tiny exponent", floats(1e-6), "0", "1e-999999999", ""},
		{"floats: hexadecimal", floats(1e-6), "8", "0x1p3", `line 1, column 1: expected "8", found "0x1p3"`},
		{"floats: underscore", floats(1e-6), "1000", "1_000", `line 1, column 1: expected "1000", found "1_000"`},
		{"floats: digits of Unicode", floats(1e-6), "1", "１", `line 1, column 1: expected "1", found "１"`},
		{"floats: two signs", floats(1e-6), "1", "+-1", `line 1, column 1: expected "1", found "+-1"`},
		{"floats: long and equal", floats(1e-6), long + " 1", long + "\n1.0", ""},
		{"floats: long and equal at the end", floats(1e-6), "1 " + long, "1.0\n" + long, ""},
		{"floats: long and wrong", floats(1e-6), "1", long, `line 1, column 1: expected "1", found "` + long[:40] + `"…`},
		{"floats: long answer", floats(1e-6), long, "7", `line 1, column 1: expected "` + long[:40] + `"…, found "7"`},
		{"floats: too many", floats(1e-6), "1\n", "1.0\n2\n", `line 2: expected end of output, found "2"`},
		{"floats: too few", floats(1e-6), "1\n2\n", "1.0\n", `line 2: expected "2", found end of output`},

		{"none", CheckerSpec{Name: "none"}, "1", "2", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := Outcome{Correct: tt.message == "", Message: tt.message}
			for _, piece := range []int{0, 1, 2, 3, 7} {
				got := check(t, tt.spec, strings.NewReader(tt.answer), tt.output, piece)
				assert.Equal(t, want, got, "output in pieces of %d", piece)
			}
			got := check(t, tt.spec, iotest.OneByteReader(strings.NewReader(tt.answer)), tt.output, 0)
			assert.Equal(t, want, got, "answer in pieces of 1")
		})
	}
}

func TestNewCheckerRefuses(t *testing.T) {
	_, err := NewChecker(CheckerSpec{Name: "tokens"}, nil)
	assert.EqualError(t, err, "checker tokens: no answer to compare with")
	_, err = NewChecker(CheckerSpec{Name: "fuzzy"}, strings.NewReader(""))
	assert.EqualError(t, err, "checker fuzzy: want exact, lines, tokens, floats:TOL, default or none")
}

func TestUnreadableAnswerIsAnError(t *testing.T) {
	broken := errors.New("input/output error")
	for _, name := range []string{"exact", "lines", "tokens", "floats"} {
		answer := io.MultiReader(strings.NewReader("1 "), iotest.ErrReader(broken))
		c, err := NewChecker(CheckerSpec{Name: name}, answer)
		require.NoError(t, err)
		fmt.Fprint(c, "1 2 3\n")
		_, err = c.Finish()
		assert.ErrorIs(t, err, broken, name)
		assert.True(t, c.Certain(), name)
	}
}

func TestCertainOnceTheMessageIsComplete(t *testing.T) {
	c, err := NewChecker(CheckerSpec{Name: "tokens"}, strings.NewReader("12 13"))
	require.NoError(t, err)
	for _, step := range []struct {
		write   string
		certain bool
	}{{"12 1", false}, {"4", false}, {"5", false}, {" ", true}, {"x", true}} {
		fmt.Fprint(c, step.write)
		assert.Equal(t, step.certain, c.Certain(), "after %q", step.write)
	}
	outcome, err := c.Finish()
	require.NoError(t, err)
	assert.Equal(t, `line 1, column 4: expected "13", found "145"`, outcome.Message)
}

// The naive checkers keep everything in memory; what they say is beyond doubt.

// flood is an endless output of one byte.
func flood(c Checker, b byte, total int) {
	p := bytes.Repeat([]byte{b}, 64<<10)
	for range total / len(p) {
		c.Write(p)
	}
}

func TestCheckersKeepNothingOfAFlood(t *testing.T) {
	for _, spec := range everySpec {
		for _, b := range []byte{' ', '\n', '7', 0, 0xff} {
			c, err := NewChecker(spec, io.LimitReader(repeated(b), 256<<20))
			require.NoError(t, err)
			allocations := testing.AllocsPerRun(1, func() { flood(c, b, 4<<20) })
			assert.Less(t, allocations, 20.0, "%s: flood of %q", spec, b)
		}
	}
}

// repeated is a reader of endlessly many times the same byte.
type repeated byte

func (b repeated) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(b)
	}
	return len(p), nil
}

func BenchmarkCheckers(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	var text, numbers, near bytes.Buffer
	for text.Len() < 16<<20 {
		fmt.Fprintf(&text, "%d %d\n", random.IntN(1e9), random.IntN(100))
		x := random.Float64()
		fmt.Fprintf(&numbers, "%.9f\n", x)
		fmt.Fprintf(&near, "%.9f\n", x+1e-9)
	}
	crlf := bytes.ReplaceAll(text.Bytes(), []byte("\n"), []byte("\r\n"))
	line := bytes.Repeat([]byte{'x'}, 16<<20)
	words := bytes.Repeat([]byte("banan NaNa\n"), 1<<20) // which might be NaN
	blanks := append([]byte("1"), bytes.Repeat([]byte{' '}, 16<<20)...)
	for _, bb := range []struct {
		name           string
		spec           CheckerSpec
		answer, output []byte
	}{
		{"exact", CheckerSpec{Name: "exact"}, text.Bytes(), text.Bytes()},
		{"exact/line", CheckerSpec{Name: "exact"}, line, line},
		{"lines", CheckerSpec{Name: "lines"}, text.Bytes(), text.Bytes()},
		{"lines/crlf", CheckerSpec{Name: "lines"}, text.Bytes(), crlf},
		{"tokens", CheckerSpec{Name: "tokens"}, text.Bytes(), text.Bytes()},
		{"tokens/crlf", CheckerSpec{Name: "tokens"}, text.Bytes(), crlf},
		{"tokens/blanks", CheckerSpec{Name: "tokens"}, []byte("1"), blanks},
		{"floats/equal", floats(1e-6), numbers.Bytes(), numbers.Bytes()},
		{"floats/near", floats(1e-6), numbers.Bytes(), near.Bytes()},
		{"floats/line", floats(1e-6), line, line},
		{"floats/words", floats(1e-6), words, words},
		{"default", CheckerSpec{Name: "default"}, text.Bytes(), text.Bytes()},
		{"default/floats", CheckerSpec{Name: "default", Comparison: Comparison{Floats: true, Absolute: 1e-6}}, numbers.Bytes(), numbers.Bytes()},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(bb.output)))
			for b.Loop() {
				c, err := NewChecker(bb.spec, bytes.NewReader(bb.answer))
				require.NoError(b, err)
				for rest := bb.output; len(rest) > 0; {
					n := min(64<<10, len(rest))
					c.Write(rest[:n])
					rest = rest[n:]
				}
				outcome, err := c.Finish()
				require.NoError(b, err)
				require.True(b, outcome.Correct, outcome.Message)
			}
		})
	}
}
