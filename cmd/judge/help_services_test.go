package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge/queue"
	"judge/judge/serve/gojudge"
)

// documentedServices are those commands of a page that do not end. Each runs until another takes its place, or the
// page ends. They listen on ports that are free, of which commands of the page are told.
type documentedServices struct {
	t       *testing.T
	dir     string
	env     []string
	running []*documentedService // in the order in which they began
	http    string               // address of the last service
	nats    string               // and of the last NATS server
}

type documentedService struct {
	*exec.Cmd
	log *serviceLog
}

// Addresses as pages have them.
const (
	documentedHTTP = "127.0.0.1:8077"
	documentedNATS = "nats1:4222,nats2:4222,nats3:4222"
)

// addressed is a command with the addresses that are there.
func (d *documentedServices) addressed(command string) string {
	return strings.NewReplacer(documentedHTTP, d.http, documentedNATS, d.nats, "PASSWORD", documentedPassword).Replace(command)
}

// start starts a command that does not end; false: it is none.
func (d *documentedServices) start(command string) bool {
	d.t.Helper()
	command = d.addressed(strings.TrimSpace(command))
	switch {
	case strings.HasPrefix(command, "nats-server "):
		d.endAll()
		d.nats = d.run(command, true)
	case strings.HasPrefix(command, "judge serve"):
		d.end("judge")
		if strings.Contains(command, "--nats-listen") {
			command += " --nats-listen 127.0.0.1:0"
		}
		d.http = d.run(command+" --addr 127.0.0.1:0", true)
	case strings.HasPrefix(command, "judge work"):
		d.run(command+" --cache "+d.t.TempDir(), false)
	default:
		return false
	}
	return true
}

// run starts a service, and returns its address when it is to have one.
func (d *documentedServices) run(command string, listens bool) (address string) {
	d.t.Helper()
	s := &documentedService{exec.Command("bash", "-c", "exec "+command), &serviceLog{address: make(chan string, 1), ended: make(chan struct{})}}
	s.Dir, s.Env = d.dir, d.env
	stderr, err := s.StderrPipe()
	require.NoError(d.t, err)
	require.NoError(d.t, s.Start())
	go s.log.read(stderr)
	if len(d.running) == 0 {
		d.t.Cleanup(d.endAll)
	}
	d.running = append(d.running, s)
	if !listens {
		require.Eventually(d.t, func() bool { return strings.Contains(s.log.String(), "takes jobs") }, patience, 10*time.Millisecond, "%s\n%s", command, s.log)
		return ""
	}
	select {
	case address = <-s.log.address:
	case <-s.log.ended:
		require.Fail(d.t, "it ended", "%s\n%s", command, s.log)
	}
	return address
}

func (d *documentedServices) endAll() { d.end("") }

// end ends the services of a program, "": all of them, the last first. They end as they should.
func (d *documentedServices) end(program string) {
	d.t.Helper()
	left := d.running
	d.running = nil
	for i := len(left) - 1; i >= 0; i-- {
		s := left[i]
		if program != "" && !strings.HasPrefix(s.Args[2], "exec "+program+" ") {
			d.running = append([]*documentedService{s}, d.running...)
			continue
		}
		assert.NoError(d.t, s.Process.Signal(syscall.SIGTERM), s.Args[2])
		<-s.log.ended
		assert.NoError(d.t, s.Wait(), "%s\n%s", s.Args[2], s.log)
	}
}

// documentedPassword is that of both users; the page has hashes that nobody knows a password of.
const documentedPassword = "secret"

var (
	documentedHash  = regexp.MustCompile(`"\$2a\$[^"]*"`)
	documentedStore = regexp.MustCompile(`store_dir: "[^"]*"`)
)

// configure writes the configuration of a NATS server to where the page's command looks for it.
func (d *documentedServices) configure(text string) {
	require.NoError(d.t, os.WriteFile(filepath.Join(d.dir, "nats.conf"), []byte(configurationOf(d.t, text)), 0o600))
}

