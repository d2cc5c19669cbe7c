package serve

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"sync"
	"time"
)

// Options say how a service is made.
type Options struct {
	Queue   Queue
	Tokens  *Tokens // who may use it; nil: who can reach it
	Version string  // of judge
	Doors   []Door
	Page    http.Handler // of GET / and what is below /page/, for browsers; needs no token. nil: there is none
	Temp    string       // directory for files that live as long as a request; empty: os.TempDir
	Log     *slog.Logger // nil: nothing is logged
}

// Door answers the requests of another judge's clients. It finds whose a request is with Owner.
type Door struct {
	Pattern string // as http.ServeMux has it, with a method
	Handler http.Handler
	Stores  bool // the body of a POST is a file: it may be as large as one
}

// Service answers HTTP requests. It is safe for concurrent use.
type Service struct {
	queue     Queue
	clients   clients
	version   string
	page      http.Handler
	temp      string
	log       *slog.Logger
	mux       *http.ServeMux
	metrics   *metrics
	memory    memory
	pace      pace
	farewell  time.Duration
	open      openJobs
	tasks     taskCache
	readiness readiness
	loads     chan struct{} // tokens of those who load a task
	reports   chan struct{} // the same for reports

	draining, closing context.Context // end when Drain is called, and Close
	drain, end        context.CancelFunc
	followers         sync.WaitGroup
}

// New makes a service. Close ends it.
func New(o Options) *Service {
	s := &Service{
		queue: o.Queue, version: o.Version, page: o.Page, temp: o.Temp, log: o.Log, mux: http.NewServeMux(), pace: defaultPace, farewell: farewell,
		loads: make(chan struct{}, loadsAtOnce), reports: make(chan struct{}, reportsAtOnce),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.clients.tokens.Store(o.Tokens)
	s.closing, s.end = context.WithCancel(context.Background())
	s.draining, s.drain = context.WithCancel(s.closing)
	s.metrics = newMetrics(s)
	for _, r := range s.routes(o.Doors) {
		s.mux.Handle(r.pattern, s.serve(r))
	}
	s.followers.Go(s.follow)
	s.followers.Go(s.sweep)
	return s
}

// SetTokens replaces the tokens, from the next request on. A service that was made without tokens never gets
// any, and one with tokens keeps them: it may listen where everybody can reach it.
func (s *Service) SetTokens(t *Tokens) error {
	if (t == nil) != (s.clients.tokens.Load() == nil) {
		return errors.New("a service begins with tokens or has none")
	}
	s.clients.tokens.Store(t)
	return nil
}

// Drain refuses what would be new from now on, makes readyz fail and ends streams and waiting requests.
func (s *Service) Drain() { s.drain() }

// Close drains and ends what the service does beside requests. It does not close the queue.
func (s *Service) Close() error {
	s.end()
	s.followers.Wait()
	return nil
}

// ServeHTTP answers one request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, begin, id := newAnswer(w, s.pace), time.Now(), rand.Text()[:16]
	guard(a.Header(), id)
	if r.ContentLength != 0 { // also of a body that no handler reads, but the server does
		a.control.SetReadDeadline(s.pace.until(begin, 0))
	}
	ctx := &requestContext{id: id}
	r = r.WithContext(context.WithValue(r.Context(), requestKey{}, ctx))
	s.metrics.inFlight.Inc()
	defer func() {
		s.metrics.inFlight.Dec()
		s.logRequest(a, r, ctx, time.Since(begin))
	}()
	s.answer(a, r, ctx)
}

// guard sets the headers that every answer has: a browser takes it for nothing but what it says it is.
func guard(h http.Header, id string) {
	h.Set("X-Request-Id", id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
}

// answer finds the handler. What it panics with costs this request and no other.
func (s *Service) answer(a *answer, r *http.Request, ctx *requestContext) {
	defer func() {
		fault := recover()
		switch {
		case fault == nil:
			return
		case fault == http.ErrAbortHandler:
			ctx.fault = errors.New("the answer was cut off")
			panic(fault)
		}
		s.log.Error("bug: a handler panicked", "request", ctx.id, "fault", fault, "stack", string(debug.Stack()))
		s.fail(a, ctx, errors.New("panic"))
	}()
	if err := s.check(r); err != nil {
		s.fail(a, ctx, err)
		return
	}
	handler, pattern := s.mux.Handler(r)
	if pattern == "" {
		s.fail(a, ctx, s.unrouted(a, r, handler))
		return
	}
	ctx.route = pattern
	s.mux.ServeHTTP(a, r)
}

// check is what is asked of every request, whoever made it.
func (s *Service) check(r *http.Request) error {
	if s.clients.tokens.Load() == nil {
		if err := checkHost(r); err != nil {
			return err
		}
	}
	if err := checkOrigin(r); err != nil {
		return err
	}
	if p := r.URL.Path; p != path.Clean(p) || p == "" || p[0] != '/' {
		return notFound.problem("there is nothing of this name")
	}
	return nil
}

// unrouted says what is wrong with a request that no route is for. The mux knows which methods there are.
func (s *Service) unrouted(a *answer, r *http.Request, fallback http.Handler) error {
	probe := &probe{header: http.Header{}}
	fallback.ServeHTTP(probe, r)
	if probe.status == http.StatusMethodNotAllowed {
		a.Header().Set("Allow", probe.header.Get("Allow"))
		return noMethod.problem("want one of %s", probe.header.Get("Allow"))
	}
	return notFound.problem("there is nothing of this name")
}

// probe is a ResponseWriter that keeps the status and the header.
type probe struct {
	header http.Header
	status int
}

func (p *probe) Header() http.Header         { return p.header }
func (p *probe) WriteHeader(status int)      { p.status = status }
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }

// fail answers with an error. One that is no *Problem is ours: the client learns its request's id, and the log
// has the rest.
func (s *Service) fail(a *answer, ctx *requestContext, err error) {
	if a.failed {
		panic(http.ErrAbortHandler) // there is nobody to tell
	}
	p := problemOf(err)
	if own := (*Problem)(nil); p.Status >= http.StatusInternalServerError && !errors.As(err, &own) {
		ctx.fault = err
	}
	if a.status != 0 { // it is too late to say so
		panic(http.ErrAbortHandler)
	}
	p.write(a, ctx.id)
}
