package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
	"judge/judge/queue"
)

// steady is a record without what differs from run to run, and without what a task file says of its submissions.
func steady(line []byte) string {
	var r map[string]any
	if err := json.Unmarshal(line, &r); err != nil {
		return err.Error()
	}
	for _, key := range []string{"cpu_ms", "wall_ms", "memory_bytes", "processes", "started_at", "judge", "expected", "as_expected", "cached"} {
		delete(r, key)
	}
	if message, ok := r["message"].(string); ok && strings.Contains(message, " of ") { // how much it was
		delete(r, "message")
	}
	for _, key := range []string{"stdout", "stderr"} { // how much it could print before it was ended
		if c, ok := r[key].(map[string]any); ok && c["truncated"] == true {
			delete(c, "bytes")
			delete(c, "text")
		}
	}
	text, _ := json.Marshal(r)
	return string(text)
}

// steadyLines are all records but the summary.
func steadyLines(records []byte) []string {
	var lines []string
	for line := range bytes.Lines(records) {
		if !bytes.Contains(line, []byte(`"kind":"summary"`)) {
			lines = append(lines, steady(line))
		}
	}
	return lines
}

// lineSink gathers the lines of a batch.
type lineSink struct{ bytes.Buffer }

func (s *lineSink) Write(r *judge.Record) error {
	line, err := judge.AppendRecord(nil, r)
	s.Buffer.Write(line)
	return err
}

func (s *lineSink) Close() error { return nil }

const quickstart = "../../fixtures/quickstart"

// runQuickstart judges the fixture as `judge run` does and returns its records by submission.
func runQuickstart(t *testing.T) (tasks []judge.Task, want map[string][]string) {
	tasks, err := judge.Load(quickstart)
	require.NoError(t, err)
	want = map[string][]string{}
	for _, s := range tasks[0].Submissions {
		one := tasks[0]
		one.Submissions = []judge.Submission{s}
		var sink lineSink
		_, err = judge.Batch{Jobs: 2, Version: "test"}.Run(context.Background(), []judge.Task{one}, &sink)
		require.NoError(t, err)
		want[s.Name] = steadyLines(sink.Bytes())
	}
	return tasks, want
}

// quickstartJobs are the fixture's submissions as jobs.
func quickstartJobs(t *testing.T, tasks []judge.Task, id string) []queue.Job {
	var jobs []queue.Job
	for i, s := range tasks[0].Submissions {
		text, err := os.ReadFile(s.Files[0].Data.File)
		require.NoError(t, err)
		jobs = append(jobs, queue.Job{
			ID: fmt.Sprintf("job-%d", i), Task: id, Name: s.Name, Needs: []string{s.Language.Name},
			Sources: []queue.Source{{Path: filepath.Base(s.Name), Text: string(text)}},
		})
	}
	return jobs
}

func TestRecordsAreThoseOfJudgeRun(t *testing.T) {
	q := newFake()
	pool := newPool(t, 2)
	tasks, want := runQuickstart(t)
	id := q.putTask(t, readTree(t, quickstart))
	stop := start(t, Config{Queue: q, Pool: pool})
	var deliveries []*fakeDelivery
	for _, job := range quickstartJobs(t, tasks, id) {
		deliveries = append(deliveries, q.submit(job))
	}
	for _, d := range deliveries {
		d.wait(t)
		require.NotNil(t, d.result, "%s was released: %s", d.job.Name, d.released)
		assert.Equal(t, want[d.job.Name], steadyLines(d.records))
		var seen lineSink
		for _, r := range d.seen {
			require.NoError(t, seen.Write(r))
		}
		assert.Equal(t, string(d.records), seen.String(), "records as they came")
		assert.Equal(t, queue.Done, d.result.State)
		assert.Equal(t, d.result.Verdict, d.result.Submission.Verdict)
	}
	stop()
	assert.Equal(t, 1, q.opened[id], "the task is fetched once")
	assert.True(t, q.gone, "the advert is withdrawn")
	require.NotEmpty(t, q.adverts)
	advert := q.adverts[len(q.adverts)-1]
	assert.Positive(t, advert.Speed)
	assert.Contains(t, advert.Languages, "cpp")
	assert.Equal(t, 2, advert.Jobs)
}
