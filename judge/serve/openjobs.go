package serve

import (
	"context"
	"sync"
	"time"

	"judge/judge/queue"
)

// openJobs knows the submissions that have no result yet, as far as this service has taken them or found them
// when it began, and tells who waits for one that it has come. The zero value is ready to be used.
type openJobs struct {
	mu      sync.Mutex
	owners  map[string]string // by id
	counts  map[string]int    // by owner
	waiters map[string]map[chan *queue.Result]bool
}

// add counts a submission that is about to be made; most is what its owner may have, 0: any number. It says
// whether it is the one that counted it: who then does not make it takes that back.
func (o *openJobs) add(id, owner string, most int) (added bool, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, known := o.owners[id]; known {
		return false, nil
	}
	if most > 0 && o.counts[owner] >= most {
		return false, tooMany.later(time.Second, "more than %d submissions that are not finished", most)
	}
	if o.owners == nil {
		o.owners, o.counts = map[string]string{}, map[string]int{}
	}
	o.owners[id] = owner
	o.counts[owner]++
	return true, nil
}

// remove says that a submission was not made, or has a result that is not known here.
func (o *openJobs) remove(id string) { o.end(id, nil) }

// end says that a submission has a result; nil: it has to be looked up.
func (o *openJobs) end(id string, r *queue.Result) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if owner, known := o.owners[id]; known {
		delete(o.owners, id)
		if o.counts[owner]--; o.counts[owner] == 0 {
			delete(o.counts, owner)
		}
	}
	for waiter := range o.waiters[id] {
		waiter <- r // it has room for the only one
	}
	delete(o.waiters, id)
}

// len is how many there are.
func (o *openJobs) len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.owners)
}

// wait returns a channel on which the result of a submission comes, once, if this service hears of it from now on;
// forget ends the waiting.
func (o *openJobs) wait(id string) (result <-chan *queue.Result, forget func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	waiter := make(chan *queue.Result, 1)
	if o.waiters == nil {
		o.waiters = map[string]map[chan *queue.Result]bool{}
	}
	if o.waiters[id] == nil {
		o.waiters[id] = map[chan *queue.Result]bool{}
	}
	o.waiters[id][waiter] = true
	return waiter, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.waiters[id], waiter)
		if len(o.waiters[id]) == 0 {
			delete(o.waiters, id)
		}
	}
}

// retryFollowing is how long to wait before the queue is asked again that did not answer.
const retryFollowing = time.Second

// follow takes notice of all results, until the service is closed.
func (s *Service) follow() {
	s.followers.Go(s.recount)
	for s.closing.Err() == nil {
		for result, err := range s.queue.Results(s.closing) {
			if err != nil {
				if s.closing.Err() == nil {
					s.log.Warn("follow results", "error", err)
				}
				break
			}
			s.metrics.result(result)
			s.open.end(result.ID, &result)
		}
		select {
		case <-s.closing.Done():
		case <-time.After(retryFollowing):
		}
	}
}

// maxRecount is how many jobs are looked at when the service begins.
const maxRecount = 20_000

// recount finds the submissions that were open when the service began.
func (s *Service) recount() {
	options := queue.ListOptions{Limit: 500}
	for looked := 0; looked < maxRecount; looked += options.Limit {
		ctx, cancel := context.WithTimeout(s.closing, promptTimeout)
		page, next, err := s.queue.List(ctx, options)
		cancel()
		if err != nil {
			if s.closing.Err() == nil {
				s.log.Warn("count open submissions", "error", err)
			}
			return
		}
		for _, status := range page {
			if !status.State.Final() {
				s.open.add(status.Job.ID, status.Job.Owner, 0)
				s.forgetFinished(status.Job.ID)
			}
		}
		if next == 0 {
			return
		}
		options.Before = next
	}
}

// forgetFinished takes back an add whose result may have come before it.
func (s *Service) forgetFinished(id string) {
	ctx, cancel := context.WithTimeout(s.closing, promptTimeout)
	defer cancel()
	if status, err := s.queue.Status(ctx, id); err != nil || status.State.Final() {
		s.open.remove(id)
	}
}
