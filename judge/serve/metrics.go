package serve

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"judge/judge"
	"judge/judge/queue"
)

// metrics are what a Prometheus server can ask for. What comes from results counts those of the whole queue
// while this service has followed it: of several services each has all, so that they are not to be added up.
type metrics struct {
	service  *Service
	registry *prometheus.Registry
	handler  http.Handler

	submissions *prometheus.CounterVec   // by state
	verdicts    *prometheus.CounterVec   // of submissions
	runs        *prometheus.CounterVec   // by verdict
	judgeErrors prometheus.Counter       // submissions
	phases      *prometheus.HistogramVec // by phase
	requests    *prometheus.CounterVec   // by route, method and status
	durations   *prometheus.HistogramVec // by route
	inFlight    prometheus.Gauge
	streams     prometheus.Gauge
}

// phaseBuckets are seconds: from a run that takes a millisecond to a queue that takes an hour.
var phaseBuckets = []float64{.001, .003, .01, .03, .1, .3, 1, 3, 10, 30, 100, 300, 1000, 3600}

func newMetrics(s *Service) *metrics {
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	histograms := func(name, help string, buckets []float64, label string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, []string{label})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := &metrics{
		service: s, registry: prometheus.NewRegistry(),
		submissions: counters("judge_submissions_total", "Submissions that came to this service (by its own API; accepted), or of the queue that came to an end (by doors, too), by state.", "state"),
		verdicts:    counters("judge_submission_verdicts_total", "Submissions that were judged, by verdict.", "verdict"),
		runs:        counters("judge_runs_total", "Runs, by verdict.", "verdict"),
		judgeErrors: prometheus.NewCounter(prometheus.CounterOpts{Name: "judge_errors_total", Help: "Submissions that could not be judged."}),
		phases: histograms("judge_phase_seconds", "What submissions spend their time with: waiting in the queue, being compiled, "+
			"running, being judged by a worker (compile, run and all else), and all of it together.", phaseBuckets, "phase"),
		requests: counters("judge_http_requests_total", "HTTP requests, by route, method and status.", "route", "method", "status"),
		durations: histograms("judge_http_request_seconds", "Durations of HTTP requests, streams and waiting among them.",
			[]float64{.001, .003, .01, .03, .1, .3, 1, 3, 10, 30, 100}, "route"),
		inFlight: gauge("judge_http_requests_in_flight", "HTTP requests that are being answered."),
		streams:  gauge("judge_event_streams", "Streams of events that are open."),
	}
	version := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "judge_build_info", Help: "Version of judge.", ConstLabels: prometheus.Labels{"version": s.version},
	})
	version.Set(1)
	m.registry.MustRegister(m.submissions, m.verdicts, m.runs, m.judgeErrors, m.phases, m.requests, m.durations, m.inFlight, m.streams,
		version, queueCollector{s}, pressureCollector{},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, state := range []queue.State{stateAccepted, queue.Done, queue.Cancelled, queue.Dead} { // 0 is not the same as unknown
		m.submissions.WithLabelValues(string(state))
	}
	for _, verdict := range judge.Verdicts {
		m.verdicts.WithLabelValues(string(verdict))
		m.runs.WithLabelValues(string(verdict))
	}
	for _, phase := range []string{"queue", "compile", "run", "judge", "total"} {
		m.phases.WithLabelValues(phase)
	}
	m.handler = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, ErrorHandling: promhttp.ContinueOnError})
	return m
}

// stateAccepted is the state that judge_submissions_total has beside those of the queue.
const stateAccepted queue.State = "accepted"

