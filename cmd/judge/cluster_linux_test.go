package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/fixtures/testenv"
	"judge/judge/queue"
)

// extent is how large the test is. JUDGE_TEST_ALL=1 has all of it done, which takes some minutes:
//
//	JUDGE_TEST_ALL=1 go test -timeout 30m -v -run Cluster ./cmd/judge
type extent struct {
	submissions int
	clients     int // who submit and wait at one time
	ackWait     time.Duration
	disasters   []disaster
	patience    time.Duration // with all of it
}

func extentOf() extent {
	if os.Getenv("JUDGE_TEST_ALL") == "1" {
		return extent{submissions: 2000, clients: 40, ackWait: 30 * time.Second, disasters: slices.Repeat(allDisasters, 2), patience: 25 * time.Minute}
	}
	const shortAckWait = 3 * time.Second
	return extent{submissions: 150, clients: 12, ackWait: shortAckWait, disasters: fewDisasters, patience: 4 * time.Minute}
}

// Whatever is killed or cut off: each submission that was accepted has one result, which never changes and is that of `judge run`.
func TestClusterJudgesEachSubmissionOnce(t *testing.T) {
	needsJudging(t)
	if !inSite(t) {
		return
	}
	runtime.LockOSThread() // processes of the site die with the thread that has started them
	e := extentOf()
	s := startSite(t, e)
	outcomes := make([]outcome, e.submissions)
	next, finished := make(chan int, e.submissions), make(chan int, e.submissions)
	var clients sync.WaitGroup
	for range e.clients {
		clients.Go(func() {
			for i := range next {
				var err error
				if outcomes[i], err = s.judge(i); err != nil {
					s.giveUp(fmt.Errorf("submission %d: %w", i, err))
					return
				}
				finished <- i
			}
		})
	}
	t.Cleanup(clients.Wait)
	t.Cleanup(func() { s.giveUp(nil) })
	t.Cleanup(func() { close(next) })
	s.disturb(e.disasters, next, finished, e.submissions)
	took := time.Since(s.begin)
	s.wantOneResultEach(outcomes)
	s.end()

	want := runSpecimens(t)
	again := 0
	for i, o := range outcomes {
		of := specimens[i%len(specimens)]
		assert.Equal(t, want[i%len(specimens)], steadyRecords(t, o.records, of.bundle, nameOf(i)), "%s of %s", nameOf(i), of.bundle)
		if o.Attempts > 1 {
			again++
		}
	}
	t.Logf("%d submissions in %v, %d of them tried more than once, after %d disasters", e.submissions, took.Round(time.Second), again, len(e.disasters))
}

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

// outcome is what a client learns of its submission when it has ended.
type outcome struct {
	State    queue.State `json:"state"`
	Finished time.Time   `json:"finished"`
	Attempts int         `json:"attempts"`
	records  []byte
}

// idOf is the id of a submission, which its client chooses: who hears no answer submits it again.
func idOf(i int) string { return fmt.Sprintf("s%04d", i) }

// jobOf is its id in the queue, which begins with a mark of the token's name.
func jobOf(i int) string {
	sum := sha256.Sum256([]byte("site"))
	return hex.EncodeToString(sum[:8]) + "_" + idOf(i)
}

// nameOf is what records call it.
func nameOf(i int) string { return idOf(i) + "/" + specimens[i%len(specimens)].name }

func (s *site) submit(i int) error {
	of := specimens[i%len(specimens)]
	return s.ask(http.MethodPost, "/v1/submissions", map[string]any{
		"id": idOf(i), "task": s.tasks[of.bundle], "name": nameOf(i), "sources": map[string]string{of.name: of.text},
	}, nil)
}

// judge submits, waits, and fetches the records.
func (s *site) judge(i int) (o outcome, err error) {
	if err := s.submit(i); err != nil {
		return o, err
	}
	at := "/v1/submissions/" + idOf(i)
	for !o.State.Final() {
		if err := s.ask(http.MethodGet, at+"?wait=20s", nil, &o); err != nil {
			return o, err
		}
	}
	return o, s.ask(http.MethodGet, at+"/records", nil, &o.records)
}

// ask makes a request again and again until it is answered.
func (s *site) ask(method, path string, body, answer any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	for {
		err := s.askOnce(method, path, text, answer)
		if refused := (*refusedError)(nil); err == nil || errors.As(err, &refused) {
			return err
		}
		select {
		case <-time.After(100 * time.Millisecond): // nobody says when a front is back
		case <-s.ctx.Done():
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
	}
}

// refusedError is an answer that would be the same again.
type refusedError struct{ text string }

func (e *refusedError) Error() string { return e.text }

func (s *site) askOnce(method, path string, body []byte, answer any) error {
	ctx, cancel := context.WithTimeout(s.ctx, 25*time.Second) // longer than we want it to wait; who is cut off says nothing
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+s.front.address+":8077"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+siteToken)
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return err
	case response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests:
		return errors.New(response.Status)
	case response.StatusCode >= 300:
		return &refusedError{fmt.Sprintf("%s %s: %s: %s", method, path, response.Status, text)}
	}
	switch to := answer.(type) {
	case nil:
		return nil
	case *[]byte:
		*to = text
		return nil
	}
	return json.Unmarshal(text, answer)
}

// wantOneResultEach looks into the streams: each submission has one result, the one that its client has seen; none was given up;
// and nothing is left in the queue.
func (s *site) wantOneResultEach(outcomes []outcome) {
	t := s.t
	t.Helper()
	want := map[string]uint64{}
	for i, o := range outcomes {
		want["judge.result."+jobOf(i)] = 1
		status, err := s.q.Status(s.ctx, jobOf(i))
		require.NoError(t, err)
		if assert.NotNil(t, status.Result, idOf(i)) {
			assert.Equal(t, queue.Done, status.Result.State, "%s: %s", idOf(i), status.Result.Reason)
			assert.Equal(t, o.Finished, status.Result.Finished, "%s has another result", idOf(i))
		}
	}
	assert.Equal(t, want, s.subjects("JUDGE_RESULTS"))
	assert.Empty(t, s.subjects("JUDGE_DEAD"))
	// A job whose acknowledgement got lost goes to a worker once more, which sees that it is done.
	for len(s.subjects("JUDGE_WORK")) > 0 {
		select {
		case <-time.After(100 * time.Millisecond):
		case <-s.ctx.Done():
			require.Empty(t, slices.Collect(maps.Keys(s.subjects("JUDGE_WORK"))), "left in the queue")
		}
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
