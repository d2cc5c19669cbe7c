package queue

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMain plays, when it is told so, a server in a process of its own, which a test may kill.
func TestMain(m *testing.M) {
	if store := os.Getenv("JUDGE_TEST_STORE"); store != "" {
		serve(store, os.Getenv("JUDGE_TEST_LISTEN"))
	}
	os.Exit(m.Run())
}

const testToken = "secret"

// serve prints the server's URL, or the error, and lives as long as its standard input.
func serve(store, listen string) {
	s, err := StartServer(ServerOptions{Store: store, Listen: listen, Token: testToken})
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println(s.ClientURL())
	_, _ = io.Copy(io.Discard, os.Stdin)
	s.Close()
	os.Exit(0)
}

// process is a server in a process of its own.
type process struct {
	url   string
	cmd   *exec.Cmd
	stdin io.Closer
}

func startProcess(t *testing.T, store, listen string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "JUDGE_TEST_STORE="+store, "JUDGE_TEST_LISTEN="+listen)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	p := &process{cmd: cmd, stdin: stdin}
	t.Cleanup(p.kill)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	p.url = strings.TrimSpace(line)
	return p
}

// kill is kill -9, and waits until the process is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// quiet is the time within which things must happen that nothing hinders; it is never waited for when all is well.
const quiet = time.Minute

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits for a condition without a fixed time.
func eventually(t *testing.T, why string, condition func() bool) {
	t.Helper()
	for ctx, pause := within(t, quiet), time.Millisecond; !condition(); pause = min(2*pause, 100*time.Millisecond) {
		select {
		case <-ctx.Done():
			require.FailNow(t, "it never happened", why)
		case <-time.After(pause):
		}
	}
}

// embedded is a server with a queue.
func embedded(t testing.TB, options ...Options) *Queue {
	t.Helper()
	s, err := StartServer(ServerOptions{Store: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	o := Options{Name: "front"}
	if len(options) > 0 {
		o = options[0]
	}
	o.Server = s
	return open(t, o)
}

// another is a further client of the queue's server.
func another(t testing.TB, q *Queue, name string) *Queue {
	t.Helper()
	o := q.options
	o.Name = name
	return open(t, o)
}

func open(t testing.TB, o Options) *Queue {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), quiet)
	defer cancel()
	q, err := Open(ctx, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, q.Close()) })
	return q
}

// task is the id of a task that nobody looks at.
const task = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func job(id string, needs ...string) Job {
	return Job{ID: id, Task: task, Name: "a.cpp", Needs: needs, Sources: []Source{{Path: "a.cpp", Text: "int main() {}"}}}
}

func submit(t testing.TB, q *Queue, j Job) Job {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), quiet)
	defer cancel()
	j, err := q.Submit(ctx, j)
	require.NoError(t, err)
	return j
}

func take(t testing.TB, q *Queue) *Delivery {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), quiet)
	defer cancel()
	d, err := q.Take(ctx, nil)
	require.NoError(t, err)
	return d
}
