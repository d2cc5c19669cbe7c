package packages

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSplitWords(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                 nil,
		" a\t bc\n":                        {"a", "bc"},
		`--note "more tests" -s`:           {"--note", "more tests", "-s"},
		`--note='it''s "so"' ''`:           {`--note=its "so"`, ""},
		`a\ b \'c "d\"e\\f\n" 'g\h'`:       {"a b", "'c", `d"e\f\n`, `g\h`},
		`float_tolerance 1e-6`:             {"float_tolerance", "1e-6"},
		`"é ` + "\u00a0" + `" $HOME *.txt`: {"é \u00a0", "$HOME", "*.txt"},
	} {
		got, err := splitWords(text)
		assert.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for text, want := range map[string]string{
		`a "b`: "a quotation mark has no end",
		`it's`: "a quotation mark has no end",
		`a \`:  `nothing follows the last \`,
	} {
		_, err := splitWords(text)
		assert.EqualError(t, err, want, text)
	}
}
