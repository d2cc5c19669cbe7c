package judge

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExpectations(t *testing.T) {
	submissions := func() []Submission {
		var result []Submission
		for _, name := range []string{"s/wa.c", "s/wa_2.c", "s/ok.c", "other.c"} {
			result = append(result, Submission{Name: name, Expected: []Verdict{Accepted}})
		}
		return result
	}
	cases := []struct {
		name, expect string
		want         []Verdict // of each, in order
	}{
		{"nothing said", ``, []Verdict{Accepted, Accepted, Accepted, Accepted}},
		{"exact name first", `"s/wa*" = "wrong-answer", "s/wa.c" = "time-limit"`, []Verdict{TimeLimit, WrongAnswer, Accepted, Accepted}},
		{"most specific pattern", `"**" = "compile-error", "s/*" = "output-limit", "s/wa*" = "wrong-answer"`,
			[]Verdict{WrongAnswer, WrongAnswer, OutputLimit, CompileError}},
		{"whatever the order", `"s/wa*" = "wrong-answer", "s/*" = "output-limit", "**" = "compile-error"`,
			[]Verdict{WrongAnswer, WrongAnswer, OutputLimit, CompileError}},
		{"path is cleaned", `"./s/../other.c" = "runtime-error"`, []Verdict{Accepted, Accepted, Accepted, RuntimeError}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := &document{text: "expect = {" + c.expect + "}"}
			root, fault := parseDocument(d)
			require.Nil(t, fault)
			found := &problems{}
			got := submissions()
			readExpect(reader{problems: found}, root.table["expect"], got)
			require.NoError(t, found.err())
			for i, s := range got {
				assert.Equal(t, []Verdict{c.want[i]}, s.Expected, s.Name)
			}
		})
	}
}
