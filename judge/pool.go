package judge

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"judge/isolate"
	"judge/limits"
)

// PoolOptions say what a pool is. The zero value has as many slots as DefaultJobs says.
type PoolOptions struct {
	Jobs     int  // runs at one time, of all batches together; 0: DefaultJobs
	Pin      bool // see Batch; Jobs is at most the cores
	Degraded bool // see Batch
}

// Pool is what batches of one process share, one after the other and at the same time: slots to run programs
// in, and what was learned and made for tasks and languages. A process that judges many small batches, such as
// a worker of a queue, has one for its life.
//
// What belongs to a task, such as its compiled checker, is kept until Forget; the rest is bounded. It is safe
// for concurrent use. Close it when all batches are over.
type Pool struct {
	host   *limits.Host
	jobs   int
	seats  chan *seat // that nobody has
	closed chan struct{}
	close  func() error // once
	info   func() JudgeInfo

	inputs    inputs
	toolchain toolchain
	machine   sync.RWMutex // read-locked while a program runs, locked by who wants to run one alone

	mu             sync.Mutex
	versions       map[string]*version
	tools          map[*Tool]*builtTool
	preparedLayers map[string]*preparedLayer
}

// NewPool returns a pool. The error is a *HostError: this host cannot limit programs. Whether it can isolate
// them shows when a batch runs.
func NewPool(o PoolOptions) (*Pool, error) {
	jobs := o.Jobs
	if jobs <= 0 {
		jobs = DefaultJobs()
	}
	var cores []int
	if o.Pin {
		var err error
		if cores, err = ownCores(); err != nil {
			return nil, &HostError{err}
		}
		jobs = min(jobs, len(cores))
	}
	host, err := limits.Open(limits.Options{Degraded: o.Degraded})
	if err != nil {
		return nil, &HostError{err}
	}
	p := &Pool{
		host: host, jobs: jobs, seats: make(chan *seat, jobs), closed: make(chan struct{}),
		versions: map[string]*version{}, tools: map[*Tool]*builtTool{}, preparedLayers: map[string]*preparedLayer{},
	}
	p.close = sync.OnceValue(p.closeAll)
	p.info = sync.OnceValue(p.describe)
	usable, _ := usableCPUs() // if nobody knows them, nobody is sent anywhere
	for i := range jobs {
		s := &seat{slot: slot{host: host, spare: len(usable) >= 2*jobs}, home: home(i, jobs, usable)}
		if o.Pin {
			s.slot.cpus, s.slot.spare = cores[i:i+1], false
		}
		p.seats <- s
	}
	return p, nil
}

// Jobs is how many runs there can be at one time.
func (p *Pool) Jobs() int { return p.jobs }

// Mechanisms names what isolates and limits programs, as records do.
func (p *Pool) Mechanisms() map[string]string { return p.info().Mechanisms }

// Host is what limits programs, for those that are run beside the batches. It belongs to the pool.
func (p *Pool) Host() *limits.Host { return p.host }

// Acquire waits until something may run that is no batch's, in place of one of the pool's runs, and says on
// which CPUs; nil: on any. The caller calls release after it, once.
func (p *Pool) Acquire(ctx context.Context) (cpus []int, release func(), err error) {
	select {
	case s := <-p.seats:
		return s.slot.cpus, func() { p.seats <- s }, nil
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	case <-p.closed:
		return nil, nil, errPoolClosed
	}
}

// describe says who judges, for the records.
func (p *Pool) describe() JudgeInfo {
	info := JudgeInfo{Mechanisms: p.host.Mechanisms()}
	maps.Copy(info.Mechanisms, isolate.Mechanisms())
	info.Host, _ = os.Hostname()
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		info.Kernel = strings.TrimSpace(string(release))
	}
	return info
}

// Forget lets go of what belongs to a task: its setter's programs and inputs. No batch may be judging it. A
// batch that judges it again makes them again.
func (p *Pool) Forget(t *Task) {
	tools := t.Validators
	if tool := t.judgingTool(); tool != nil {
		tools = append(slices.Clip(tools), tool)
	}
	p.mu.Lock()
	var built []*builtTool
	for _, tool := range tools {
		if b := p.tools[tool]; b != nil {
			built = append(built, b)
			delete(p.tools, tool)
		}
	}
	p.mu.Unlock()
	for _, b := range built {
		b.close()
	}
	for i := range t.Tests {
		p.inputs.forget(t.Tests[i].Input)
	}
}

// Close ends the sandboxes and removes what the pool has made. It waits for the batches that have a slot.
func (p *Pool) Close() error { return p.close() }

func (p *Pool) closeAll() error {
	close(p.closed)
	errs := make([]error, p.jobs)
	var closing sync.WaitGroup
	for i := range p.jobs {
		closing.Go(func() { errs[i] = (<-p.seats).close() })
	}
	closing.Wait()
	for _, b := range p.tools {
		b.close()
	}
	return errors.Join(append(errs, p.inputs.close(), p.host.Close())...)
}

// seat is where a worker does its jobs.
type seat struct {
	slot     slot
	home     int     // the CPU of who works there, or anyCPU
	partners []*slot // of the other processes of an interaction
}

var errPoolClosed = errors.New("the pool is closed")

// enter waits for a seat and makes sure that programs can be run in it.
func (p *Pool) enter(ctx context.Context) (*seat, error) {
	var s *seat
	select {
	case s = <-p.seats:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.closed:
		return nil, errPoolClosed
	}
	if err := s.slot.open(); err != nil {
		p.seats <- s
		return nil, &HostError{err}
	}
	return s, nil
}

// leave gives a seat back, with nothing of a run in it. The error says what could not be removed.
func (p *Pool) leave(own *seat) error {
	var errs []error
	for _, s := range own.all() {
		s.settle()
		if err := s.drop(); err != nil {
			errs = append(errs, err)
			s.reset()
		}
		s.awaitRetired()
		errs = append(errs, s.err)
		s.err = nil
	}
	p.seats <- own
	return errors.Join(errs...)
}

// work calls f, which has runs done there.
func (s *seat) work(f func()) {
	if s.home == anyCPU {
		f()
	} else {
		stayOn(s.home, f)
	}
}

func (s *seat) close() error {
	var errs []error
	for _, s := range s.all() {
		errs = append(errs, s.close())
	}
	return errors.Join(errs...)
}

func (s *seat) all() []*slot { return append(slices.Clip(s.partners), &s.slot) }

// maxVersions bounds what is remembered of languages that tasks define.
const maxVersions = 1000

// versionOf is what is known under a key, perhaps nothing yet.
func (p *Pool) versionOf(key string) *version {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := p.versions[key]
	if v == nil {
		if len(p.versions) >= maxVersions {
			clear(p.versions)
		}
		v = &version{}
		p.versions[key] = v
	}
	return v
}

// pool is the batch's, or one of its own, for so many jobs, that close closes.
func (b Batch) pool(jobs int) (p *Pool, close func() error, err error) {
	if b.Pool != nil {
		return b.Pool, func() error { return nil }, nil
	}
	if b.Jobs <= 0 {
		b.Jobs = DefaultJobs()
	}
	p, err = NewPool(PoolOptions{Jobs: max(min(jobs, b.Jobs), 1), Pin: b.Pin, Degraded: b.Degraded})
	if err != nil {
		return nil, nil, err
	}
	return p, p.Close, nil
}

// jobs is how many workers the batch has on a pool, for so many jobs.
func (b Batch) jobs(p *Pool, jobs int) int {
	if b.Jobs > 0 {
		jobs = min(jobs, b.Jobs)
	}
	return min(jobs, p.jobs)
}
