package judge

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Hostile shapes must not take quadratic time or the stack of the parser, whose overflow cannot be
// recovered from.
func TestHostileTOMLEndsInAnError(t *testing.T) {
	const n = 1 << 20
	cases := map[string]string{
		"open arrays":            "x = " + strings.Repeat("[", n),
		"open tables":            "x = " + strings.Repeat("{a=", n),
		"junk before brackets":   "x = 1 " + strings.Repeat("[", n),
		"quote before brackets":  "x = ''''''' " + strings.Repeat("[", n),
		"dotted key":             strings.Repeat("a.", n) + "a = 1",
		"dotted header":          "[" + strings.Repeat("a.", n) + "a]",
		"headers":                strings.Repeat("[[a]]\n", n/4),
		"header after header":    "[[a]]\n" + strings.Repeat("[[a.b]]\n", n/8),
		"long key":               strings.Repeat("k", n) + " = 1",
		"long string":            "x = \"" + strings.Repeat("\\u00e9", n/6) + "\"",
		"comments":               "x = [" + strings.Repeat("#\n", n/2) + "]",
		"commas":                 "x = [" + strings.Repeat("1,", n/2) + "]",
		"too many values":        "x = [" + strings.Repeat("1,", maxValues) + "]",
		"many tasks":             strings.Repeat("[[task]]\n", 1<<15),
		"pattern of many stars":  "[[task]]\nname = \"x\"\nsubmissions = [\"" + strings.Repeat("*a", 300) + "\"]\ntests = [\"" + strings.Repeat("**/", 300) + "\"]\n",
		"expect of many stars":   "[[task]]\nname = \"x\"\ncommand = [\"" + strings.Repeat("a", 900) + "\"]\nexpect = { \"" + strings.Repeat("*a", 400) + "b\" = \"accepted\", \"" + strings.Repeat("**/", 400) + "b\" = \"accepted\" }\n",
		"escape at the end":      "x = \"\\",
		"only a quote":           "\"",
		"only three quotes":      "x = \"\"\"",
		"header without end":     "[",
		"many lines of nothing":  strings.Repeat("\n", n) + "x",
		"unterminated long text": "x = '''" + strings.Repeat("'\n", n/2),
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		t.Run(name, func(t *testing.T) {
			_, err := Load(write(t, map[string]string{"tasks.toml": cases[name]}))
			require.Error(t, err)
			assert.Less(t, len(err.Error()), 20_000)
		})
	}
}

// The parser takes a dotted key into an array, and forgets the array.
func TestNothingIsAddedToAnArray(t *testing.T) {
	for _, text := range []string{"a = [1]\na.b = 2", "a = []\na.b = 2", "a.b = [{c = 1}]\na.b.c.d = 2", "[t]\na = [1]\n\na.b = 2"} {
		_, fault := parseDocument(&document{text: text})
		require.NotNil(t, fault, text)
		assert.Equal(t, "is not valid TOML here", fault.Message, text)
		assert.Equal(t, strings.Count(text, "\n")+1, fault.Line, text)
	}
	for _, text := range []string{"a.b = [1]\na.c = [2]", "[[a]]\nb.c = [1]\nb.d = 2\n[[a]]\nb.c.d = 1", "x = [{a.b = 1, a.c = 2}]"} {
		_, fault := parseDocument(&document{text: text})
		assert.Nil(t, fault, text)
	}
}

func FuzzLoad(f *testing.F) {
	seeds, err := filepath.Glob("testdata/load/*/tasks.toml")
	require.NoError(f, err)
	for _, seed := range seeds {
		if text, err := os.ReadFile(seed); err == nil && len(text) < 10_000 {
			f.Add(string(text))
		}
	}
	f.Add("x = [1, {a.b = \"\"\"x\"\"\"\"\", 'c' = [[],[]]}]\n[[t]]\ny=1\n[[t.u]]\n[t.u.v]\n\"\\u0041\" = 1979-05-27 07:32:00")
	builtin, err := builtinLanguages()
	require.NoError(f, err)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		// The outline knows the place of everything that the parser finds.
		d := &document{file: "tasks.toml", order: 1, text: text}
		if root, fault := parseDocument(d); fault == nil {
			scanned, _, _ := scanOutline(text)
			checkOutline(t, root, scanned)
		}
		if strings.ContainsAny(text, `/\~`) || strings.Contains(text, "..") {
			return // such names could reach the whole file system
		}
		l := &loader{files: newFiles(), loaded: map[string]string{}, taskNames: map[string]*node{}}
		if root, fault := parseDocument(d); fault == nil {
			(&fileReader{loader: l, dir: dir, doc: d}).read(root, builtin, nil)
		}
		for _, one := range l.problems.list {
			if one.Line < 1 {
				t.Errorf("no line: %v", &one.InputError)
			}
		}
		if err := l.problems.err(); err == nil {
			for _, task := range l.tasks {
				assert.NotEmpty(t, task.Submissions)
				assert.NotEmpty(t, task.Tests)
			}
		} else {
			_ = err.Error()
		}
	})
}

// checkOutline compares nodes with their outline. Keys with escapes that only the parser understands
// may be missing.
func checkOutline(t *testing.T, n *node, o *outline) {
	for key, child := range n.table {
		below := o.keys[key]
		if below == nil {
			if !strings.Contains(n.doc.text, `\`) {
				t.Errorf("no place for key %q", key)
			}
			continue
		}
		checkOutline(t, child, below)
	}
	for i, item := range n.items {
		if o.item(i) == nil {
			if !strings.Contains(n.doc.text, `\`) {
				t.Errorf("no place for element %d of %q", i, n.key)
			}
			continue
		}
		checkOutline(t, item, o.item(i))
	}
}
