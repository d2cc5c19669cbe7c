package queue

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

func TestJobFromSubmissionToResult(t *testing.T) {
	front := embedded(t)
	worker := another(t, front, "worker")
	ctx := within(t, quiet)

	j := submit(t, front, job("", "python", "cpp", "cpp"))
	assert.NotEmpty(t, j.ID)
	assert.Equal(t, []string{"cpp", "python"}, j.Needs, "sorted, each once")
	assert.Equal(t, Normal, j.Priority)
	s, err := front.Status(ctx, j.ID)
	require.NoError(t, err)
	assert.Equal(t, Status{Job: j, Sequence: 1, State: Queued}, s)
	var lengths []Length
	eventually(t, "the job counts as waiting", func() bool { // the server counts it a moment after it has it
		lengths, err = front.Lengths(ctx)
		require.NoError(t, err)
		return len(lengths) != 1 || lengths[0].Waiting > 0
	})
	assert.Equal(t, []Length{{Priority: Normal, Needs: j.Needs, Waiting: 1}}, lengths)

	d := take(t, worker)
	assert.Equal(t, j, d.Job())
	assert.Equal(t, 1, d.Attempt())
	s, err = front.Status(ctx, j.ID)
	require.NoError(t, err)
	assert.Equal(t, Running, s.State)
	require.Len(t, s.Attempts, 1)
	assert.Equal(t, "worker", s.Attempts[0].Worker)

	record := &judge.Record{Schema: 1, Kind: judge.KindSubmission, Verdict: judge.Accepted}
	line, err := judge.AppendRecord(nil, record)
	require.NoError(t, err)
	require.NoError(t, d.Record(record))
	require.NoError(t, d.Finish(ctx, Result{Verdict: judge.Accepted, Runs: 1, Submission: record}, strings.NewReader(string(line))))

	s, err = front.Status(ctx, j.ID)
	require.NoError(t, err)
	assert.Equal(t, Done, s.State)
	require.NotNil(t, s.Result)
	assert.Equal(t, judge.Accepted, s.Result.Verdict)
	assert.Equal(t, judge.Accepted, s.Result.Submission.Verdict)
	assert.Equal(t, "worker", s.Result.Worker)
	assert.Equal(t, 1, s.Result.Attempt)
	assert.Equal(t, int64(len(line)), s.Result.Bytes)
	assert.Equal(t, j.Submitted, s.Result.Queued)
	assert.False(t, s.Result.Finished.Before(s.Result.Started))
	assert.Equal(t, string(line), records(t, front, j.ID))
	assert.Zero(t, waiting(t, front, streamWork), "the job has left the queue")
}

func TestSubmitOfTheSameJobTwice(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	first := submit(t, q, job("a"))
	again := submit(t, q, job("a"))
	assert.Equal(t, first, again, "even its time")
	other := job("a")
	other.Name = "b.cpp"
	_, err := q.Submit(ctx, other)
	require.ErrorIs(t, err, ErrExists)
	other = job("a")
	other.Owner = "somebody else"
	_, err = q.Submit(ctx, other)
	require.ErrorIs(t, err, ErrExists)

	require.NoError(t, take(t, q).Finish(ctx, Result{}, nil))
	assert.Equal(t, first, submit(t, q, job("a")))
	assert.Zero(t, waiting(t, q, streamWork), "what was judged is not queued again")
}

func TestManySubmitsOfOneID(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	var won atomic.Int64
	var wait sync.WaitGroup
	for i := range 16 {
		wait.Go(func() {
			j := job("a")
			j.Name = fmt.Sprint(i)
			_, err := q.Submit(ctx, j)
			if err == nil {
				won.Add(1)
			} else {
				assert.ErrorIs(t, err, ErrExists)
			}
		})
	}
	wait.Wait()
	assert.EqualValues(t, 1, won.Load())
	assert.EqualValues(t, 1, waiting(t, q, streamJobs))
	assert.EqualValues(t, 1, waiting(t, q, streamWork))
}

