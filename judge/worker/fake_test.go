package worker

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
	"judge/judge/queue"
)

// fakeQueue is a queue in memory.
type fakeQueue struct {
	mu      sync.Mutex
	files   map[string][]byte
	opened  map[string]int // how often
	adverts []queue.Advert
	gone    bool // the advert was withdrawn
	waiting chan *fakeDelivery
}

func newFake() *fakeQueue {
	return &fakeQueue{files: map[string][]byte{}, opened: map[string]int{}, waiting: make(chan *fakeDelivery, 1000)}
}

// put stores a file and returns its hash.
func (q *fakeQueue) put(content []byte) string {
	q.mu.Lock()
	defer q.mu.Unlock()
	sum := sha256.Sum256(content)
	hash := hex.EncodeToString(sum[:])
	q.files[hash] = content
	return hash
}

// putTask stores a task and returns its id.
func (q *fakeQueue) putTask(t *testing.T, files map[string]string) string {
	t.Helper()
	m := queue.Manifest{Files: map[string]string{}}
	for name, text := range files {
		m.Files[name] = q.put([]byte(text))
	}
	encoded, err := m.Encode()
	require.NoError(t, err)
	return q.put(encoded)
}

// submit queues a job and returns what a worker gets.
func (q *fakeQueue) submit(j queue.Job) *fakeDelivery { return q.submitAgain(j, 1) }

// submitAgain is submit for one of several attempts.
func (q *fakeQueue) submitAgain(j queue.Job, attempt int) *fakeDelivery {
	d := newDelivery(j, attempt)
	q.waiting <- d
	return d
}

func newDelivery(j queue.Job, attempt int) *fakeDelivery {
	return &fakeDelivery{job: j, attempt: attempt, cancelled: make(chan struct{}), begun: make(chan struct{}), over: make(chan struct{})}
}

func (q *fakeQueue) Take(ctx context.Context, can func(string) bool) (Delivery, error) {
	select {
	case d := <-q.waiting:
		return d, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (q *fakeQueue) OpenFile(_ context.Context, hash string) (io.ReadCloser, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.opened[hash]++
	content, ok := q.files[hash]
	if !ok {
		return nil, queue.ErrUnknown
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

func (q *fakeQueue) Advertise(_ context.Context, a queue.Advert) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.adverts = append(q.adverts, a)
	return nil
}

func (q *fakeQueue) Withdraw(context.Context, string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.gone = true
	return nil
}

// fakeDelivery is a job and what became of it. The last fields are complete when over is closed.
type fakeDelivery struct {
	job       queue.Job
	attempt   int
	cancelled chan struct{}
	once      sync.Once
	begun     chan struct{} // closed at the first record
	goOn      chan struct{} // closed when the worker may go on after that; nil: at once
	over      chan struct{}

	seen     []*judge.Record
	result   *queue.Result // nil: not finished
	records  []byte
	released string // why; empty: it was not
}

func (d *fakeDelivery) Job() queue.Job             { return d.job }
func (d *fakeDelivery) Attempt() int               { return d.attempt }
func (d *fakeDelivery) Cancelled() <-chan struct{} { return d.cancelled }

func (d *fakeDelivery) Record(r *judge.Record) error {
	d.seen = append(d.seen, r)
	d.once.Do(func() { close(d.begun) })
	if d.goOn != nil {
		<-d.goOn
	}
	return nil
}

func (d *fakeDelivery) Finish(_ context.Context, r queue.Result, records io.ReadSeeker) (err error) {
	d.result = &r
	d.records, err = io.ReadAll(records)
	return err
}

func (d *fakeDelivery) Release(_ context.Context, _ time.Duration, reason string) error {
	d.released = reason
	return nil
}

func (d *fakeDelivery) Close() error {
	close(d.over)
	return nil
}

// wait waits until the worker has let go of the job.
func (d *fakeDelivery) wait(t *testing.T) *fakeDelivery {
	t.Helper()
	select {
	case <-d.over:
	case <-time.After(4 * time.Minute):
		t.Fatal("the worker has not let go of the job after minutes")
	}
	return d
}

// newPool opens a pool on a host that can judge.
func newPool(t *testing.T, jobs int) *judge.Pool {
	t.Helper()
	pool, err := judge.NewPool(judge.PoolOptions{Jobs: jobs})
	if err != nil {
		if os.Getenv("JUDGE_TEST_STRICT") == "1" {
			t.Fatalf("this host cannot judge: %v", err)
		}
		t.Skipf("this host cannot judge: %v", err)
	}
	t.Cleanup(func() { assert.NoError(t, pool.Close()) })
	return pool
}

// start runs a worker until stop, which waits for its end.
func start(t *testing.T, c Config) (stop func()) {
	t.Helper()
	_, stop = startUntilTold(t, c)
	return stop
}

// startUntilTold is start with a function that tells the worker to end, and does not wait.
func startUntilTold(t *testing.T, c Config) (tell, stop func()) {
	t.Helper()
	if c.Pool == nil {
		c.Pool = newPool(t, 2)
	}
	if c.Dir == "" {
		c.Dir = t.TempDir()
	}
	c.Name, c.Version = "w", "test"
	w, err := New(c)
	require.NoError(t, err)
	for _, language := range []string{"c", "cpp", "python", "bash"} {
		w.Offer(language, "")
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		assert.NoError(t, <-ended)
		assert.NoError(t, w.Close())
	})
	t.Cleanup(stop)
	return cancel, stop
}

// readTree reads the files below a directory.
func readTree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(at string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, at)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(at)
		files[filepath.ToSlash(name)] = string(text)
		return err
	}))
	return files
}

// endless is a task and a submission that runs until it is stopped.
func endless(t *testing.T, q *fakeQueue) queue.Job {
	return queue.Job{
		ID: "endless", Task: q.putTask(t, map[string]string{"tasks.toml": `
[[task]]
name = "endless"
limits = { time = "1000s" }
[[task.test]]
input = ""
answer = ""
`}),
		Sources: []queue.Source{{Path: "main.sh", Text: "while :; do :; done\n"}},
	}
}

// interaction is a task whose submissions are several processes with 5 GiB each.
func interaction(t *testing.T, q *fakeQueue, processes ...string) string {
	names, _ := json.Marshal(processes)
	return q.putTask(t, map[string]string{"talk.sh": "exit 42", "tasks.toml": fmt.Sprintf(`
[[task]]
name = "talk"
limits = { memory = "5GiB" }
interactor = { source = "talk.sh", processes = %s, pipes = ["interactor:1 -> a:0", "a:1 -> interactor:0", "interactor:4 -> b:0"] }
[[task.test]]
input = ""
`, names)})
}

// double is a task whose submissions double a number.
func double(t *testing.T, q *fakeQueue, extra string) string {
	return q.putTask(t, map[string]string{"1.in": "2\n", "1.ans": "4\n", "check.sh": "exit 42", "tasks.toml": fmt.Sprintf(`
[defaults]
limits = { time = "10s" }
[[task]]
name = "double"
tests = ["*.in"]
%s
`, extra)})
}
