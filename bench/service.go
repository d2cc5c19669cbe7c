package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// service is a `judge serve` with its own store.
type service struct {
	*exec.Cmd
	url    string
	client *http.Client
	log    sync.WaitGroup
}

// startService starts one, and waits until its worker has tried all languages. The caller stops it.
func (l *lab) startService(ctx context.Context) (_ *service, err error) {
	exe, err := l.judgeCommand()
	if err != nil {
		return nil, err
	}
	s := &service{
		Cmd:    exec.CommandContext(ctx, exe, "serve", "--addr", "127.0.0.1:0", "--store", l.path("store")),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}},
	}
	stderr, err := s.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := s.Start(); err != nil {
		return nil, err
	}
	address, last := make(chan string, 1), ""
	s.log.Go(func() {
		defer close(address)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			last = lines.Text()
			if _, rest, found := strings.Cut(last, "msg=listens address="); found {
				at, _, _ := strings.Cut(rest, " ")
				address <- at
			}
		}
	})
	at, ok := <-address
	if !ok {
		return nil, errors.Join(fmt.Errorf("judge serve: %s", last), s.Wait())
	}
	s.url = "http://" + at
	if err := s.settle(ctx); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// settle waits until no language was added for some time.
func (s *service) settle(ctx context.Context) error {
	const quiet = 4 * time.Second
	var known []string
	for since := time.Now(); time.Since(since) < quiet || len(known) == 0; {
		var answer struct{ Languages []struct{ Name string } }
		if err := s.ask(ctx, http.MethodGet, "/v1/languages", nil, &answer); err != nil {
			return err
		}
		names := map[string]bool{}
		for _, l := range answer.Languages {
			names[l.Name] = true
		}
		if now := slices.Sorted(maps.Keys(names)); !slices.Equal(now, known) {
			known, since = now, time.Now()
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// stop lets the service end.
func (s *service) stop() error {
	s.client.CloseIdleConnections()
	if err := s.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	s.log.Wait()
	return s.Wait()
}

func (s *service) putTask(ctx context.Context, w work) (id string, err error) {
	body, err := json.Marshal(map[string]any{"files": map[string]string{"tasks.toml": w.taskFile("")}})
	if err != nil {
		return "", err
	}
	var task struct{ ID string }
	err = s.ask(ctx, http.MethodPost, "/v1/tasks", body, &task)
	return task.ID, err
}

// load has clients submit n submissions together, each waiting for its own, and returns how long each was answered after and how
// long each was queued.
func (s *service) load(ctx context.Context, w work, task string, from, n, clients int) (round, []time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int, n)
	for i := range n {
		next <- from + i
	}
	close(next)
	var mu sync.Mutex
	var took, queueing []time.Duration
	var all sync.WaitGroup
	before, begin := machineCPU(), time.Now()
	for range clients {
		all.Go(func() {
			for i := range next {
				start := time.Now()
				one, err := s.judge(ctx, w, task, i)
				if err != nil {
					cancel(err)
					return
				}
				mu.Lock()
				took, queueing = append(took, time.Since(start)), append(queueing, one.Started.Sub(one.Submitted))
				mu.Unlock()
			}
		})
	}
	all.Wait()
	r := round{took: took, rate: float64(n) / time.Since(begin).Seconds(), cpu: (machineCPU() - before) / time.Duration(n)}
	return r, queueing, context.Cause(ctx)
}

// judge submits a program and waits for its verdict, which is to be accepted.
func (s *service) judge(ctx context.Context, w work, task string, number int) (one submission, err error) {
	body, err := w.request(task, number)
	if err != nil {
		return one, err
	}
	if err := s.ask(ctx, http.MethodPost, "/v1/submissions?wait=60s", body, &one); err != nil {
		return one, err
	}
	for one.State == "queued" || one.State == "running" {
		if err := s.ask(ctx, http.MethodGet, "/v1/submissions/"+one.ID+"?wait=60s", nil, &one); err != nil {
			return one, err
		}
	}
	if one.Verdict != "accepted" {
		return one, fmt.Errorf("submission %s: %s, %s: %s", one.ID, one.State, one.Verdict, one.Message)
	}
	return one, nil
}

func (s *service) ask(ctx context.Context, method, path string, body []byte, answer any) error {
	return exchange(ctx, s.client, method, s.url+path, "application/json", bytes.NewReader(body), answer)
}
