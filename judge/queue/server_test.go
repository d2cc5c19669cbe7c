package queue

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStoreIsOfOneServer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	s, err := StartServer(ServerOptions{Store: dir})
	require.NoError(t, err)
	_, err = StartServer(ServerOptions{Store: dir})
	require.ErrorContains(t, err, "another judge uses it")
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	s, err = StartServer(ServerOptions{Store: dir})
	require.NoError(t, err)
	require.NoError(t, s.Close())

	p := startProcess(t, dir, "127.0.0.1:0")
	_, err = StartServer(ServerOptions{Store: dir})
	require.ErrorContains(t, err, "another judge uses it", "of another process")
	p.kill()
	s, err = StartServer(ServerOptions{Store: dir})
	require.NoError(t, err, "a dead one does not hold it")
	require.NoError(t, s.Close())
	info, err := os.Stat(dir)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm(), "submissions are nobody else's business")
}

func TestQueueFitsOnASmallDisk(t *testing.T) {
	s, err := StartServer(ServerOptions{Store: t.TempDir(), room: 64 << 20})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	q := open(t, Options{Server: s})
	b, err := q.Bucket(within(t, quiet), "beside", time.Hour, 2<<30)
	require.NoError(t, err)
	_, err = b.PutString(within(t, quiet), "a", "b")
	require.NoError(t, err)
	submit(t, q, job("a"))
	assert.NotNil(t, take(t, q))
}

func TestServerThatCannotStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for name, o := range map[string]ServerOptions{
		"no store":             {},
		"store is a file":      {Store: file},
		"address is taken":     {Store: t.TempDir(), Listen: taken.Addr().String()},
		"address without port": {Store: t.TempDir(), Listen: "127.0.0.1"},
		"port is no number":    {Store: t.TempDir(), Listen: "127.0.0.1:nats"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := StartServer(o)
			require.Error(t, err)
			if o.Store != "" && o.Store != file {
				s, err := StartServer(ServerOptions{Store: o.Store})
				require.NoError(t, err, "the store is free again")
				require.NoError(t, s.Close())
			}
		})
	}
}

func TestEmbeddedServerHasNoSocket(t *testing.T) {
	q := embedded(t)
	assert.Empty(t, q.options.Server.ClientURL())
	assert.Empty(t, q.options.Server.Address())
	assert.Nil(t, q.options.Server.running().Addr())
}

func TestListeningServerWantsItsToken(t *testing.T) {
	s, err := StartServer(ServerOptions{Store: t.TempDir(), Listen: "127.0.0.1:0"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	inside := open(t, Options{Server: s})
	submit(t, inside, job("a"))

	u, err := url.Parse(s.ClientURL())
	require.NoError(t, err)
	assert.Greater(t, len(u.User.Username()), 20, "a token that nobody guesses was made")
	assert.Equal(t, s.Address(), u.Host)
	outside := open(t, Options{URL: s.ClientURL(), Name: "worker"})
	d := take(t, outside)
	assert.Equal(t, "a", d.Job().ID)

	for name, bad := range map[string]string{"none": "nats://" + s.Address(), "wrong": "nats://x" + u.User.Username() + "@" + s.Address()} {
		_, err := Open(within(t, quiet), Options{URL: bad})
		require.ErrorIs(t, err, ErrInvalid, name)
		assert.NotContains(t, err.Error(), u.User.Username(), "an error shows no token")
		_, err = nats.Connect(bad, nats.Timeout(quiet))
		require.ErrorIs(t, err, nats.ErrAuthorization, "so nobody can forge a result: %s", name)
	}
	// Who does not wait for the answer to his credentials gets nothing stored either.
	c, err := net.Dial("tcp", s.Address())
	require.NoError(t, err)
	_, err = c.Write([]byte("CONNECT {\"verbose\":false}\r\nPUB judge.result.a 25\r\n{\"id\":\"a\",\"state\":\"done\" }\r\nPING\r\n"))
	require.NoError(t, err)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(quiet)))
	for buffer := make([]byte, 1<<10); err == nil; {
		_, err = c.Read(buffer)
	}
	c.Close()
	require.NoError(t, d.Finish(within(t, quiet), Result{}, nil))
}

func TestOpenRefuses(t *testing.T) {
	s, err := StartServer(ServerOptions{Store: t.TempDir()})
	require.NoError(t, err)
	defer s.Close()
	for name, o := range map[string]Options{
		"nothing":           {},
		"both":              {Server: s, URL: "nats://127.0.0.1:1"},
		"no URL":            {URL: "nats://user:hunter2@127.0.0.1:%%"},
		"no such file":      {URL: "nats://127.0.0.1:1", Credentials: "/does/not/exist"},
		"nobody is there":   {URL: "nats://user:hunter2@127.0.0.1:1"},
		"too many replicas": {Server: s, Replicas: 3},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(within(t, time.Second), o)
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "hunter2", "an error shows no password")
		})
	}
}

