package selftest

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/fixtures/hostile"
	"judge/judge"
	"judge/limits"
)

func TestEveryProgramCanBeATask(t *testing.T) {
	all, err := hostile.All()
	require.NoError(t, err)
	dir := t.TempDir()
	for _, p := range all {
		task, err := attack(p, &judge.Language{Name: "c"}, dir, &canaries{})
		require.NoError(t, err, p.File)
		assert.Len(t, task.Tests, p.Runs*len(p.Stdin), p.File)
		for _, v := range task.Submissions[0].Expected {
			assert.True(t, slices.Contains(judge.Verdicts, v) && v != judge.JudgeError && v != judge.Skipped, "%s expects %q", p.File, v)
		}
	}
}

func TestAttackMakesATaskOfAProgram(t *testing.T) {
	p := hostile.Program{
		File: "a.c", Source: []byte(`open("/etc/judge-canary")`), Expect: []string{"accepted"}, Build: []string{"-pthread"},
		Limits: []hostile.Limit{{Name: "cpu", Value: "2s"}, {Name: "mem", Value: "1MiB"}, {Name: "cores>", Value: "2"}},
		Stdin:  []string{"", "7"}, Runs: 2, Answer: "1.0", Checker: "floats:1e-6",
	}
	language := &judge.Language{Compile: []string{"gcc", "{source}"}}
	task, err := attack(p, language, t.TempDir(), &canaries{file: "/elsewhere"})
	require.NoError(t, err)

	want := runLimits
	want.CPU, want.Memory, want.Stack = 2*time.Second, 1<<20, 1<<20
	assert.Equal(t, want, task.Limits)
	assert.Equal(t, judge.CheckerSpec{Name: "floats", Tolerance: 1e-6}, task.Checker)
	assert.Equal(t, []string{"gcc", "{source}", "-pthread", "-lpthread", "-lrt"}, task.Submissions[0].Language.Compile)
	assert.Equal(t, []string{"gcc", "{source}"}, language.Compile, "other programs' language")
	var inputs, names []string
	for _, test := range task.Tests {
		inputs, names = append(inputs, test.Input.Text), append(names, test.Name)
		assert.Equal(t, "1.0\n", test.Answer.Text)
		assert.Equal(t, want, test.Limits)
	}
	assert.Equal(t, []string{"", "7\n", "", "7\n"}, inputs)
	assert.Equal(t, []string{"1", "2", "3", "4"}, names)
}

func TestLimitsOfRefusesMistakes(t *testing.T) {
	for _, l := range []hostile.Limit{{Name: "cpu", Value: "2"}, {Name: "mem", Value: "much"}, {Name: "colour", Value: "red"}} {
		_, err := limitsOf(hostile.Program{Limits: []hostile.Limit{l}})
		assert.Error(t, err, "%v", l)
	}
	got, err := limitsOf(hostile.Program{Limits: []hostile.Limit{
		{Name: "wall", Value: "9s"}, {Name: "output", Value: "1MiB"}, {Name: "disk", Value: "2MiB"}, {Name: "processes", Value: "3"},
	}})
	require.NoError(t, err)
	want := runLimits
	want.Wall, want.Output, want.Disk, want.Processes = 9*time.Second, 1<<20, 2<<20, 3
	assert.Equal(t, limits.Limits(want), got)
}
