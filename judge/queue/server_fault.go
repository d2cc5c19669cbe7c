package queue

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A stream of which a write has failed, as on a full disk, takes nothing more until its server is started again. So the embedded
// server is, once there is room. What was accepted before is with the kernel, and read again.

const (
	roomPause  = 2 * time.Second  // before we look again for room
	startPause = 10 * time.Second // at least, from one start to the next
	leastRoom  = 16 << 20         // bytes that have to be free on the disk
)

// fault is why the server stores nothing any more in one of its streams; nil: it does.
func (s *Server) fault() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.found
}

func (s *Server) setFault(found error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.found = found
}

// findFault asks the server.
func (s *Server) findFault() error {
	answer := &healthAnswer{header: http.Header{}}
	s.running().HandleHealthz(answer, &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/healthz"}})
	var health struct{ Error string }
	if json.Unmarshal(answer.Bytes(), &health) == nil && strings.Contains(health.Error, "write error") {
		return errors.New(health.Error)
	}
	return nil
}

// healthAnswer is a ResponseWriter that keeps the body.
type healthAnswer struct {
	bytes.Buffer
	header http.Header
}

func (a *healthAnswer) Header() http.Header { return a.header }
func (a *healthAnswer) WriteHeader(int)     {}

// watch mends the server until the context ends. What keeps it from writing it logs as an error, and others as well.
func (s *Server) watch(ctx context.Context) {
	for {
		select {
		case <-s.errored:
		case <-ctx.Done():
			return
		}
		if fault := s.findFault(); fault != nil {
			s.log.Error("the queue cannot write its store, and takes nothing until it can", "store", s.dir, "cause", fault)
			s.setFault(fault)
			s.mend(ctx)
		}
	}
}

// mend starts the server again when there is room, as often as it takes.
func (s *Server) mend(ctx context.Context) {
	for hasRoom(s.dir) != nil {
		if !wait(ctx, roomPause) {
			return
		}
	}
	s.stop()
	for {
		err := s.start()
		if err == nil {
			s.log.Info("the queue's server was started again")
			s.setFault(nil)
			wait(ctx, startPause)
			return
		}
		s.log.Error("the queue's server does not start", "cause", err)
		if !wait(ctx, startPause) {
			return
		}
	}
}

// wait waits for a time, and says whether the context goes on.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// hasRoom says why there is no room in a directory to go on with.
func hasRoom(dir string) error {
	free, err := freeBytes(dir)
	if err == nil && free < leastRoom {
		err = fmt.Errorf("disk of %s: %w: %d bytes are free", dir, ErrFull, free)
	}
	return err
}
