package serve

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"judge/judge/queue"
)

// getWorkers answers with the workers that were heard of lately.
func (s *Service) getWorkers(w http.ResponseWriter, r *http.Request) error {
	workers, err := s.queue.Workers(r.Context())
	if err != nil {
		return err
	}
	if workers == nil {
		workers = []queue.Advert{}
	}
	return writeJSON(w, http.StatusOK, map[string]any{"workers": workers})
}

// language is one that submissions can have.
type language struct {
	Name     string   `json:"name"`
	Versions []string `json:"versions"` // of all workers, each once, sorted
	Workers  int      `json:"workers"`  // that have it
}

// getLanguages answers with the languages that at least one worker has.
func (s *Service) getLanguages(w http.ResponseWriter, r *http.Request) error {
	workers, err := s.queue.Workers(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, map[string]any{"languages": languagesOf(workers)})
}

func languagesOf(workers []queue.Advert) []language {
	byName := map[string]*language{}
	for _, worker := range workers {
		for name, version := range worker.Languages {
			l := byName[name]
			if l == nil {
				l = &language{Name: name, Versions: []string{}}
				byName[name] = l
			}
			l.Workers++
			if version != "" && !slices.Contains(l.Versions, version) {
				l.Versions = append(l.Versions, version)
			}
		}
	}
	found := make([]language, 0, len(byName))
	for _, l := range byName {
		slices.Sort(l.Versions)
		found = append(found, *l)
	}
	slices.SortFunc(found, func(a, b language) int { return cmp.Compare(a.Name, b.Name) })
	return found
}

// queueAnswer is how long the queue is.
type queueAnswer struct {
	Waiting int            `json:"waiting"` // for a worker
	Running int            `json:"running"`
	Lengths []queue.Length `json:"lengths"` // those that are not empty, highest priority first
	Workers int            `json:"workers"`
	// Stuck lists what jobs that wait need and no worker has: languages, each once, sorted.
	Stuck []string `json:"stuck"`
}

// getQueue answers with the lengths of the queue.
func (s *Service) getQueue(w http.ResponseWriter, r *http.Request) error {
	lengths, err := s.queue.Lengths(r.Context())
	if err != nil {
		return err
	}
	workers, err := s.queue.Workers(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, newQueueAnswer(lengths, workers))
}

func newQueueAnswer(lengths []queue.Length, workers []queue.Advert) queueAnswer {
	answer := queueAnswer{Lengths: []queue.Length{}, Workers: len(workers)}
	stuck := map[string]bool{}
	for _, l := range lengths {
		answer.Waiting += l.Waiting
		answer.Running += l.Running
		if l.Waiting+l.Running == 0 {
			continue
		}
		if l.Needs == nil {
			l.Needs = []string{}
		}
		answer.Lengths = append(answer.Lengths, l)
		if l.Waiting > 0 && !slices.ContainsFunc(workers, func(w queue.Advert) bool { return hasAll(w, l.Needs) }) {
			for _, name := range l.Needs {
				stuck[name] = stuck[name] || !slices.ContainsFunc(workers, func(w queue.Advert) bool { return hasAll(w, []string{name}) })
			}
		}
	}
	maps.DeleteFunc(stuck, func(_ string, missing bool) bool { return !missing })
	answer.Stuck = append([]string{}, slices.Sorted(maps.Keys(stuck))...)
	return answer
}

func hasAll(w queue.Advert, languages []string) bool {
	return !slices.ContainsFunc(languages, func(name string) bool { _, ok := w.Languages[name]; return !ok })
}

// health answers as long as the process does.
func (s *Service) health(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string]string{"status": "ok", "version": s.version})
}

// readyTimeout is how long the queue may take to say that it is ready.
const readyTimeout = 3 * time.Second

// ready answers whether submissions can be made, and why they cannot.
func (s *Service) ready(w http.ResponseWriter, _ *http.Request) error {
	if s.draining.Err() != nil {
		return errDraining
	}
	if !s.readiness.known(s.isReady) {
		return unavailable.later(5*time.Second, "the queue cannot take submissions")
	}
	return writeJSON(w, http.StatusOK, map[string]string{"status": "ready"})
}

// isReady asks the queue.
func (s *Service) isReady() bool {
	ctx, cancel := context.WithTimeout(s.closing, readyTimeout)
	defer cancel()
	err := s.queue.Ready(ctx)
	if err != nil {
		s.log.Warn("the queue is not ready", "error", err)
	}
	return err == nil
}

// readiness is whether the queue was ready when it was asked last. Everybody may ask the service, as often as they
// like; the queue is asked once in readyAge.
type readiness struct {
	mu    sync.Mutex
	ready bool
	asked time.Time
}

const readyAge = time.Second

func (r *readiness) known(ask func() bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.asked) >= readyAge {
		r.ready = ask()
		r.asked = time.Now()
	}
	return r.ready
}
