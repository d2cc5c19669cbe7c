package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// service is a `judge serve`.
type service struct {
	*exec.Cmd
	t     *testing.T
	state string // XDG_STATE_HOME
	url   string
	log   *serviceLog
}

// serviceLog keeps the lines of a log, and gives the address that is in one of them.
type serviceLog struct {
	mu      sync.Mutex
	text    bytes.Buffer
	address chan string
	ended   chan struct{}
}

var listens = regexp.MustCompile(`msg=listens address=(\S+)`)

func (l *serviceLog) read(from io.Reader) {
	defer close(l.ended)
	for lines := bufio.NewScanner(from); lines.Scan(); {
		l.mu.Lock()
		l.text.WriteString(lines.Text() + "\n")
		l.mu.Unlock()
		if found := listens.FindStringSubmatch(lines.Text()); found != nil {
			l.address <- found[1]
		}
	}
}

func (l *serviceLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// startService starts one that keeps its queue below a directory, and waits until it listens.
func startService(t *testing.T, state string, args ...string) *service {
	t.Helper()
	s := &service{t: t, state: state, log: &serviceLog{address: make(chan string, 1), ended: make(chan struct{})}}
	s.Cmd = exec.Command("judge", append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...)
	s.Env = append(os.Environ(), "XDG_STATE_HOME="+state)
	stderr, err := s.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, s.Start())
	go s.log.read(stderr)
	t.Cleanup(func() {
		if s.ProcessState == nil {
			s.end(syscall.SIGKILL)
		}
		if t.Failed() {
			t.Log(s.log.String())
		}
	})
	select {
	case address := <-s.log.address:
		s.url = "http://" + address
	case <-s.log.ended:
		require.Fail(t, "it ended", s.log.String())
	case <-time.After(patience):
		require.Fail(t, "it does not listen", s.log.String())
	}
	return s
}

// end signals the service, waits for its end, and returns its exit status; -1: it was killed.
func (s *service) end(signal syscall.Signal) int {
	require.NoError(s.t, s.Process.Signal(signal))
	return s.wait()
}

func (s *service) wait() int {
	<-s.log.ended
	_ = s.Wait()
	return s.ProcessState.ExitCode()
}

// ask makes a request and returns the answer's status and what it says, when that is JSON.
func (s *service) ask(method, path, body string) (int, map[string]any) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	require.NoError(s.t, err)
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	require.NoError(s.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	var answer map[string]any
	_ = json.Unmarshal(text, &answer)
	return response.StatusCode, answer
}

// sumOf is the example of `judge serve --help`, with any program.
func sumOf(program string) string {
	text, _ := json.Marshal(map[string]any{
		"task": map[string]any{"files": map[string]string{
			"tasks.toml": "[[task]]\nname = \"sum\"\ntests = [\"*.in\"]\nlimits = { time = \"10s\" }\n", "1.in": "1 2", "1.ans": "3",
		}},
		"sources": map[string]string{"main.sh": program},
	})
	return string(text)
}

const adds = "read a b; echo $((a + b))\n"

// prior is a submission that goes before others.
func prior(submission string) string { return `{"priority":"contest",` + submission[1:] }

func TestServeJudgesAndDrains(t *testing.T) {
	s := startService(t, t.TempDir())
	status, answer := s.ask("POST", "/v1/submissions?wait=60s", prior(sumOf(adds)))
	require.Equal(t, http.StatusOK, status, answer)
	assert.Equal(t, "accepted", answer["verdict"])
	status, _ = s.ask("GET", "/readyz", "")
	assert.Equal(t, http.StatusOK, status)

	// A submission that runs when the signal comes ends, and its verdict is there after the next start.
	accepted, submitting := s.submitAtOnce(50)
	_, running := s.ask("POST", "/v1/submissions", prior(sumOf("sleep 3; "+adds)))
	id := running["id"].(string)
	s.until(id, "running")
	require.NoError(t, s.Process.Signal(syscall.SIGTERM))
	require.Eventually(t, func() bool {
		status, _ := s.ask("GET", "/readyz", "")
		return status == http.StatusServiceUnavailable
	}, patience, time.Millisecond)
	submitting.Wait()
	assert.Equal(t, 0, s.wait(), s.log)
	again := startService(t, s.state)
	_, answer = again.ask("GET", "/v1/submissions/"+id, "")
	assert.Equal(t, "accepted", answer["verdict"], answer)
	assert.EqualValues(t, 1, answer["attempts"])
	close(accepted)
	for id := range accepted {
		status, answer := again.ask("GET", "/v1/submissions/"+id+"?wait=60s", "")
		require.Equal(t, http.StatusOK, status, answer)
		require.Equal(t, "accepted", answer["verdict"], answer)
	}
	assert.Equal(t, 0, again.end(syscall.SIGTERM))
}

