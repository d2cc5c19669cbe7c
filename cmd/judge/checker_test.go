package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

// What is compiled is different each time, and the checker says what it is.
const randomChecker = `
[defaults]
submissions = ["a.sh", "b.sh", "c.sh"]
checker     = { source = "check.random" }
test        = [{ name = "1" }, { name = "2" }, { name = "3" }, { name = "4" }, { name = "5" }, { name = "6" }]

[[task]]
name = "one"

[[task]]
name = "two"

[language.random]
extensions = [".random"]
compile    = ["sh", "-c", "od -An -N16 -tx8 /dev/urandom > {exe}"]
run        = ["sh", "-c", "cat {exe} > $3/judgemessage.txt; exit 42", "check"]
`

func TestCheckersAreCompiledOnceForAllRuns(t *testing.T) {
	needsJudging(t)
	dir := t.TempDir()
	for name, content := range map[string]string{"tasks.toml": randomChecker, "check.random": "", "a.sh": ":", "b.sh": ":", "c.sh": ":"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644))
	}
	records, status := judgeFixture(t, dir, runFlags{jobs: 6})
	require.Equal(t, statusExpected, status)
	said := map[string]map[string]bool{"one": {}, "two": {}}
	for _, r := range records {
		if r.Kind == judge.KindRun {
			require.NotEmpty(t, r.Message)
			said[r.Task][r.Message] = true
		}
	}
	assert.Len(t, said["one"], 1)
	assert.Len(t, said["two"], 1)
}
