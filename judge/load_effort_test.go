package judge

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// manyFiles writes a task file and, below "t", so many inputs with their answers.
func manyFiles(t *testing.T, text string, inputs int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "t"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tasks.toml"), []byte(text), 0o600))
	for i := range inputs {
		for _, extension := range []string{"in", "ans"} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "t", fmt.Sprintf("%d.%s", i, extension)), nil, 0o600))
		}
	}
	return dir
}

// repeat is a text for each number below n.
func repeat(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// Each of these would take hours if it were as long, and had as many files, as it may.
func TestABundleIsNoLongWork(t *testing.T) {
	whole := bundleEffort
	bundleEffort = effort{left: whole.left / 100, hints: whole.hints / 100}
	t.Cleanup(func() { bundleEffort = whole })
	const task, n = "[[task]]\nname='x'\ntests=['t/*.in']\n", 2000
	const tooLong = "takes too long to load"
	for _, row := range []struct{ name, text, want string }{
		{"patterns", "[[task]]\nname='x'\ntests=[" + repeat(n, "'**/%d*.in',") + "]\n", tooLong},
		{"patterns of groups", task + "[[task.group]]\nname='g'\ntests=[" + repeat(n, "'*%d',") + "]\n", tooLong},
		{"patterns of validators", task + "validators=[" + repeat(n, "{source='t/1.in',language='bash',tests=['*%d']},") + "]\n", tooLong},
		{"patterns of includes", task + "checker={source='t/1.in',language='bash',include=[" + repeat(n, "'t/*%d',") + "]}\n", tooLong},
		{"tasks", "[defaults]\ntests=['t/*.in']\n" + repeat(n, "[[task]]\nname='%d'\n"), "want one [[task]], these are 2000"},
		{"phrases", task + "[language.l]\nout_of_memory=[" + repeat(33, "'%d',") + "]\n", "out_of_memory: want at most 32, these are 33"},
		{"phrase", task + "[language.l]\nout_of_memory=['" + strings.Repeat("x", 257) + "']\n", "out_of_memory: want at most 256 bytes, one has 257"},
		{"entry", task + "[language.l]\nentry='(a?){100}b'\n", "entry: want a shorter regular expression"},
		{"file names", task + "[language.l]\nfile_names='(a?){100}b'\n", "file_names: want a shorter regular expression"},
		{"languages", task + repeat(n, "[language.l%d]\n"), "language: want at most 100, these are 2000"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := LoadBundle(manyFiles(t, row.text, 200))
			require.ErrorContains(t, err, row.want)
		})
	}
	t.Run("misspelt names", func(t *testing.T) {
		_, err := LoadBundle(manyFiles(t, "[[task]]\nname='x'\ntests=["+repeat(500, "'t/%d.inn',")+"]\n", 200))
		require.Error(t, err)
		assert.NotContains(t, err.Error(), tooLong)
		var all *InputErrors
		require.ErrorAs(t, err, &all)
		assert.Equal(t, `did you mean "t/0.in"?`, all.Errors[0].Hint)
		assert.Empty(t, all.Errors[499].Hint)
	})
}

func TestAnOrdinaryBundleIsLoaded(t *testing.T) {
	text := "[language.l]\nextensions=['.l']\nrun=['{source}']\nentry='(?i)\\bstatic\\s+(async\\s+)?\\w+\\s+main\\s*\\('\nout_of_memory=['no memory', 'heap space']\n" +
		"[[task]]\nname='x'\ntests=['t/*.in', '**/1*.in']\n" +
		repeat(300, "[[task.group]]\nname='g%[1]d'\ntests=['%[1]d']\n") + "depends=['g0', 'g1']\n"
	task, err := LoadBundle(manyFiles(t, text, 300))
	require.NoError(t, err)
	assert.Len(t, task.Tests, 300)
	assert.Len(t, task.Groups, 300)
}