// freePort is an address that nobody listens on, another one each time, for a server that comes back to it. It is none of
// those that the kernel gives to whoever names no port: to a client, which may so be connected to itself, or to another test.
func freePort(t *testing.T) string {
	t.Helper()
	for lastPort++; lastPort < 32768; lastPort++ { // where net.ipv4.ip_local_port_range begins
		if l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", lastPort)); err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	require.FailNow(t, "no port is free")
	return ""
}

var lastPort = 10000 + rand.IntN(20000)

// Whatever Submit returned without an error is there after kill -9 of the server, and clients go on by themselves.
func TestKilledServerLosesNothing(t *testing.T) {
	store, address := t.TempDir(), freePort(t)
	p := startProcess(t, store, address)
	front := open(t, Options{URL: p.url, Name: "front", AckWait: time.Second})
	worker := another(t, front, "worker")
	ctx := within(t, 2*quiet)
	text := noise(2 * chunkBytes)
	file := putFile(t, front, text)

	const jobs = 120
	var wait sync.WaitGroup
	accepted, done := make(chan string, jobs), make(chan string, jobs)
	working, stop := context.WithCancel(ctx)
	heard := make(chan string, 2*jobs)
	follower := another(t, front, "follower")
	subscriptions := follower.nc.NumSubscriptions()
	wait.Go(func() {
		for r, err := range follower.Results(working) {
			if err == nil {
				heard <- r.ID
			}
		}
	})
	eventually(t, "it follows", func() bool { return follower.nc.NumSubscriptions() > subscriptions })
	wait.Go(func() {
		for i := range jobs {
			j, err := front.Submit(ctx, job(fmt.Sprint("j", i)))
			if assert.NoError(t, err) {
				accepted <- j.ID
			}
		}
		close(accepted)
	})
	wait.Go(func() {
		for working.Err() == nil {
			d, err := worker.Take(working, nil)
			if err != nil {
				return
			}
			if d.Finish(ctx, Result{}, strings.NewReader(d.Job().ID)) == nil {
				done <- d.Job().ID
			}
		}
	})
	for range 3 { // in the middle of it all
		for range 15 {
			<-done
		}
		p.kill()
		p = startProcess(t, store, address)
	}
	for id := range accepted {
		for e, err := range front.Watch(ctx, id, 0) {
			require.NoError(t, err)
			if e.Result != nil {
				assert.Equal(t, Done, e.Result.State)
			}
		}
		assert.Equal(t, id, records(t, front, id))
	}
	assert.Equal(t, jobs, hear(t, heard, jobs), "who follows hears of each result")
	stop()
	wait.Wait()
	assert.Empty(t, heard, "once")
	assert.EqualValues(t, jobs, waiting(t, front, streamResults))
	assert.True(t, text == content(t, front, file.SHA256))
	eventually(t, "the queue is empty", func() bool { return waiting(t, front, streamWork) == 0 })
}

// hear counts the different ids that are heard, until there are so many.
func hear(t *testing.T, heard <-chan string, most int) int {
	t.Helper()
	known, timeout := map[string]bool{}, time.After(quiet)
	for len(known) < most {
		select {
		case id := <-heard:
			known[id] = true
		case <-timeout:
			return len(known)
		}
	}
	return len(known)
}

func TestMethodsEndWithTheirContextWhenTheServerIsGone(t *testing.T) {
	p := startProcess(t, t.TempDir(), "127.0.0.1:0")
	q := open(t, Options{URL: p.url})
	submit(t, q, job("a"))
	require.NoError(t, q.Ready(within(t, quiet)))
	d := take(t, q)
	p.kill()
	const moment = 200 * time.Millisecond
	for name, call := range map[string]func(context.Context) error{
		"submit":    func(ctx context.Context) error { _, err := q.Submit(ctx, job("b")); return err },
		"status":    func(ctx context.Context) error { _, err := q.Status(ctx, "a"); return err },
		"cancel":    func(ctx context.Context) error { return q.Cancel(ctx, "a") },
		"list":      func(ctx context.Context) error { _, _, err := q.List(ctx, ListOptions{}); return err },
		"workers":   func(ctx context.Context) error { _, err := q.Workers(ctx); return err },
		"lengths":   func(ctx context.Context) error { _, err := q.Lengths(ctx); return err },
		"advertise": func(ctx context.Context) error { return q.Advertise(ctx, Advert{Name: "a"}) },
		"file":      func(ctx context.Context) error { _, err := q.PutFile(ctx, strings.NewReader("x"), 1); return err },
		"take":      func(ctx context.Context) error { _, err := q.Take(ctx, nil); return err },
		"finish":    func(ctx context.Context) error { return d.Finish(ctx, Result{}, strings.NewReader("x")) },
	} {
		err := call(within(t, moment))
		require.ErrorIs(t, err, context.DeadlineExceeded, name)
	}
	require.Error(t, q.Ready(within(t, moment)))
	require.Error(t, d.Record(run("1")))
	require.NoError(t, q.Close())
	_, err := q.Submit(context.Background(), job("b"))
	require.ErrorIs(t, err, ErrClosed)
	_, err = q.Take(context.Background(), nil)
	require.ErrorIs(t, err, ErrClosed)
	_ = d.Close() // and returns
}
