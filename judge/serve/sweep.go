package serve

import (
	"context"
	"time"
)

// sweepEvery is how often it is removed from the queue what nobody will ask for.
const sweepEvery = time.Hour

// sweep removes old files, and jobs that nobody could judge, until the service is closed. All services of a queue do, and do no
// harm to each other.
func (s *Service) sweep() {
	again := time.NewTicker(sweepEvery)
	defer again.Stop()
	for {
		s.sweepOnce("old files are removed", s.queue.SweepFiles)
		s.sweepOnce("submissions are given up that no worker could judge", s.queue.SweepJobs)
		select {
		case <-again.C:
		case <-s.closing.Done():
			return
		}
	}
}

func (s *Service) sweepOnce(what string, sweep func(context.Context) (int, error)) {
	swept, err := sweep(s.closing)
	switch {
	case s.closing.Err() != nil:
	case err != nil:
		s.log.Warn("sweep the queue", "error", err)
	case swept > 0:
		s.log.Info(what, "count", swept)
	}
}
