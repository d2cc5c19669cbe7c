package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"judge/judge"
	"judge/judge/queue"
)

// pilot is a queue to measure what its servers can do.
type pilot struct {
	front  *queue.Queue
	worker *queue.Queue
	raw    *nats.Conn
	stop   func() // ends the servers
}

// openPilot opens a queue of a server as it is embedded in judge serve. Its clients come over TCP, as those of other machines do.
func (l *lab) openPilot(ctx context.Context) (*pilot, error) {
	s, err := queue.StartServer(queue.ServerOptions{Store: l.path("pilot"), Listen: "127.0.0.1:0"})
	if err != nil {
		return nil, err
	}
	return newPilot(ctx, s.ClientURL(), func() { s.Close() })
}

// openClusterPilot opens a queue of three servers in this process, each of which has everything.
func (l *lab) openClusterPilot(ctx context.Context) (*pilot, error) {
	const size = 3
	var servers []*server.Server
	stop := func() {
		for _, s := range servers {
			s.Shutdown()
		}
		for _, s := range servers {
			s.WaitForShutdown()
		}
	}
	var routes, urls []string
	for i := range size { // each knows those before it
		s, err := server.NewServer(&server.Options{
			ServerName: fmt.Sprint("node", i), Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: l.path(fmt.Sprint("node", i)),
			NoSigs: true, NoLog: true, Routes: server.RoutesFromStr(strings.Join(routes, ",")),
			Cluster: server.ClusterOpts{Name: "judge", Host: "127.0.0.1", Port: server.RANDOM_PORT},
		})
		if err != nil {
			stop()
			return nil, err
		}
		servers = append(servers, s)
		s.Start()
		if !s.ReadyForConnections(10 * time.Second) {
			stop()
			return nil, errors.New("a server of the cluster does not start")
		}
		routes, urls = append(routes, "nats://"+s.ClusterAddr().String()), append(urls, s.ClientURL())
	}
	return newPilot(ctx, strings.Join(urls, ","), stop)
}

// newPilot opens a queue of servers that it stops with itself, or when it fails.
func newPilot(ctx context.Context, url string, stop func()) (_ *pilot, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	p := &pilot{stop: stop}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if p.front, err = queue.Open(ctx, queue.Options{URL: url, Name: "front"}); err != nil {
		return nil, err
	}
	if p.worker, err = queue.Open(ctx, queue.Options{URL: url, Name: "worker"}); err != nil {
		return nil, err
	}
	p.raw, err = nats.Connect(url)
	return p, err
}

func (p *pilot) close() {
	if p.raw != nil {
		p.raw.Close()
	}
	for _, q := range []*queue.Queue{p.worker, p.front} {
		if q != nil {
			q.Close()
		}
	}
	p.stop()
}

// atOnce is how many of a kind there are at one time when it is measured how many the queue can do.
const atOnce = 16

// pilotJob is one that nobody judges.
func pilotJob() queue.Job {
	return queue.Job{Task: strings.Repeat("0", 64), Name: "a.sh", Needs: []string{"bash"}, Sources: []queue.Source{{Path: "a.sh", Text: "echo\n"}}}
}

var pilotRecord = &judge.Record{Schema: judge.Schema, Kind: judge.KindRun, Task: "pilot", Submission: "a.sh", Test: "1", Verdict: judge.Accepted}

// measure finds out what each operation costs, with n of each.
func (p *pilot) measure(ctx context.Context, n int) (c costs, err error) {
	if c.submit, err = saturate(n, func() error {
		_, err := p.front.Submit(ctx, pilotJob())
		return err
	}); err != nil {
		return c, fmt.Errorf("submit: %w", err)
	}
	deliveries := make(chan *queue.Delivery, n)
	if c.take, err = saturate(n, func() error {
		d, err := p.worker.Take(ctx, nil)
		if err == nil {
			deliveries <- d
		}
		return err
	}); err != nil {
		return c, fmt.Errorf("take: %w", err)
	}
	close(deliveries)
	if c.poll, err = saturate(n, func() error {
		return p.ask("$JS.API.CONSUMER.MSG.NEXT.JUDGE_WORK.normal-bash", `{"batch":1,"no_wait":true}`)
	}); err != nil {
		return c, fmt.Errorf("poll: %w", err)
	}
	if c.list, err = saturate(n, func() error { return p.ask("$JS.API.CONSUMER.NAMES.JUDGE_WORK", "") }); err != nil {
		return c, fmt.Errorf("list: %w", err)
	}
	var name atomic.Int64
	if c.advert, err = saturate(n, func() error {
		a := queue.Advert{Name: fmt.Sprint("worker ", name.Add(1)), Languages: map[string]string{"bash": "5.2", "c": "14.2", "cpp": "14.2", "python": "3.13"}}
		return p.worker.Advertise(ctx, a)
	}); err != nil {
		return c, fmt.Errorf("advertise: %w", err)
	}
	finish := func(records int) (time.Duration, error) {
		return saturate(n/2, func() error {
			d := <-deliveries
			for range records {
				_ = d.Record(pilotRecord) // stored before Finish returns
			}
			if err := d.Finish(ctx, queue.Result{Verdict: judge.Accepted}, strings.NewReader("{}\n")); err != nil {
				return err
			}
			_, err := p.front.Status(ctx, d.Job().ID)
			return err
		})
	}
	if c.finish, err = finish(0); err != nil {
		return c, fmt.Errorf("finish: %w", err)
	}
	const many = 20
	with, err := finish(many)
	c.record = max(0, with-c.finish) / many
	return c, err
}