// result counts what a result says.
func (m *metrics) result(r queue.Result) {
	m.submissions.WithLabelValues(string(r.State)).Inc()
	phase := func(name string, took time.Duration) {
		if took >= 0 {
			m.phases.WithLabelValues(name).Observe(took.Seconds())
		}
	}
	if !r.Finished.IsZero() && !r.Queued.IsZero() {
		phase("total", r.Finished.Sub(r.Queued))
	}
	if !r.Started.IsZero() {
		phase("queue", r.Started.Sub(r.Queued))
		phase("judge", r.Finished.Sub(r.Started))
	}
	for _, name := range []string{"compile", "run"} {
		if took, ok := r.Phases[name]; ok {
			phase(name, time.Duration(took))
		}
	}
	if r.Verdict != "" {
		m.verdicts.WithLabelValues(string(r.Verdict)).Inc()
	}
	if r.Verdict == judge.JudgeError {
		m.judgeErrors.Inc()
	}
	for verdict, n := range r.Verdicts {
		m.runs.WithLabelValues(string(verdict)).Add(float64(n))
	}
}

// request counts a request. Its route is one of ours, so that clients cannot make up any number of series.
func (m *metrics) request(route, method string, status int, took time.Duration) {
	if _, path, ok := strings.Cut(route, " "); ok {
		route = path
	}
	m.requests.WithLabelValues(route, loggedMethod(method), strconv.Itoa(status)).Inc()
	m.durations.WithLabelValues(route).Observe(took.Seconds())
}

func (s *Service) getMetrics(w http.ResponseWriter, r *http.Request) error {
	s.metrics.handler.ServeHTTP(w, r)
	return nil
}

// queueCollector asks the queue for what is true at this time.
type queueCollector struct{ service *Service }

var (
	queueJobs = prometheus.NewDesc("judge_queue_jobs", "Jobs in the queue, by priority, and whether they wait or a worker has them.",
		[]string{"priority", "state"}, nil)
	queueUp     = prometheus.NewDesc("judge_queue_up", "Whether the queue has answered.", nil, nil)
	openCount   = prometheus.NewDesc("judge_open_submissions", "Submissions without a result, of which this service knows.", nil, nil)
	workerCount = prometheus.NewDesc("judge_workers", "Workers that were heard of lately.", nil, nil)
	workerSlots = prometheus.NewDesc("judge_worker_slots", "Runs that a worker makes at one time.", []string{"worker"}, nil)
	workerBusy  = prometheus.NewDesc("judge_worker_busy", "Jobs that a worker has.", []string{"worker"}, nil)
	workerLoad  = prometheus.NewDesc("judge_worker_cpu_pressure_ratio", "Share of time in which something on a worker's host waited for a CPU.", []string{"worker"}, nil)
)

// collectTimeout is how long a scrape waits for the queue.
const collectTimeout = 3 * time.Second

func (c queueCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{queueJobs, queueUp, openCount, workerCount, workerSlots, workerBusy, workerLoad} {
		to <- d
	}
}

func (c queueCollector) Collect(to chan<- prometheus.Metric) {
	gauge := func(of *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(of, prometheus.GaugeValue, value, labels...)
	}
	gauge(openCount, float64(c.service.open.len()))
	ctx, cancel := context.WithTimeout(c.service.closing, collectTimeout)
	defer cancel()
	lengths, err := c.service.queue.Lengths(ctx)
	var workers []queue.Advert
	if err == nil {
		workers, err = c.service.queue.Workers(ctx)
	}
	if err != nil {
		gauge(queueUp, 0)
		return
	}
	gauge(queueUp, 1)
	waiting, running := map[queue.Priority]int{}, map[queue.Priority]int{}
	for _, l := range lengths {
		waiting[l.Priority] += l.Waiting
		running[l.Priority] += l.Running
	}
	for _, p := range queue.Priorities {
		gauge(queueJobs, float64(waiting[p]), string(p), "waiting")
		gauge(queueJobs, float64(running[p]), string(p), "running")
	}
	gauge(workerCount, float64(len(workers)))
	seen := map[string]bool{}
	for _, w := range workers {
		name := strings.ToValidUTF8(w.Name, "\uFFFD")
		if seen[name] {
			continue
		}
		seen[name] = true
		gauge(workerSlots, float64(w.Jobs), name)
		gauge(workerBusy, float64(w.Busy), name)
		gauge(workerLoad, w.Pressure, name)
	}
}
