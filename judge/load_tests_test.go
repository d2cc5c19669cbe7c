package judge

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInlineTestsFollowGlobbedOnes(t *testing.T) {
	tasks, dir := load(t, `
schema = 1
[[task]]
name = "x"
submissions = ["a.c"]
tests = ["t/*.in"]
limits = { time = "2s" }
  [[task.test]]
  input = "1 2\n"
  answer = "3\n"
  args = ["-v", ""]
  limits = { time = "5s", memory = "1GiB" }
  [[task.test]]
  name = "from a file"
  input_file = "t/1.in"
  answer_file = "t/1.ans"
  files = { "sub/./data.txt" = "data" }
  [[task.test]]
  answer = ""
`, "a.c t/1.in t/1.ans data")
	tests := tasks[0].Tests
	require.Len(t, tests, 4)
	assert.Equal(t, Data{Text: "1 2\n"}, tests[1].Input)
	assert.Equal(t, &Data{Text: "3\n"}, tests[1].Answer)
	assert.Equal(t, []string{"-v", ""}, tests[1].Args)
	assert.Equal(t, []string{"1", "2", "from a file", "4"}, names(tests))
	assert.Equal(t, Data{File: filepath.Join(dir, "t/1.in")}, tests[2].Input)
	assert.Equal(t, map[string]string{"sub/data.txt": filepath.Join(dir, "data")}, tests[2].Files)
	assert.Equal(t, Data{}, tests[3].Input)
	assert.Equal(t, &Data{}, tests[3].Answer)
	assert.Equal(t, 5*time.Second, tests[1].Limits.CPU)
	assert.Equal(t, 11*time.Second, tests[1].Limits.Wall, "wall follows the test's own time")
	assert.Equal(t, int64(1<<30), tests[1].Limits.Stack, "stack follows the test's own memory")
	assert.Equal(t, tasks[0].Limits, tests[3].Limits)
}

func names(tests []TestCase) []string {
	var result []string
	for _, test := range tests {
		result = append(result, test.Name)
	}
	return result
}

func TestNamesOfGlobbedTests(t *testing.T) {
	cases := []struct {
		name, globs, files string
		want               []string
	}{
		{"stems", `"t/*.in"`, "t/b.in t/a.in", []string{"a", "b"}},
		{"the order is that of the globs", `"t/b*", "t/*"`, "t/b.in t/a.in", []string{"b", "a"}},
		{"one match of two globs counts once", `"t/*.in", "t/a.in"`, "t/a.in", []string{"a"}},
		{"directories when stems are not unique", `"t/*.in", "u/*.in"`, "t/a.in u/a.in u/b.in", []string{"t/a", "u/a", "u/b"}},
		{"extensions when these are not unique", `"t/*"`, "t/a.in t/a.txt", []string{"t/a.in", "t/a.txt"}},
		{"answers are not inputs", `"t/*"`, "t/a.in t/a.ans t/b.in t/b.out t/c t/c.a", []string{"a", "b", "c"}},
		{"any depth", `"**/*.in"`, "t/a.in t/u/b.in c.in", []string{"c", "a", "b"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tasks, _ := load(t, `
[[task]]
name = "x"
command = ["true"]
checker = "none"
tests = [`+c.globs+`]`, c.files)
			assert.Equal(t, c.want, names(tasks[0].Tests))
		})
	}
}
