package queue

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// cluster is some servers of this process, on loopback, that can be stopped and started.
type cluster struct {
	t       *testing.T
	options []*server.Options
	servers []*server.Server
}

func newCluster(t *testing.T, size int) *cluster {
	t.Helper()
	c := &cluster{t: t, servers: make([]*server.Server, size)}
	var routes []string
	for range size {
		routes = append(routes, "nats://"+freePort(t))
	}
	for i := range size {
		host, port, err := hostPort(freePort(t)) // where clients look for it when it comes back
		require.NoError(t, err)
		o := &server.Options{
			ServerName: fmt.Sprint("n", i), Host: host, Port: port, JetStream: true, StoreDir: t.TempDir(),
			NoSigs: true, NoLog: true, Routes: server.RoutesFromStr(strings.Join(routes, ",")),
		}
		host, port, err = hostPort(strings.TrimPrefix(routes[i], "nats://"))
		require.NoError(t, err)
		o.Cluster = server.ClusterOpts{Name: "judge", Host: host, Port: port}
		c.options = append(c.options, o)
		c.start(i)
	}
	t.Cleanup(func() {
		for i := range c.servers {
			c.stop(i)
		}
	})
	eventually(t, "the servers have a leader", func() bool {
		for _, s := range c.servers {
			if !s.JetStreamIsCurrent() || s.NumRoutes() < size-1 {
				return false
			}
		}
		return true
	})
	return c
}

func (c *cluster) start(i int) {
	c.t.Helper()
	s, err := server.NewServer(c.options[i].Clone())
	require.NoError(c.t, err)
	s.Start()
	require.True(c.t, s.ReadyForConnections(quiet))
	c.servers[i] = s
}

// stop is abrupt for clients, and leaves the store as it is.
func (c *cluster) stop(i int) {
	c.servers[i].Shutdown()
	c.servers[i].WaitForShutdown()
}

func (c *cluster) url() string {
	var urls []string
	for _, s := range c.servers {
		urls = append(urls, s.ClientURL())
	}
	return strings.Join(urls, ",")
}

func TestClusterOutlivesAServer(t *testing.T) {
	c := newCluster(t, 3)
	front := open(t, Options{URL: c.url(), Name: "front", AckWait: 2 * time.Second})
	worker := another(t, front, "worker")
	ctx := within(t, 3*quiet)
	for name, s := range front.streams {
		assert.Equal(t, 3, s.CachedInfo().Config.Replicas, name)
	}
	working, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			d, err := worker.Take(working, nil)
			if err != nil {
				return
			}
			_ = d.Record(run(d.Job().ID))
			_ = d.Finish(ctx, Result{}, strings.NewReader(d.Job().ID))
		}
	}()
	const jobs = 60
	for i := range jobs {
		switch i { // with a file and jobs on their way
		case 20:
			c.stop(0)
		case 40:
			c.start(0)
		}
		f, err := front.PutFile(ctx, strings.NewReader(noise(i)), 1<<20)
		require.NoError(t, err)
		j := job(fmt.Sprint("j", i))
		j.Task = f.SHA256
		_, err = front.Submit(ctx, j)
		require.NoError(t, err)
	}
	for i := range jobs {
		id := fmt.Sprint("j", i)
		for e, err := range front.Watch(ctx, id, 0) {
			require.NoError(t, err)
			if e.Result != nil {
				assert.Equal(t, Done, e.Result.State, id)
			}
		}
		assert.Equal(t, id, records(t, front, id))
		assert.Equal(t, noise(i), content(t, front, status(t, front, id).Job.Task))
	}
	stop()
	<-ended
	assert.EqualValues(t, jobs, waiting(t, front, streamResults), "one each")
	list, _, err := front.List(ctx, ListOptions{Limit: 100})
	require.NoError(t, err)
	assert.Len(t, list, jobs)
}
