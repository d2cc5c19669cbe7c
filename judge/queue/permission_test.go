package queue

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// permissions are those that doc.go says a role needs.
func permissions(t *testing.T, role string) *server.Permissions {
	t.Helper()
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	line := regexp.MustCompile(`(?m)^//\t` + role + ` +publishes (.*)$`).FindSubmatch(doc)
	require.NotNil(t, line, "doc.go says what a %s may publish", role)
	publish := append(strings.Fields(string(line[1])), "$JS.API.>", "_INBOX.>", "judge.wake.>")
	return &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: publish},
		Subscribe: &server.SubjectPermission{Allow: []string{"_INBOX.>", "judge.>"}},
	}
}

func TestPermissionsOfFrontAndWorkerSuffice(t *testing.T) {
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true,
		Users: []*server.User{
			{Username: "front", Password: "f", Permissions: permissions(t, "front")},
			{Username: "worker", Password: "w", Permissions: permissions(t, "worker")},
			{Username: "other", Password: "o", Permissions: &server.Permissions{Publish: &server.SubjectPermission{Allow: []string{"other.>"}}}},
		},
	})
	require.NoError(t, err)
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	require.True(t, s.ReadyForConnections(quiet))
	address := func(user, password string) string { return fmt.Sprintf("nats://%s:%s@%s", user, password, s.Addr()) }
	front := open(t, Options{URL: address("front", "f"), Name: "front"})
	worker := open(t, Options{URL: address("worker", "w"), Name: "worker", MaxAttempts: 1})
	ctx := within(t, quiet)

	f := putFile(t, front, "x")
	assert.Equal(t, "x", content(t, worker, f.SHA256))
	require.NoError(t, front.DeleteFile(ctx, f.SHA256))
	require.NoError(t, worker.Advertise(ctx, Advert{Name: "worker"}))
	workers, err := front.Workers(ctx)
	require.NoError(t, err)
	assert.Len(t, workers, 1)
	require.NoError(t, worker.Withdraw(ctx, "worker"))

	submit(t, front, job("done"))
	d := take(t, worker)
	require.NoError(t, d.Record(run("1")))
	long := noise(10 * maxInline)
	require.NoError(t, d.Finish(ctx, Result{}, strings.NewReader(long)))
	words, _ := story(t, front, "done", 0)
	assert.Equal(t, []string{"attempt 1", "1", "done"}, words)
	assert.True(t, long == records(t, front, "done"))

	submit(t, front, job("cancelled"))
	d = take(t, worker)
	require.NoError(t, front.Cancel(ctx, "cancelled"))
	<-d.Cancelled()
	require.NoError(t, d.Close())

	submit(t, front, job("dead"))
	require.NoError(t, take(t, worker).Release(ctx, 0, "no disk"))
	submit(t, front, job("next"))
	assert.Equal(t, "next", take(t, worker).Job().ID)
	assert.Equal(t, Dead, status(t, front, "dead").State)

	// And they do not allow what they should not.
	for name, subject := range map[string]string{"other": resultSubject("next"), "worker": workSubject("normal", noNeeds, "x"), "front": progressSubject("next", progressRecord)} {
		short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		nc, err := nats.Connect(address(name, name[:1]), nats.Timeout(quiet))
		require.NoError(t, err)
		_, err = nc.RequestWithContext(short, subject, []byte(`{"id":"next","state":"done"}`))
		require.Error(t, err, "%s publishes %s", name, subject)
		nc.Close()
		cancel()
	}
	assert.Equal(t, Running, status(t, front, "next").State)
}
