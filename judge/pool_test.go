package judge

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/fixtures/testenv"
)

// newPool opens a pool on a host that can judge.
func newPool(t *testing.T, jobs int) *Pool {
	t.Helper()
	pool, err := NewPool(PoolOptions{Jobs: jobs})
	if err != nil {
		testenv.Skip(t, fmt.Errorf("this host cannot judge: %w", err))
	}
	t.Cleanup(func() { assert.NoError(t, pool.Close()) })
	return pool
}

// loadText loads a task with a right and a wrong submission and a checker, all of them scripts.
func loadText(t *testing.T, dir, name string) Task {
	t.Helper()
	for file, text := range map[string]string{
		"right.sh": "read x; echo $((2 * x))\n",
		"wrong.sh": "read x; echo $((x + 2))\n",
		"check.sh": "[ $(cat output) = $(cat answer) ] && exit 42\nexit 43\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600))
	}
	tasks, err := LoadFiles(TaskFile{Name: name, Dir: dir, Text: fmt.Sprintf(`
[[task]]
name = %q
submissions = ["right.sh", "wrong.sh"]
checker = { source = "check.sh" }
[[task.test]]
input = "2\n"
answer = "4\n"
[[task.test]]
input = "3\n"
answer = "6\n"
`, name)})
	require.NoError(t, err)
	return tasks[0]
}

// outcomes is a sink that keeps what does not vary.
type outcomes struct{ lines []string }

func (o *outcomes) Write(r *Record) error {
	line, err := json.Marshal([]any{r.Kind, r.Task, r.Submission, r.Test, r.Verdict, r.Reason, r.Message, r.Stdout})
	o.lines = append(o.lines, string(line))
	return err
}

func (o *outcomes) Close() error { return nil }

// judged runs a batch and returns what came out.
func judged(t *testing.T, b Batch, task Task) []string {
	var o outcomes
	_, err := b.Run(context.Background(), []Task{task}, &o)
	assert.NoError(t, err)
	return o.lines
}

func TestBatchesThatShareAPoolGiveTheRecordsOfOneAlone(t *testing.T) {
	pool := newPool(t, 2)
	dir := t.TempDir()
	tasks := []Task{loadText(t, dir, "a"), loadText(t, dir, "b")}
	want := [][]string{judged(t, Batch{Jobs: 1}, tasks[0]), judged(t, Batch{Jobs: 1}, tasks[1])}
	require.Len(t, want[0], 9)
	var batches sync.WaitGroup
	for i := range 12 {
		batches.Go(func() {
			assert.Equal(t, want[i%2], judged(t, Batch{Pool: pool, Jobs: i % 4}, tasks[i%2]))
		})
	}
	batches.Wait()
	assert.Len(t, pool.tools, 2, "each checker is made ready once")
	for i := range tasks {
		pool.Forget(&tasks[i])
	}
	assert.Empty(t, pool.tools)
	assert.Zero(t, pool.inputs.all.Len())
}

// A pool remembers what a language's tool says of its version. A stranger's task may keep the tool from saying it.
func TestAFailedVersionIsOnlyItsOwnTasks(t *testing.T) {
	pool := newPool(t, 1)
	dir := t.TempDir()
	load := func(compileLimits string) Task {
		tasks, err := LoadFiles(TaskFile{Name: "t", Dir: dir, Text: `
[language.bash]
version = ["bash", "-c", "printf -v x %9999999s && echo 1"]
` + compileLimits + `
[[task]]
name = "t"
submissions = ["right.sh"]
[[task.test]]
input = "2\n"
answer = "4\n"
`})
		require.NoError(t, err)
		return tasks[0]
	}
	loadText(t, dir, "files")
	assert.Contains(t, judged(t, Batch{Pool: pool}, load(`compile_limits = { memory = "4MiB" }`))[0], "judge-error")
	assert.Contains(t, judged(t, Batch{Pool: pool}, load(""))[0], "accepted")
}

func TestACancelledBatchLeavesThePoolToOthers(t *testing.T) {
	pool := newPool(t, 1)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "endless.sh"), []byte("echo begun; while :; do :; done\n"), 0o600))
	tasks, err := LoadFiles(TaskFile{Name: "t", Dir: dir, Text: `
[[task]]
name = "endless"
submissions = ["endless.sh"]
limits = { time = "100s" }
[[task.test]]
input = ""
answer = ""
`})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var waiting sync.WaitGroup
	waiting.Go(func() { // holds the only seat until it is cancelled
		_, err := Batch{Pool: pool}.Run(ctx, tasks, &outcomes{})
		assert.ErrorIs(t, err, context.Canceled)
	})
	task := loadText(t, dir, "other")
	waiting.Go(func() { assert.Len(t, judged(t, Batch{Pool: pool}, task), 9) })
	impatient, stop := context.WithCancel(context.Background())
	stop()
	_, err = Batch{Pool: pool}.Run(impatient, []Task{task}, &outcomes{})
	assert.ErrorIs(t, err, context.Canceled)
	cancel()
	waiting.Wait()
}

func TestAClosedPoolRefusesBatches(t *testing.T) {
	pool := newPool(t, 1)
	task := loadText(t, t.TempDir(), "a")
	require.NoError(t, pool.Close())
	_, err := Batch{Pool: pool}.Run(context.Background(), []Task{task}, &outcomes{})
	assert.ErrorIs(t, err, errPoolClosed)
	assert.NoError(t, pool.Close(), "a second time")
}

// What a pool holds does not depend on how much it has judged.
func TestAPoolStaysAsLargeAsItIs(t *testing.T) {
	pool := newPool(t, 2)
	dir := t.TempDir()
	few := func(n int) {
		for i := range n {
			task := loadText(t, dir, "again")
			if i%20 != 0 { // the others are cheaper
				task.Checker, task.Tests, task.Submissions = CheckerSpec{Name: "tokens"}, task.Tests[:1], task.Submissions[:1]
			}
			require.NotEmpty(t, judged(t, Batch{Pool: pool}, task))
			pool.Forget(&task)
		}
	}
	batches := 600
	if testing.Short() {
		batches = 100
	}
	few(20)
	before := sizeOfProcess()
	few(batches)
	after := sizeOfProcess()
	const some = 16 // of what is ready for the next run, or is not
	assert.LessOrEqual(t, after.descriptors, before.descriptors+some)
	assert.LessOrEqual(t, after.goroutines, before.goroutines+some)
	assert.LessOrEqual(t, after.groups, before.groups+4*some, "directories")
	assert.Less(t, after.heap, before.heap+256<<10, "of %d batches", batches)
}

// processSize is what a process that lives for long must not have more and more of.
type processSize struct{ descriptors, goroutines, groups, heap int }

func sizeOfProcess() processSize {
	var memory runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first one has finalized
	runtime.ReadMemStats(&memory)
	descriptors := 0 // without those of groups, which are counted below
	open, _ := os.ReadDir("/proc/self/fd")
	for _, fd := range open {
		target, err := os.Readlink("/proc/self/fd/" + fd.Name())
		if err == nil && !strings.HasPrefix(target, "/sys/fs/cgroup/") {
			descriptors++
		}
	}
	groups, _ := filepath.Glob(fmt.Sprintf("/sys/fs/cgroup/*/judge/%d-*/*", os.Getpid()))
	unified, _ := filepath.Glob(fmt.Sprintf("/sys/fs/cgroup/judge/%d-*/*", os.Getpid()))
	return processSize{descriptors, runtime.NumGoroutine(), len(groups) + len(unified), int(memory.HeapAlloc)}
}
