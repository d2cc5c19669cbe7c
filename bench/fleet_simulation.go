package main

import (
	"container/heap"
	"math/rand/v2"
	"time"
)

// costs are for how long the servers of a queue are busy with something: what they can do in a second is its inverse.
// Those of one stream are one after the other, and the streams share their CPUs, so there is one line for all of it.
type costs struct {
	submit time.Duration // a job
	take   time.Duration
	record time.Duration // one of a run, stored for who watches
	finish time.Duration // the result, and what the front reads of it
	poll   time.Duration // an idle worker asks a consumer that has nothing
	list   time.Duration // a worker asks which consumers there are
	advert time.Duration
}

// How often workers do what is not for a job; see package queue.
const (
	pollInterval   = 3750 * time.Millisecond // longPause, with its jitter
	listInterval   = 10 * time.Second        // listAge
	advertInterval = 10 * time.Second        // a third of queue.AdvertAge
)

// fleet is a queue with its workers, all of one kind, and its clients.
type fleet struct {
	workers   int
	slots     int  // of a worker
	ahead     int  // jobs that a worker has waiting for a slot
	consumers int  // priorities times sets of languages, which an idle worker asks
	patient   bool // a worker takes its next job only when it has finished the last
	records   int  // of a job
	costs     costs
	delay     time.Duration // from a job's being stored to a worker's having it, but for the servers' time

	arrivals []time.Duration // when jobs are submitted, from 0 on, in order
	services []time.Duration // how long each is judged
}

// forecast is what came of a fleet's jobs.
type forecast struct {
	queueing    []time.Duration // from submission until judging begins
	took        time.Duration   // from the first arrival to the last end
	utilisation float64         // of the slots, in that time
	load        float64         // what the servers are asked for, of what they could do while jobs arrived: above 1 they fall behind
	idling      float64         // the part of load that is for no job
}

// event is something that happens in a simulation.
type event struct {
	at   time.Duration
	turn int // of those at the same time the earlier made comes first
	do   func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].turn < e[j].turn
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// simulation is the state of a fleet at a time.
type simulation struct {
	fleet
	now    time.Duration
	events events
	turns  int

	free    time.Duration // when the servers have done what they were asked
	waiting []int         // jobs that are stored, the oldest first
	idle    []*simulated  // workers with a place for which there is no job, once for each
	last    time.Duration // the latest end of a job

	asked, background time.Duration // of the servers
	judging           time.Duration
	forecast          forecast
}

// simulated is a worker.
type simulated struct {
	running int
	local   []int // jobs that wait for a slot
}

// simulate lets a fleet do its jobs. It is the same each time.
func (f fleet) simulate() forecast {
	s := &simulation{fleet: f}
	s.forecast.queueing = make([]time.Duration, len(f.arrivals))
	all := make([]simulated, f.workers)
	for range f.slots + f.ahead { // every worker has its first place before one has its second
		for i := range all {
			s.idle = append(s.idle, &all[i])
		}
	}
	for i, at := range f.arrivals {
		s.at(at, func() { s.submit(i) })
	}
	end := f.arrivals[len(f.arrivals)-1]
	const step = 10 * time.Millisecond
	for at := step; at <= end && f.costs != (costs{}); at += step {
		s.at(at, func() { s.idling(step) })
	}
	for len(s.events) > 0 {
		e := heap.Pop(&s.events).(event)
		s.now = e.at
		e.do()
	}
	s.forecast.took = s.last - f.arrivals[0]
	s.forecast.load = float64(s.asked) / float64(end)
	s.forecast.idling = float64(s.background) / float64(end)
	s.forecast.utilisation = float64(s.judging) / float64(s.forecast.took) / float64(f.workers*f.slots)
	return s.forecast
}

func (s *simulation) at(at time.Duration, do func()) {
	s.turns++
	heap.Push(&s.events, event{at, s.turns, do})
}

// ask has the servers do something, after what they were asked before, and returns when they have.
func (s *simulation) ask(cost time.Duration) time.Duration {
	s.free = max(s.free, s.now) + cost
	s.asked += cost
	return s.free
}

// idling is what workers ask for while there is nothing else, in some time.
func (s *simulation) idling(d time.Duration) {
	share := func(n int, cost, interval time.Duration) time.Duration {
		return time.Duration(float64(n) * float64(cost) * float64(d) / float64(interval))
	}
	idle := min(len(s.idle), s.workers) // what one place of a worker has seen, its others know
	cost := share(idle*s.consumers, s.costs.poll, pollInterval) + share(s.workers, s.costs.list, listInterval) +
		share(s.workers, s.costs.advert, advertInterval)
	s.background += cost
	s.ask(cost)
}

func (s *simulation) submit(job int) {
	s.at(s.ask(s.costs.submit), func() {
		s.waiting = append(s.waiting, job)
		s.match()
	})
}

// match gives the oldest job to a worker that has a place.
func (s *simulation) match() {
	for len(s.waiting) > 0 && len(s.idle) > 0 {
		job, w := s.waiting[0], s.idle[0]
		s.waiting, s.idle = s.waiting[1:], s.idle[1:]
		s.at(s.ask(s.costs.take)+s.delay, func() { s.arrive(w, job) })
	}
}

// arrive is when a worker has got a job.
func (s *simulation) arrive(w *simulated, job int) {
	if w.running == s.slots {
		w.local = append(w.local, job)
		return
	}
	w.running++
	s.forecast.queueing[job] = s.now - s.arrivals[job]
	s.at(s.now+s.services[job], func() { s.end(w, job) })
}

// end is when a job was judged.
func (s *simulation) end(w *simulated, job int) {
	s.last = s.now // time only goes on
	s.judging += s.services[job]
	w.running--
	if len(w.local) > 0 {
		next := w.local[0]
		w.local = w.local[1:]
		s.arrive(w, next)
	}
	told := s.ask(time.Duration(s.records)*s.costs.record + s.costs.finish)
	if !s.patient {
		told = s.now
	}
	s.at(told, func() {
		s.idle = append(s.idle, w)
		s.match()
	})
}

// poisson are n times at which independent clients do something, so many times a second on average.
func poisson(random *rand.Rand, n int, perSecond float64) []time.Duration {
	at := make([]time.Duration, n)
	var now float64
	for i := range at {
		now += random.ExpFloat64() / perSecond
		at[i] = time.Duration(now * float64(time.Second))
	}
	return at
}

// drawn are n of some measured times.
func drawn(random *rand.Rand, n int, measured []time.Duration) []time.Duration {
	list := make([]time.Duration, n)
	for i := range list {
		list[i] = measured[random.IntN(len(measured))]
	}
	return list
}