func TestSubmitRefuses(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	for name, test := range map[string]struct {
		change func(*Job)
		want   error
	}{
		"id with a wildcard":           {func(j *Job) { j.ID = "*" }, ErrInvalid},
		"id for all":                   {func(j *Job) { j.ID = ">" }, ErrInvalid},
		"id with a dot":                {func(j *Job) { j.ID = "a.b" }, ErrInvalid},
		"id with a space":              {func(j *Job) { j.ID = "a b" }, ErrInvalid},
		"id with a line break":         {func(j *Job) { j.ID = "a\r\nPUB x 0" }, ErrInvalid},
		"id that climbs":               {func(j *Job) { j.ID = "../../etc" }, ErrInvalid},
		"id not in UTF-8":              {func(j *Job) { j.ID = "\xff" }, ErrInvalid},
		"long id":                      {func(j *Job) { j.ID = strings.Repeat("a", MaxID+1) }, ErrInvalid},
		"priority":                     {func(j *Job) { j.Priority = "*" }, ErrInvalid},
		"kind":                         {func(j *Job) { j.Kind = "other" }, ErrInvalid},
		"need with a wildcard":         {func(j *Job) { j.Needs = []string{"*"} }, ErrInvalid},
		"need with a space":            {func(j *Job) { j.Needs = []string{"c pp"} }, ErrInvalid},
		"empty need":                   {func(j *Job) { j.Needs = []string{""} }, ErrInvalid},
		"long need":                    {func(j *Job) { j.Needs = []string{strings.Repeat("x", 100)} }, ErrInvalid},
		"many needs":                   {func(j *Job) { j.Needs = strings.Split("abcdefghij", "") }, ErrInvalid},
		"no task":                      {func(j *Job) { j.Task = "" }, ErrInvalid},
		"task that is a path":          {func(j *Job) { j.Task = "../" + task[3:] }, ErrInvalid},
		"no sources":                   {func(j *Job) { j.Sources = nil }, ErrInvalid},
		"source that climbs":           {func(j *Job) { j.Sources[0].Path = "../a.cpp" }, ErrInvalid},
		"source twice":                 {func(j *Job) { j.Sources = append(j.Sources, j.Sources[0]) }, ErrInvalid},
		"source in two ways":           {func(j *Job) { j.Sources[0].SHA256 = task }, ErrInvalid},
		"source with a bad hash":       {func(j *Job) { j.Sources[0] = Source{Path: "a", SHA256: "abc"} }, ErrInvalid},
		"source with bad base64":       {func(j *Job) { j.Sources[0] = Source{Path: "a", Base64: "*"} }, ErrInvalid},
		"source not in UTF-8":          {func(j *Job) { j.Sources[0].Text = "\xff" }, ErrInvalid},
		"name not in UTF-8":            {func(j *Job) { j.Name = "\xff" }, ErrInvalid},
		"command beside a task":        {func(j *Job) { j.Command = json.RawMessage("{}") }, ErrInvalid},
		"task beside a command":        {func(j *Job) { j.Kind, j.Command = KindCommand, json.RawMessage("{}") }, ErrInvalid},
		"command that is no JSON":      {func(j *Job) { *j = Job{Kind: KindCommand, Command: json.RawMessage("{")} }, ErrInvalid},
		"more than a message may hold": {func(j *Job) { j.Sources[0].Text = strings.Repeat("a", MaxJob) }, ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			j := job("a")
			test.change(&j)
			_, err := q.Submit(ctx, j)
			require.ErrorIs(t, err, test.want)
			assert.Less(t, len(err.Error()), 400, "a message does not repeat all that it refuses")
		})
	}
	assert.Zero(t, waiting(t, q, streamJobs))
}

func TestLargestJobArrives(t *testing.T) {
	q := embedded(t)
	j := job("a")
	j.Sources[0].Text = strings.Repeat("\x01", MaxJob/6-200) // six bytes each in JSON
	j = submit(t, q, j)
	s, err := q.Status(within(t, quiet), "a")
	require.NoError(t, err)
	assert.Equal(t, j, s.Job)
	assert.Equal(t, j, take(t, q).Job())
}

// A front that dies between storing a job and queueing it leaves one that nobody would judge.
func TestJobThatWasNotQueuedIsAdopted(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	j, data, err := job("a").complete(time.Now().Add(-time.Hour))
	require.NoError(t, err)
	_, err = q.js.Publish(ctx, jobSubject("a"), data)
	require.NoError(t, err)

	s, err := q.Status(ctx, "a")
	require.NoError(t, err)
	assert.Equal(t, Queued, s.State)
	for range 3 {
		_, err = q.Status(ctx, "a")
		require.NoError(t, err)
	}
	assert.EqualValues(t, 1, waiting(t, q, streamWork), "once")
	assert.Equal(t, j, take(t, q).Job())
}

func TestUnknownJobs(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	submit(t, q, job("a"))
	for _, id := range []string{"b", "", "*", ">", "a.b", "../a", strings.Repeat("a", 1<<20)} {
		_, err := q.Status(ctx, id)
		require.ErrorIs(t, err, ErrUnknown, "status of %.10q", id)
		require.ErrorIs(t, q.Cancel(ctx, id), ErrUnknown, "cancel %.10q", id)
		_, err = q.OpenRecords(ctx, id)
		require.ErrorIs(t, err, ErrUnknown, "records of %.10q", id)
		for _, err := range q.Watch(ctx, id, 0) {
			require.ErrorIs(t, err, ErrUnknown, "watch %.10q", id)
		}
	}
	assert.EqualValues(t, 1, waiting(t, q, streamWork))
}

// waiting is how many messages a stream has.
func waiting(t *testing.T, q *Queue, stream string) uint64 {
	t.Helper()
	info, err := q.streams[stream].Info(within(t, quiet))
	require.NoError(t, err)
	return info.State.Msgs
}

func TestLastingErrors(t *testing.T) {
	for _, err := range []error{ErrUnknown, ErrInvalid, fmt.Errorf("x: %w", ErrTooLarge)} {
		_, last := lasting(err)
		assert.True(t, last, err)
	}
	_, last := lasting(errors.New("a connection was reset"))
	assert.False(t, last)
}
