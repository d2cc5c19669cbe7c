package judge

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// planned draws a plan: task: submissions × tests, and so on.
func planned(tasks []Task) string {
	var parts []string
	for _, task := range tasks {
		var submissions []string
		for _, s := range task.Submissions {
			submissions = append(submissions, s.Name)
		}
		parts = append(parts, task.Name+": "+strings.Join(submissions, " ")+" x "+strings.Join(names(task.Tests), " "))
	}
	return strings.Join(parts, "; ")
}

func TestPlan(t *testing.T) {
	task := func(name string, submissions, tests string) Task {
		task := Task{Name: name}
		for _, s := range strings.Fields(submissions) {
			task.Submissions = append(task.Submissions, Submission{Name: s})
		}
		for _, s := range strings.Fields(tests) {
			task.Tests = append(task.Tests, TestCase{Name: s})
		}
		return task
	}
	tasks := []Task{task("sum", "s/a.c s/b.c c.py", "1 2 big/3"), task("sum/s", "a.c", "1 2"), task("mul", "s/a.c", "1"), task("a*", "x", "1")}
	cases := []struct {
		name string
		only string
		want string
	}{
		{"everything", "", "sum: s/a.c s/b.c c.py x 1 2 big/3; sum/s: a.c x 1 2; mul: s/a.c x 1; a*: x x 1"},
		{"a task", "sum", "sum: s/a.c s/b.c c.py x 1 2 big/3"},
		{"tasks", "*u*", "sum: s/a.c s/b.c c.py x 1 2 big/3; mul: s/a.c x 1"},
		{"a submission", "mul/s/a.c", "mul: s/a.c x 1"},
		{"the longest task", "sum/s/a.c", "sum/s: a.c x 1 2"},
		{"a shorter task when the longest has no such submission", "sum/s/b.c", "sum: s/b.c x 1 2 big/3"},
		{"a test", "sum/s/b.c/2", "sum: s/b.c x 2"},
		{"a test with a slash", "sum/s/b.c/big/3", "sum: s/b.c x big/3"},
		{"submissions", "sum/s/*.c", "sum/s: a.c x 1 2"},
		{"a test of all submissions", "sum/*/2", "sum: s/a.c s/b.c c.py x 2"},
		{"all tests of a kind", "sum/**/*.c/big/*", "sum: s/a.c s/b.c x big/3"},
		{"several", "mul sum/c.py", "sum: c.py x 1 2 big/3; mul: s/a.c x 1"},
		{"different tests of submissions", "sum/s/b.c/1 sum/c.py/2 sum/s/b.c/2 sum/c.py", "sum: s/b.c x 1 2; sum: c.py x 1 2 big/3"},
		{"the same tests", "sum/c.py/1 sum/s/b.c/1", "sum: s/b.c c.py x 1"},
		{"everything twice", "* *", "sum: s/a.c s/b.c c.py x 1 2 big/3; sum/s: a.c x 1 2; mul: s/a.c x 1; a*: x x 1"},
		{"the very name", "a*", "a*: x x 1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := Plan(tasks, strings.Fields(c.only))
			require.NoError(t, err)
			assert.Equal(t, c.want, planned(got))
		})
	}
	for only, want := range map[string]string{
		"":              `--only "": want TASK[/SUBMISSION[/TEST]]`,
		"smu":           `did you mean "sum"?`,
		"sum/s/c.c":     `did you mean "sum/s/a.c"?`,
		"mul/a.c":       `did you mean "mul/s/a.c"?`,
		"sum/c.py/4":    `did you mean "sum/c.py"?`,
		"nothing/at":    `--only "nothing/at": there is no such task, submission or test`,
		"[":             `--only "[": bad pattern`,
		"sum/c.py/1/9/": `there is no such task`,
	} {
		_, err := Plan(tasks, []string{"sum", only})
		assert.ErrorContains(t, err, want, only)
	}
}
