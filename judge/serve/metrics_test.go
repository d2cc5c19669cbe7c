package serve

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
	"judge/judge/queue"
)

func TestMetricsCountWhatHappens(t *testing.T) {
	a := newAPI(t, nil)
	a.queue.workers = []queue.Advert{{Name: "w\xff", Jobs: 4, Busy: 3, Pressure: 0.25}, {Name: "w\xfe"}}
	a.queue.lengths = []queue.Length{
		{Priority: queue.Contest, Needs: []string{"c"}, Waiting: 3, Running: 1}, {Priority: queue.Contest, Needs: []string{"java"}, Waiting: 4},
	}
	for _, verdict := range []judge.Verdict{judge.Accepted, judge.Accepted, judge.JudgeError} {
		made := a.submit(sumSubmission())
		a.queue.begin(made.ID)
		a.queue.finish(made.ID, verdict)
		as[submissionStatus](t, a.get(made.Links.Self+"?wait=60s"), http.StatusOK)
	}
	a.do(http.MethodDelete, a.submit(sumSubmission()).Links.Self, "")
	eventually(t, func() bool { return a.service.open.len() == 0 })
	a.get("/v1/nothing")
	a.raw("JUDGE /v1/queue HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	text := string(a.get("/metrics").body)
	for _, line := range []string{
		`judge_submissions_total{state="accepted"} 4`,
		`judge_submissions_total{state="done"} 3`,
		`judge_submissions_total{state="cancelled"} 1`,
		`judge_submissions_total{state="dead"} 0`,
		`judge_submission_verdicts_total{verdict="accepted"} 2`,
		`judge_submission_verdicts_total{verdict="time-limit"} 0`,
		`judge_runs_total{verdict="accepted"} 2`,
		`judge_errors_total 1`,
		`judge_queue_up 1`,
		`judge_queue_jobs{priority="contest",state="waiting"} 7`,
		`judge_queue_jobs{priority="contest",state="running"} 1`,
		`judge_queue_jobs{priority="rejudge",state="waiting"} 0`,
		`judge_phase_seconds_count{phase="queue"} 3`,
		`judge_phase_seconds_count{phase="run"} 3`,
		`judge_phase_seconds_count{phase="total"} 4`,
		`judge_phase_seconds_count{phase="compile"} 0`,
		`judge_worker_slots{worker="w` + "\uFFFD" + `"} 4`,
		`judge_worker_busy{worker="w` + "\uFFFD" + `"} 3`,
		`judge_open_submissions 0`,
		`judge_build_info{version="1.2.3"} 1`,
		`judge_http_requests_total{method="POST",route="/v1/submissions",status="202"} 4`,
		`judge_http_requests_total{method="GET",route="",status="404"} 1`,
		`judge_http_requests_total{method="other",route="",status="405"} 1`,
		`judge_event_streams 0`,
		`judge_http_requests_in_flight 1`,
	} {
		assert.Contains(t, text, line+"\n")
	}
	problems, err := testutil.GatherAndLint(a.service.metrics.registry)
	require.NoError(t, err)
	for _, p := range problems {
		assert.True(t, strings.HasPrefix(p.Metric, "go_") || strings.HasPrefix(p.Metric, "process_"), "%s: %s", p.Metric, p.Text)
	}
}

// brokenQueue does not answer what metrics ask.
type brokenQueue struct{ *memoryQueue }

func (brokenQueue) Lengths(context.Context) ([]queue.Length, error) { return nil, errors.New("broken") }

func TestMetricsOutliveTheQueue(t *testing.T) {
	s := New(Options{Queue: brokenQueue{newMemoryQueue()}})
	defer s.Close()
	assert.Equal(t, 1, testutil.CollectAndCount(queueCollector{s}, "judge_queue_up"))
	assert.Equal(t, 0, testutil.CollectAndCount(queueCollector{s}, "judge_queue_jobs"))
}

func TestPressureIsParsed(t *testing.T) {
	const text = "some avg10=1.50 avg60=0.40 avg300=0.10 total=2500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
	assert.Equal(t, []pressure{{"some", 0.015, 2.5}, {"full", 0, 0}}, parsePressure(text))
	for _, odd := range []string{"", "\n", "some\n", "some avg10=x total=1\n", "none avg10=1 total=1\n", "some avg10=1\n"} {
		assert.Empty(t, parsePressure(odd), odd)
	}
}
