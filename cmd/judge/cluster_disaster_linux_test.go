package main

import (
	"context"
	"math/rand/v2"
	"time"
)

// disaster is something that befalls a site, and is mended some time after.
type disaster struct {
	name  string
	lasts time.Duration
	begin func(*site) (mend func())
}

// fewDisasters are for every day. Jobs of who is silent are another's after shortAckWait.
var fewDisasters = []disaster{
	{name: "kill a worker", lasts: time.Second, begin: killOne(anyWorker)},
	{name: "cut off the leader", lasts: 5 * time.Second, begin: cutOne((*site).leader)},
	{name: "kill a node", lasts: time.Second, begin: killOne(anyNode)},
	{name: "cut off a worker", lasts: 5 * time.Second, begin: cutOne(anyWorker)},
	{name: "kill the front", lasts: time.Second, begin: killOne(theFront)},
}

// allDisasters last until somebody notices: connections are given up after 15 s, jobs of who is silent after 30 s.
var allDisasters = []disaster{
	{name: "kill a worker", lasts: 2 * time.Second, begin: killOne(anyWorker)},
	{name: "cut off the leader", lasts: 20 * time.Second, begin: cutOne((*site).leader)},
	{name: "kill a node", lasts: 5 * time.Second, begin: killOne(anyNode)},
	{name: "cut off a worker", lasts: 40 * time.Second, begin: cutOne(anyWorker)},
	{name: "kill the front", lasts: 2 * time.Second, begin: killOne(theFront)},
	{name: "kill the leader", lasts: 5 * time.Second, begin: killOne((*site).leader)},
	{name: "kill all workers", lasts: 2 * time.Second, begin: killAll(func(s *site) []*host { return s.workers })},
	{name: "cut off a node", lasts: 20 * time.Second, begin: cutOne(anyNode)},
	{name: "kill all nodes", lasts: 3 * time.Second, begin: killAll(func(s *site) []*host { return s.nodes })},
	{name: "cut off the front", lasts: 20 * time.Second, begin: cutOne(theFront)},
}

func anyWorker(s *site) *host { return s.workers[s.random.IntN(len(s.workers))] }
func anyNode(s *site) *host   { return s.nodes[s.random.IntN(len(s.nodes))] }
func theFront(s *site) *host  { return s.front }

// leader is the node that decides what is in the work stream; any node while that is not known.
func (s *site) leader() *host {
	ctx, cancel := context.WithTimeout(s.ctx, time.Second)
	defer cancel()
	if stream, err := s.js.Stream(ctx, "JUDGE_WORK"); err == nil {
		for _, node := range s.nodes {
			if c := stream.CachedInfo().Cluster; c != nil && c.Leader == node.name {
				return node
			}
		}
	}
	return anyNode(s)
}

func killOne(which func(*site) *host) func(*site) func() {
	return killAll(func(s *site) []*host { return []*host{which(s)} })
}

func killAll(which func(*site) []*host) func(*site) func() {
	return func(s *site) func() {
		hosts := which(s)
		for _, h := range hosts {
			h.kill()
		}
		return func() {
			for _, h := range hosts {
				h.start()
			}
		}
	}
}

func cutOne(which func(*site) *host) func(*site) func() {
	return func(s *site) func() {
		h := which(s)
		h.cut()
		return h.mend
	}
}

// disturb lets the disasters happen one after the other, and gives submissions to clients such that there are always some in
// the queue meanwhile. It returns when all n results have come.
func (s *site) disturb(plan []disaster, next chan<- int, finished <-chan int, n int) {
	s.t.Helper()
	share, released := n/(len(plan)+1), 0
	release := func(until int) {
		for ; released < until; released++ {
			next <- released
		}
	}
	release(share)
	var mend func()
	var over <-chan time.Time
	for done := 0; done < n || mend != nil; {
		if mend == nil && len(plan) > 0 && done >= released-share/2 {
			s.t.Logf("%v, %d results: %s", time.Since(s.begin).Round(100*time.Millisecond), done, plan[0].name)
			mend, over = plan[0].begin(s), time.After(plan[0].lasts)
			if plan = plan[1:]; len(plan) > 0 {
				release(released + share)
			} else {
				release(n)
			}
		}
		select {
		case <-finished:
			done++
		case <-over:
			mend()
			mend = nil
		case <-s.ctx.Done():
			s.t.Fatalf("%d of %d results: %v", done, n, context.Cause(s.ctx))
		}
	}
}

// chance is the same each time.
func chance() *rand.Rand { return rand.New(rand.NewPCG(7, 5)) }
