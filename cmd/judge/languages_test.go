package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/fixtures/testenv"
	"judge/judge"
	"judge/judge/cache"
)

// requiredLanguages are those that CI has installed. Others are tested where they are.
var requiredLanguages = []string{
	"bash", "c", "cpp", "csharp", "go", "java", "javascript", "lua", "pascal", "perl", "php", "python", "ruby", "rust",
}

// aboutLanguages is what the tests need to know of a language: how deep a recursion goes in 512 MiB, where a
// million calls are too much for it, and words of its compiler about error.*.
var aboutLanguages = map[string]struct {
	depth int
	error string
}{
	"bash":       {2_000, "unexpected end of file"},
	"c":          {1_000_000, "undeclared"},
	"cpp":        {1_000_000, "undeclared"},
	"csharp":     {1_000_000, "undeclared"},
	"go":         {1_000_000, "undeclared"},
	"haskell":    {1_000_000, "undeclared"},
	"java":       {1_000_000, "undeclared"},
	"javascript": {1_000_000, "SyntaxError"},
	"kotlin":     {1_000_000, "undeclared"},
	"lua":        {150_000, "')' expected"},
	"ocaml":      {1_000_000, "undeclared"},
	"pascal":     {1_000_000, "undeclared"},
	"perl":       {100_000, "undeclared"},
	"php":        {1_000_000, "syntax error"},
	"pypy":       {100_000, "SyntaxError"},
	"python":     {100_000, "SyntaxError"},
	"ruby":       {100_000, "syntax error"},
	"rust":       {1_000_000, "undeclared"},
	"typescript": {1_000_000, "not assignable"},
}

// TestLanguages judges the programs of each installed language: a deep recursion, a large input, several files,
// a mistake, too much memory bit by bit and at once, and a loop without end.
func TestLanguages(t *testing.T) {
	needsJudging(t)
	programs, err := filepath.Abs(fixtures + "/languages/programs")
	require.NoError(t, err)
	var tasks strings.Builder
	installed := installedLanguages(t)
	for _, name := range installed {
		about, ok := aboutLanguages[name]
		require.True(t, ok, "language %s is not in the table", name)
		fmt.Fprintf(&tasks, `
			[[task]]
			name        = "%[1]s"
			language    = "%[1]s"
			submissions = ["programs/%[1]s/recursion.*"]
			limits      = { time = "10s", memory = "512MiB" }
			test        = [{ input = "%[2]d\n", answer = "%[2]d" }]`, name, about.depth)
	}
	file := writeTasks(t, tasks.String()+`
		[[task]]
		name        = "lines"
		submissions = ["programs/*/lines.*"]
		limits      = { time = "10s" }
		test        = [{ input_file = "lines", answer = "`+strconv.Itoa(1<<20)+`" }]

		[[task]]
		name        = "several"
		submissions = ["programs/*/several/"]
		limits      = { time = "10s" }
		test        = [{ input = "3 4\n", answer = "7" }]

		[[task]]
		name        = "ends"
		submissions = ["programs/*/error.*", "programs/*/memory.*", "programs/*/refused.*", "programs/*/spin.*"]
		limits      = { time = "1s", memory = "64MiB" }
		test        = [{ input = "", answer = "" }]

		[task.expect]
		"programs/*/error.*"   = "compile-error"
		"programs/*/memory.*"  = "memory-limit"
		"programs/*/refused.*" = "memory-limit"
		"programs/*/spin.*"    = "time-limit"`)
	dir := filepath.Dir(file)
	require.NoError(t, os.Mkdir(dir+"/programs", 0o755))
	for _, name := range installed {
		require.NoError(t, os.Symlink(filepath.Join(programs, name), filepath.Join(dir, "programs", name)))
	}
	require.NoError(t, os.WriteFile(dir+"/lines", bytes.Repeat([]byte("123456789\n"), 1<<20), 0o644))

	records, status, remembered := judgeRemembering(t, dir)
	assert.Equal(t, statusExpected, status)
	compilations := 0
	for _, r := range records {
		switch {
		case r.Kind == judge.KindSubmission:
			assert.True(t, *r.AsExpected, "%s: %s, %s, want %s", r.Submission, r.Verdict, r.Message, r.Expected)
		case r.Kind == judge.KindCompile:
			compilations++
			if r.Verdict == judge.CompileError {
				assert.Contains(t, r.Stderr.Text, aboutLanguages[r.Language].error, r.Submission)
			}
		}
	}
	assert.Equal(t, compilations, remembered, "compilations, and what the cache has of them: a compiler that leaves empty directories or links beside the artifact has none")
}

// judgeRemembering judges what is in a directory with a cache of its own, and tells how many compilations that has then.
func judgeRemembering(t *testing.T, dir string) (records []judge.Record, status, remembered int) {
	t.Helper()
	cached := t.TempDir()
	store, err := cache.Open(cached, compilationsSize)
	require.NoError(t, err)
	tasks, err := judge.Load(dir)
	require.NoError(t, err)
	slowDown(tasks, slowness(t))
	sink := &recordSink{}
	_, err = judge.Batch{Cache: store}.Run(t.Context(), tasks, sink)
	require.NoError(t, err)
	entries, err := filepath.Glob(filepath.Join(cached, "*.entry"))
	require.NoError(t, err)
	return sink.records, wantedStatus(sink.records), len(entries)
}

// recordSink keeps the records of a batch.
type recordSink struct{ records []judge.Record }

func (s *recordSink) Write(r *judge.Record) error {
	s.records = append(s.records, *r)
	return nil
}

func (s *recordSink) Close() error { return nil }

// installedLanguages are the built-in languages whose programs this host has.
func installedLanguages(t *testing.T) []string {
	t.Helper()
	hello, remove, err := helloTask()
	require.NoError(t, err)
	defer remove()
	var installed []string
	for _, s := range hello.Submissions {
		name, missing := s.Language.Name, s.Language.Missing()
		switch {
		case missing == "":
			installed = append(installed, name)
		case slices.Contains(requiredLanguages, name) && testenv.Strict():
			t.Errorf("language %s is not installed: there is no %s", name, missing)
		default:
			t.Logf("language %s is not tested: there is no %s%s", name, missing, whereToGet(missing))
		}
	}
	return installed
}
