package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"judge/judge"
)

// What the simulated fleets are like.
const (
	fleetSlots     = 4   // of a worker
	fleetConsumers = 12  // three priorities of four sets of languages
	fleetLoad      = 0.8 // of what the workers could judge
)

// measureFleet measures what the operations of the queue cost and how long judging takes, compares the simulation with real
// workers, and simulates fleets that we do not have.
func measureFleet(ctx context.Context, l *lab) error {
	p, err := l.openPilot(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	c, err := p.measure(ctx, l.times(4000))
	if err != nil {
		return err
	}
	l.addCosts("embedded", c)
	l.remark("fleet/embedded-submit", fmt.Sprintf("%d at one time, clients on the same CPUs", atOnce))
	clustered, err := l.clusterCosts(ctx)
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	l.addCosts("cluster", clustered)
	l.remark("fleet/cluster-submit", "three servers on the same CPUs")
	delay, err := p.handOver(ctx, l.times(100))
	if err != nil {
		return err
	}
	l.add("fleet/hand_over_us", micros(delay))
	delay = max(0, delay-c.submit-c.take)
	if err := l.compareFleets(ctx, p, c, delay); err != nil {
		return err
	}
	return l.simulateFleets(ctx, c, clustered, delay)
}

// clusterCosts measures what three servers can do, of which each has everything.
func (l *lab) clusterCosts(ctx context.Context) (costs, error) {
	p, err := l.openClusterPilot(ctx)
	if err != nil {
		return costs{}, err
	}
	defer p.close()
	return p.measure(ctx, l.times(1000))
}

func (l *lab) addCosts(servers string, c costs) {
	for _, one := range []struct {
		name string
		cost time.Duration
	}{
		{"submit", c.submit}, {"take", c.take}, {"record", c.record}, {"finish", c.finish}, {"poll", c.poll}, {"list", c.list}, {"advert", c.advert},
	} {
		part := "fleet/" + servers + "-" + one.name
		l.add(part+"/cost_us", micros(one.cost))
		if one.cost > 0 { // a quick measurement may find none
			l.add(part+"/per_s", 1/one.cost.Seconds())
		}
	}
}

// compareFleets has real workers and simulated ones do the same jobs.
func (l *lab) compareFleets(ctx context.Context, p *pilot, c costs, delay time.Duration) error {
	const mean = 20 * time.Millisecond
	for _, workers := range []int{1, 2, 4} {
		random := rand.New(rand.NewPCG(1, uint64(workers)))
		n := l.times(400)
		f := fleet{
			workers: workers, slots: 1, consumers: 1, patient: true, records: 4, costs: c, delay: delay,
			arrivals: poisson(random, n, fleetLoad*float64(workers)/mean.Seconds()), services: make([]time.Duration, n),
		}
		for i := range f.services {
			f.services[i] = time.Duration(random.ExpFloat64() * float64(mean))
		}
		real, err := p.reality(ctx, f)
		if err != nil {
			return fmt.Errorf("%d workers: %w", workers, err)
		}
		simulated := f.simulate()
		for i, one := range []forecast{real, simulated} {
			part := fmt.Sprintf("fleet/%s-%d", []string{"real", "simulated"}[i], workers)
			l.add(part+"/jobs_per_s", float64(n)/one.took.Seconds())
			l.add(part+"/queueing_median_ms", millis(quantile(one.queueing, 0.5)))
			l.add(part+"/queueing_p99_ms", millis(quantile(one.queueing, 0.99)))
		}
		part := fmt.Sprintf("fleet/simulated-%d", workers)
		l.add(part+"/of_real_rate", real.took.Seconds()/simulated.took.Seconds())
		l.add(part+"/of_real_p99", float64(quantile(simulated.queueing, 0.99))/float64(quantile(real.queueing, 0.99)))
		l.remark(part, "the same jobs, which are sleep of 20 ms on average")
	}
	return nil
}

// simulateFleets forecasts fleets of many sizes, for some kinds of submissions.
func (l *lab) simulateFleets(ctx context.Context, c, clustered costs, delay time.Duration) error {
	kinds := []struct {
		work
		more    time.Duration // that judging takes longer than was measured
		records int
	}{
		{small, 0, small.tests + 2},
		{ordinary, 0, ordinary.tests + 2},
		{work{"long", ordinary.extension, ordinary.source, ordinary.tests}, 4 * time.Second, 42},
	}
	for _, kind := range kinds {
		measured, err := l.judgingTimes(ctx, kind.work, max(5, l.times(100)))
		if err != nil {
			return err
		}
		var mean time.Duration
		for i := range measured {
			measured[i] += kind.more
			mean += measured[i] / time.Duration(len(measured))
		}
		f := fleet{slots: fleetSlots, consumers: fleetConsumers, records: kind.records, costs: c, delay: delay}
		if mean < time.Second {
			f.ahead = 1
		}
		perWorker := fleetLoad * fleetSlots / mean.Seconds() // jobs a second
		l.add("fleet/"+kind.name+"/judging_ms", millis(mean))
		l.add("fleet/"+kind.name+"/full_at_workers", f.fullAt(perWorker))
		f.costs = clustered
		l.add("fleet/"+kind.name+"/cluster_full_at_workers", f.fullAt(perWorker))
		f.costs = c
		for _, workers := range []int{10, 30, 100, 300, 1000, 3000, 10_000} {
			random := rand.New(rand.NewPCG(2, uint64(workers)))
			n := min(max(20*workers*fleetSlots, 20_000), 200_000)
			if l.quick {
				n /= 20
			}
			f.workers = workers
			f.arrivals = poisson(random, n, perWorker*float64(workers))
			f.services = drawn(random, n, measured)
			r := f.simulate()
			part := "fleet/" + kind.name + "-" + strconv.Itoa(workers)
			l.add(part+"/offered_per_s", perWorker*float64(workers))
			l.add(part+"/judged_per_s", float64(n)/r.took.Seconds())
			l.add(part+"/utilisation", r.utilisation)
			l.add(part+"/servers_load", r.load)
			l.add(part+"/servers_idling", r.idling)
			l.add(part+"/queueing_median_ms", millis(quantile(r.queueing, 0.5)))
			l.add(part+"/queueing_p99_ms", millis(quantile(r.queueing, 0.99)))
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	return nil
}

// fullAt is how many workers keep the servers busy all the time, when each is given so many jobs a second and all have a free place.
func (f fleet) fullAt(perWorker float64) float64 {
	c := f.costs
	job := c.submit + c.take + time.Duration(f.records)*c.record + c.finish
	return 1 / (perWorker*job.Seconds() + float64(f.consumers)*float64(c.poll)/float64(pollInterval) +
		float64(c.list)/float64(listInterval) + float64(c.advert)/float64(advertInterval))
}

// judgingTimes are how long each of n submissions takes in a slot, as a worker judges it.
func (l *lab) judgingTimes(ctx context.Context, w work, n int) ([]time.Duration, error) {
	dir, err := os.MkdirTemp(l.dir, "bundle-")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "tasks.toml"), []byte(w.taskFile("")), 0o644); err != nil {
		return nil, err
	}
	task, err := judge.LoadBundle(dir)
	if err != nil {
		return nil, err
	}
	pool, err := judge.NewPool(judge.PoolOptions{Jobs: 1})
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	var took []time.Duration
	for i := range n + 1 {
		one := *task
		s, err := one.NewSubmission("", "", judge.SourceFile{Name: "main" + w.extension, Data: judge.Data{Text: fmt.Sprintf(w.source, i)}})
		if err != nil {
			return nil, err
		}
		one.Submissions = []judge.Submission{s}
		r := recorder{expect: w.tests}
		begin := time.Now()
		if err := r.judge(ctx, judge.Batch{Pool: pool}, one); err != nil {
			return nil, err
		}
		if len(r.runs) != w.tests {
			return nil, fmt.Errorf("%s: %d runs of %d", w.name, len(r.runs), w.tests)
		}
		if i > 0 { // the first one has to wait for the sandbox
			took = append(took, time.Since(begin))
		}
	}
	return took, nil
}
