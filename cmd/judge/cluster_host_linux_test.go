package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// siteNet is the network of a site: the test is at .1 of it, and has the switch.
const siteNet = "10.77.0."

// host is a machine of a site: a process in a network namespace of its own, with one link to the switch.
// It comes back with the address and the disk that it had.
type host struct {
	t       *testing.T
	name    string
	address string
	number  int // in siteNet
	starts  int
	command []string

	cmd *exec.Cmd // nil: it is down
	log lastLines
}

// makeSwitch makes the bridge that hosts are connected with. It is gone with this process's network namespace.
func makeSwitch(t *testing.T) {
	ip(t, "link", "set", "lo", "up")
	ip(t, "link", "add", "name", "switch", "type", "bridge")
	ip(t, "address", "add", siteNet+"1/24", "dev", "switch")
	ip(t, "link", "set", "switch", "up")
}

func ip(t *testing.T, args ...string) {
	t.Helper()
	out, err := exec.Command("ip", args...).CombinedOutput()
	require.NoError(t, err, "ip %v: %s", args, out)
}

// newHost returns a host that is down. When the test ends it is killed.
func newHost(t *testing.T, name string, number int, command ...string) *host {
	h := &host{t: t, name: name, number: number, address: fmt.Sprint(siteNet, number), command: command}
	t.Cleanup(func() {
		h.kill()
		if t.Failed() {
			t.Logf("%s ended with:\n%s", h.name, &h.log)
		}
	})
	return h
}

// start switches a host on. The process waits for its link before it is what it shall be. It dies with the thread that has
// started it, whatever becomes of the test.
func (h *host) start() {
	h.t.Helper()
	h.starts++
	const boot = `read -r _ && ip link set lo up && ip address add "$0/24" dev eth0 && ip link set eth0 up && exec "$@"`
	h.cmd = exec.Command("bash", append([]string{"-c", boot, h.address}, h.command...)...)
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	h.cmd.Stdout, h.cmd.Stderr = &h.log, &h.log
	power, err := h.cmd.StdinPipe()
	require.NoError(h.t, err)
	require.NoError(h.t, h.cmd.Start(), h.name)
	// Of the address others remember the hardware, and the namespace of a killed process goes some time after it.
	hardware := fmt.Sprintf("02:00:00:00:00:%02x", h.number)
	ip(h.t, "link", "add", "name", h.link(), "type", "veth", "peer", "name", "eth0", "address", hardware, "netns", fmt.Sprint(h.cmd.Process.Pid))
	ip(h.t, "link", "set", h.link(), "master", "switch", "up")
	_, err = power.Write([]byte("on\n"))
	require.NoError(h.t, err)
	require.NoError(h.t, power.Close())
}

// link is the name of the switch's end of the cable.
func (h *host) link() string { return fmt.Sprintf("%s.%d", h.name, h.starts) }

// kill is kill -9, and waits until the process is gone. A host that is down stays down.
func (h *host) kill() {
	if h.cmd != nil {
		_ = h.cmd.Process.Kill()
		_ = h.wait()
	}
}

// wait waits until the process has ended.
func (h *host) wait() error {
	err := h.cmd.Wait()
	h.cmd = nil
	return err
}

// cut pulls the cable: nobody is told, packets are lost. mend puts it back.
func (h *host) cut()  { h.t.Helper(); ip(h.t, "link", "set", h.link(), "down") }
func (h *host) mend() { h.t.Helper(); ip(h.t, "link", "set", h.link(), "up") }

// urls are addresses of servers as lists of them are written.
func urls(port int, hosts []*host) string {
	var list []string
	for _, h := range hosts {
		list = append(list, fmt.Sprintf("nats://%s:%d", h.address, port))
	}
	return strings.Join(list, ",")
}

// lastLines keeps the end of what is written.
type lastLines struct {
	mu   sync.Mutex
	text []byte
}

func (l *lastLines) Write(p []byte) (int, error) {
	const most = 16 << 10
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	if over := len(l.text) - most; over > 0 {
		l.text = bytes.Clone(l.text[over:])
	}
	return len(p), nil
}

func (l *lastLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

// inSite runs a test once more in a process with a network namespace of its own, which it has to itself; true: this is that
// process. The other one waits for it.
func inSite(t *testing.T) bool {
	t.Helper()
	const inside = "JUDGE_TEST_SITE"
	if os.Getenv(inside) == "1" {
		return true
	}
	needNetworks(t)
	runtime.LockOSThread() // it dies with the thread that has started it
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v", "-test.count=1")
	cmd.Args = append(cmd.Args, "-test.timeout="+siteTime(t).String())
	cmd.Env = append(os.Environ(), inside+"=1", "TMPDIR="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	require.NoError(t, err)
	return false
}