// handOver is how long it takes from a job's submission until an idle worker has it, the median of n.
func (p *pilot) handOver(ctx context.Context, n int) (time.Duration, error) {
	var took []time.Duration
	for range n {
		taken := make(chan error, 1)
		var at time.Time
		go func() {
			d, err := p.worker.Take(ctx, nil)
			at = time.Now()
			if err == nil {
				err = d.Finish(ctx, queue.Result{Verdict: judge.Accepted}, nil)
			}
			taken <- err
		}()
		time.Sleep(20 * time.Millisecond) // until it waits
		begin := time.Now()
		if _, err := p.front.Submit(ctx, pilotJob()); err != nil {
			return 0, err
		}
		if err := <-taken; err != nil {
			return 0, err
		}
		took = append(took, at.Sub(begin))
	}
	return quantile(took, 0.5), nil
}

func (p *pilot) ask(subject, body string) error {
	_, err := p.raw.Request(subject, []byte(body), 10*time.Second)
	return err
}

// saturate does something n times, many at one time, and returns how long the queue was busy with each, in the best of
// some parts of that time: the machine may have something else to do in the others.
func saturate(n int, do func() error) (time.Duration, error) {
	const parts = 5
	var left atomic.Int64
	left.Store(int64(n))
	ended, errs := make([]time.Duration, n), make([]error, atOnce)
	var all sync.WaitGroup
	begin := time.Now()
	for i := range atOnce {
		all.Go(func() {
			for k := left.Add(-1); k >= 0 && errs[i] == nil; k = left.Add(-1) {
				errs[i] = do()
				ended[k] = time.Since(begin)
			}
		})
	}
	all.Wait()
	slices.Sort(ended)
	best := ended[n-1] / time.Duration(n)
	for part, size := 0, n/parts; part+size < n && size > 0; part += size {
		best = min(best, (ended[part+size]-ended[part])/time.Duration(size))
	}
	return best, errors.Join(errs...)
}

// reality has real workers of a real queue do jobs that are sleep, and returns how long each was queued.
func (p *pilot) reality(ctx context.Context, f fleet) (forecast, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queueing := make([]time.Duration, len(f.arrivals))
	index, submitted := sync.Map{}, make([]time.Time, len(f.arrivals))
	var done atomic.Int64
	ended := make(chan struct{})
	var all sync.WaitGroup
	for range f.workers {
		all.Go(func() {
			for {
				d, err := p.worker.Take(ctx, nil)
				if err != nil {
					return
				}
				known, ok := index.Load(d.Job().ID)
				if !ok {
					continue // of an earlier fleet
				}
				i := known.(int)
				queueing[i] = time.Since(submitted[i])
				time.Sleep(f.services[i])
				for range f.records {
					_ = d.Record(pilotRecord)
				}
				if err := d.Finish(ctx, queue.Result{Verdict: judge.Accepted}, strings.NewReader("{}\n")); err != nil {
					cancel(err)
					return
				}
				if done.Add(1) == int64(len(f.arrivals)) {
					close(ended)
				}
			}
		})
	}
	begin := time.Now()
	var submits sync.WaitGroup
	for i, at := range f.arrivals {
		job := pilotJob()
		job.ID = fmt.Sprintf("%d-%d-%d", begin.UnixNano(), f.workers, i)
		time.Sleep(time.Until(begin.Add(at)))
		submitted[i] = time.Now()
		index.Store(job.ID, i)
		submits.Go(func() {
			if _, err := p.front.Submit(ctx, job); err != nil {
				cancel(err)
			}
		})
	}
	submits.Wait()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	took := time.Since(begin)
	err := context.Cause(ctx)
	cancel(nil)
	all.Wait()
	return forecast{queueing: queueing, took: took}, err
}