func configurationOf(t *testing.T, text string) string {
	text = documentedHash.ReplaceAllString(text, `"`+documentedPassword+`"`)
	text = documentedStore.ReplaceAllString(text, fmt.Sprintf("store_dir: %q", t.TempDir()))
	return "listen: \"127.0.0.1:-1\"\n" + text
}

// natsServer is a command of the tests: nats-server -c FILE.
func natsServer() {
	options, err := server.ProcessConfigFile(os.Args[2])
	var s *server.Server
	if err == nil {
		options.NoSigs = true
		s, err = server.NewServer(options)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	s.Start()
	if s.ReadyForConnections(patience) {
		fmt.Fprintf(os.Stderr, "msg=listens address=%s\n", s.Addr())
		<-told
	}
	s.Shutdown()
	s.WaitForShutdown()
}

// TestDocumentedPermissionsSuffice is about what the page's commands do not touch, as files that clients of go-judge store.
func TestDocumentedPermissionsSuffice(t *testing.T) {
	file := filepath.Join(t.TempDir(), "nats.conf")
	for _, f := range fences(helpPage("operating")) {
		if f.kind == "conf" {
			require.NoError(t, os.WriteFile(file, []byte(configurationOf(t, f.text)), 0o600))
		}
	}
	options, err := server.ProcessConfigFile(file)
	require.NoError(t, err)
	doc, err := os.ReadFile("../../judge/queue/doc.go") // whose list a test of its own tries
	both := []string{"$JS.API.>", "_INBOX.>", "judge.wake.>", "$O.judge_commands.>", "$JS.FC.>"}
	require.NoError(t, err)
	require.Len(t, options.Users, 2)
	for _, user := range options.Users {
		line := regexp.MustCompile(`(?m)^//\t` + user.Username + ` +publishes (.*)$`).FindSubmatch(doc)
		require.NotNil(t, line, user.Username)
		assert.ElementsMatch(t, append(strings.Fields(string(line[1])), both...), user.Permissions.Publish.Allow, user.Username)
	}
	options.NoSigs, options.NoLog = true, true
	s, err := server.NewServer(options)
	require.NoError(t, err)
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	require.True(t, s.ReadyForConnections(patience))
	open := func(user string) *gojudge.Store {
		q, err := queue.Open(t.Context(), queue.Options{URL: fmt.Sprintf("nats://%s:%s@%s", user, documentedPassword, s.Addr())})
		require.NoError(t, err)
		t.Cleanup(func() { q.Close() })
		return &gojudge.Store{Buckets: q}
	}
	front, worker := open("front"), open("worker")
	for _, way := range [][2]*gojudge.Store{{front, worker}, {worker, front}} {
		want := strings.Repeat("0123456789abcdef", 1<<17)
		file, err := way[0].Put(t.Context(), "site", "name", strings.NewReader(want))
		require.NoError(t, err)
		_, content, err := way[1].Open(t.Context(), "site", file.ID)
		require.NoError(t, err)
		got, err := io.ReadAll(content)
		require.NoError(t, errors.Join(err, content.Close()))
		assert.True(t, want == string(got))
		require.NoError(t, way[1].Delete(t.Context(), "site", file.ID))
	}
}

var metricName = regexp.MustCompile(`\bjudge_[a-z_]+`)

// TestDocumentedMetricsExist asks a service for its metrics.
func TestDocumentedMetricsExist(t *testing.T) {
	needsJudging(t)
	service := startService(t, t.TempDir())
	require.Eventually(t, func() bool { // a worker's own metrics are there with its first advert
		_, answer := service.ask("GET", "/v1/workers", "")
		workers, _ := answer["workers"].([]any)
		return len(workers) == 1
	}, patience, 10*time.Millisecond)
	metrics, err := exec.Command("curl", "-fsS", service.url+"/metrics").Output()
	require.NoError(t, err)
	_, section, found := strings.Cut(helpPage("operating"), "## What to watch")
	require.True(t, found)
	for _, name := range metricName.FindAllString(section, -1) {
		assert.True(t, strings.Contains(string(metrics), "\n"+name), name)
	}
	assert.Equal(t, 0, service.end(syscall.SIGTERM))
}
