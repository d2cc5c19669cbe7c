package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"judge/fixtures/testenv"
	"judge/judge/queue"
)

// site is an online judge with all that it needs.
type site struct {
	t      *testing.T
	ctx    context.Context
	giveUp context.CancelCauseFunc
	begin  time.Time
	random *rand.Rand

	nodes, workers []*host
	front          *host
	q              *queue.Queue
	js             jetstream.JetStream
	tasks          map[string]string // name of a bundle to its id
}

const siteToken = "0123456789abcdef"

func startSite(t *testing.T, e extent) *site {
	ctx, cancel := context.WithTimeout(context.Background(), e.patience)
	t.Cleanup(cancel)
	s := &site{t: t, begin: time.Now(), random: chance(), tasks: map[string]string{}}
	s.ctx, s.giveUp = context.WithCancelCause(ctx)
	makeSwitch(t)
	s.startNodes()
	q, err := queue.Open(s.ctx, queue.Options{URL: urls(nodePort, s.nodes), Name: "test"})
	require.NoError(t, err)
	t.Cleanup(func() { q.Close() })
	nc, err := nats.Connect(urls(nodePort, s.nodes), nats.MaxReconnects(-1))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	s.js, err = jetstream.New(nc)
	require.NoError(t, err)
	s.q = q

	dir := t.TempDir()
	tokens := filepath.Join(dir, "tokens")
	require.NoError(t, os.WriteFile(tokens, []byte("site "+siteToken+" rate=100000\n"), 0o600))
	s.front = newHost(t, "front", 30)
	s.front.command = []string{"judge", "serve", "--nats", urls(nodePort, s.nodes), "--addr", s.front.address + ":8077", "--token-file", tokens}
	s.front.start()
	for name, files := range bundles {
		var task struct{ ID string }
		require.NoError(t, s.ask(http.MethodPost, "/v1/tasks", map[string]any{"files": files}, &task))
		s.tasks[name] = task.ID
	}
	for i := range specimens { // for each set of languages there is a consumer then
		require.NoError(t, s.submit(i))
	}
	s.setAckWait(e.ackWait)
	for i := range 4 {
		w := newHost(t, fmt.Sprint("worker", i+1), 21+i)
		w.command = []string{"judge", "work", "--nats", urls(nodePort, s.nodes), "--name", w.name, "--jobs", "1", "--cache", filepath.Join(dir, w.name)}
		w.start()
		s.workers = append(s.workers, w)
	}
	return s
}

func (s *site) startNodes() {
	for i := range 3 {
		s.nodes = append(s.nodes, newHost(s.t, fmt.Sprint("node", i+1), 11+i))
	}
	for _, node := range s.nodes {
		node.command = []string{"nats-node", node.name, node.address, s.t.TempDir(), urls(routePort, s.nodes)}
		node.start()
	}
}

// setAckWait sets after what time a silent worker's jobs are another's. No worker has asked for it yet.
func (s *site) setAckWait(d time.Duration) {
	stream, err := s.js.Stream(s.ctx, "JUDGE_WORK")
	require.NoError(s.t, err)
	list := stream.ListConsumers(s.ctx)
	for c := range list.Info() {
		c.Config.AckWait = d
		_, err := stream.UpdateConsumer(s.ctx, c.Config)
		require.NoError(s.t, err)
	}
	require.NoError(s.t, list.Err())
}

// end tells all to end, which they do well, but for nodes.
func (s *site) end() {
	s.t.Helper()
	told := append(slices.Clone(s.workers), s.front)
	for _, h := range told {
		require.NoError(s.t, h.cmd.Process.Signal(syscall.SIGTERM), h.name)
	}
	for _, h := range told {
		require.NoError(s.t, h.wait(), "%s does not end well", h.name)
	}
	for _, node := range s.nodes {
		node.kill()
	}
}

// subjects are those that have messages, with how many.
func (s *site) subjects(stream string) map[string]uint64 {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	of, err := s.js.Stream(ctx, stream)
	require.NoError(s.t, err)
	info, err := of.Info(ctx, jetstream.WithSubjectFilter(">"))
	require.NoError(s.t, err)
	return info.State.Subjects
}

// siteTime is when the process of a site gives up, before those who wait for it do.
func siteTime(t *testing.T) time.Duration {
	limit := extentOf().patience + time.Minute
	if deadline, ok := t.Deadline(); ok {
		limit = min(limit, time.Until(deadline)-5*time.Second)
	}
	return limit
}

// needNetworks ends a test where network namespaces, bridges and pairs of interfaces cannot be made.
func needNetworks(t *testing.T) {
	t.Helper()
	testenv.NeedRoot(t, "to make networks")
	cmd := exec.Command("bash", "-c", "ip link add name switch type bridge && ip link add name left type veth peer name right")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("make networks: %w: %s", err, strings.TrimSpace(string(out)))
	}
	testenv.Need(t, testenv.Veth, err)
}