// submitAtOnce has clients submit one after the other until the service refuses them because it ends, and returns what it
// has accepted, when there are so many already.
func (s *service) submitAtOnce(enough int) (accepted chan string, submitting *sync.WaitGroup) {
	const clients = 8
	accepted, submitting = make(chan string, 100*enough), &sync.WaitGroup{}
	for range clients {
		submitting.Go(func() {
			for len(accepted) < cap(accepted)-clients {
				status, answer := s.ask("POST", "/v1/submissions", sumOf(adds))
				if status != http.StatusAccepted {
					assert.Equal(s.t, http.StatusServiceUnavailable, status, answer)
					return
				}
				accepted <- answer["id"].(string)
			}
			assert.Fail(s.t, "it goes on accepting submissions")
		})
	}
	require.Eventually(s.t, func() bool { return len(accepted) >= enough }, patience, time.Millisecond)
	return accepted, submitting
}

// until waits until a submission is in a state, or judged already.
func (s *service) until(id, state string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		_, answer := s.ask("GET", "/v1/submissions/"+id, "")
		return answer["state"] == state || answer["state"] == "done"
	}, patience, 10*time.Millisecond)
}

func TestServeKilledLosesNoSubmission(t *testing.T) {
	s := startService(t, t.TempDir())
	var ids []string
	for range 5 {
		status, answer := s.ask("POST", "/v1/submissions", sumOf("sleep 0.3; "+adds))
		require.Equal(t, http.StatusAccepted, status, answer)
		ids = append(ids, answer["id"].(string))
	}
	s.until(ids[0], "running")
	s.end(syscall.SIGKILL)
	again := startService(t, s.state)
	for _, id := range ids {
		for begin := time.Now(); ; { // the killed worker's job is another's after half a minute
			_, answer := again.ask("GET", "/v1/submissions/"+id+"?wait=60s", "")
			if answer["state"] == "done" {
				assert.Equal(t, "accepted", answer["verdict"], answer)
				break
			}
			require.Less(t, time.Since(begin), 3*time.Minute, answer)
		}
	}
	assert.Equal(t, 0, again.end(syscall.SIGTERM))
}

func TestServeIsRefused(t *testing.T) {
	tokens := filepath.Join(t.TempDir(), "tokens")
	require.NoError(t, os.WriteFile(tokens, []byte("site short"), 0o600))
	for want, args := range map[string][]string{
		"others than users of this host could run programs here": {"--addr", "0.0.0.0:0"},
		"shorter than 16 characters":                             {"--token-file", tokens, "--addr", "0.0.0.0:0"},
		"no such file":                                           {"--token-file", tokens + "2"},
		"does not go with --store":                               {"--nats", "nats://127.0.0.1:1", "--store", "x"},
		"want one of them":                                       {"--nats", "nats://127.0.0.1:1", "--nats-listen", ":0"},
		"want --nats URL":                                        {"--nats-creds", "x"},
		"want text or json":                                      {"--log", "xml"},
		"want 1 or more":                                         {"--jobs", "-1"},
		"want a size such as":                                    {"--files-size", "plenty"},
		"want never, or days such as 90d":                        {"--files-age", "90"},
		"at least 21d":                                           {"--files-age", "7d"},
	} {
		var stdout, stderr bytes.Buffer
		assert.Equal(t, statusUsage, run(append([]string{"serve"}, args...), &stdout, &stderr), args)
		assert.Contains(t, stderr.String(), want)
		assert.Empty(t, stdout.String())
	}
}

func TestStoreOfTheQueueIsOneServices(t *testing.T) {
	state := t.TempDir()
	s := startService(t, state)
	second := exec.Command("judge", "serve", "--addr", "127.0.0.1:0", "--store", filepath.Join(state, "judge", "serve"))
	text, err := second.CombinedOutput()
	require.Error(t, err)
	assert.Equal(t, statusHost, second.ProcessState.ExitCode())
	assert.NotContains(t, string(text), "listens")
	assert.Equal(t, 0, s.end(syscall.SIGTERM))
}
