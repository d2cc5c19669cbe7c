package judge

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestValidatorsOfSomeTests(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "v.py"), nil, 0o644))
	for tests, want := range map[string]string{
		`["a*", "b"]`: "", `["c"]`: `validator: tests "c": matches no test`, `["a["]`: `validator: tests "a["`, `[]`: "at least one test", `"a"`: "tests",
	} {
		tasks, err := LoadFiles(TaskFile{Name: "tasks.toml", Dir: dir, Text: "[[task]]\nname = \"t\"\nsubmissions = [\"v.py\"]\nchecker = \"none\"\n" +
			"test = [{ name = \"a1\", input = \"\" }, { name = \"a2\", input = \"x\" }, { name = \"b\", input = \"y\" }, { name = \"d\", input = \"z\" }]\n" +
			"validators = [{ source = \"v.py\", tests = " + tests + " }]\n"})
		if want != "" {
			assert.ErrorContains(t, err, want, tests)
			continue
		}
		require.NoError(t, err)
		assert.Len(t, validations(tasks), 3)
	}
}
