package isolate

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"judge/fixtures/testenv"
)

func TestPortsNeedAKernelThatHoldsThem(t *testing.T) {
	for _, row := range []struct {
		name string
		abi  int
		want string
	}{
		{"no Landlock", 0, `network "user": Landlock of this kernel cannot hold TCP ports (version 0 of 4): it takes Linux 6.7`},
		{"Linux 6.2", 3, `cannot hold TCP ports (version 3 of 4)`},
		{"Linux 6.7", 4, ""},
		{"a future kernel", 99, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.want == "" {
				assert.NoError(t, portsError(row.abi))
				return
			}
			assert.ErrorContains(t, portsError(row.abi), row.want)
		})
	}
}

func TestNetworkThatCannotBeHadIsRefused(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Config{Network: User, Ports: []uint16{443}}.New()
	require.ErrorIs(t, err, exec.ErrNotFound)
	assert.ErrorContains(t, err, `it takes pasta(1): type "sudo apt-get install passt"`)

	_, err = Config{Network: "all"}.New()
	assert.EqualError(t, err, `network "all": want "", "loopback" or "user"`)
	_, err = Config{Network: Loopback, Ports: []uint16{443}}.New()
	assert.EqualError(t, err, `network "loopback": ports [443] are for network "user"`)
}

// networkVariable makes this binary run its part of TestNetworkOfAUser: as root or as an ordinary user in
// a network of the test's own, or as a judge that will be killed.
const networkVariable = "JUDGE_ISOLATE_NETWORK"

// The host's network is one of the test's own, with an address that lies outside of its subnet.
const (
	outside = "203.0.113.5"
	router  = "198.51.100.1"
	allowed = 7001
	other   = 7002
)

func TestNetworkOfAUser(t *testing.T) {
	switch os.Getenv(networkVariable) {
	case "":
		needSandbox(t)
		needGateway(t)
		networkTest(t, "root", &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS})
	case "root":
		makeOutside(t)
		testNetwork(t)
		t.Run("as an ordinary user", func(t *testing.T) {
			openTun(t)
			networkTest(t, "user", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}})
		})
	case "user":
		needSandbox(t)
		testNetwork(t)
	case "killed":
		tellGateway(t)
	}
}

func needGateway(t *testing.T) {
	t.Helper()
	testenv.NeedRoot(t, "to make a network around it; as root it does the ordinary user's part, too")
	err := Config{Network: User}.checkNetwork()
	_, ipErr := exec.LookPath("ip")
	if err = errors.Join(err, ipErr); err != nil {
		testenv.Skip(t, err)
	}
	cmd := exec.Command("ip", "link", "add", "type", "veth")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("make a pair of interfaces: %w: %s", err, strings.TrimSpace(string(out)))
	}
	testenv.Need(t, testenv.Veth, err)
}

// networkTest runs a part of the test.
func networkTest(t *testing.T, part string, a *syscall.SysProcAttr) {
	t.Helper()
	out, err := networkCommand(part, a).CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Contains(t, string(out), "--- PASS: TestNetworkOfAUser")
	assert.NotContains(t, string(out), "--- SKIP", string(out))
}

func networkCommand(part string, a *syscall.SysProcAttr) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestNetworkOfAUser$", "-test.v")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=/tmp", networkVariable + "=" + part, "JUDGE_TEST_STRICT=" + os.Getenv("JUDGE_TEST_STRICT")}
	cmd.Dir = "/"
	cmd.SysProcAttr = a
	return cmd
}

// makeOutside gives this network namespace an interface with a route to everywhere, and listeners.
func makeOutside(t *testing.T) {
	for _, line := range []string{
		"link set lo up",
		"link add out type veth peer name far", "link set far up", "addr add 198.51.100.2/24 dev out", "link set out up",
		"route add default via " + router,
		"addr add " + outside + "/32 dev lo",
	} {
		out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput()
		require.NoError(t, err, "ip %s: %s", line, out)
	}
	for _, address := range []string{outside, "127.0.0.1"} {
		for _, port := range []int{allowed, other} {
			l, err := net.Listen("tcp", net.JoinHostPort(address, strconv.Itoa(port)))
			require.NoError(t, err)
			t.Cleanup(func() { l.Close() })
			go greet(l, address)
		}
	}
}

func greet(l net.Listener, text string) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		io.WriteString(c, text)
		c.Close()
	}
}

// openTun gives this mount namespace a device for tunnels that users may open, as most hosts have it.
func openTun(t *testing.T) {
	require.NoError(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	require.NoError(t, unix.Mount("tmpfs", "/dev/net", "tmpfs", 0, "mode=755"))
	require.NoError(t, unix.Mknod("/dev/net/tun", unix.S_IFCHR|0o666, int(unix.Mkdev(10, 200))))
	require.NoError(t, unix.Chmod("/dev/net/tun", 0o666))
	t.Cleanup(func() { assert.NoError(t, unix.Unmount("/dev/net", 0)) })
}

// attempts is what a program tries, an attempt a line. Of the router, who is not there, no answer is awaited.
const attempts = `python3 -c '
import errno, socket
def tell(name, f):
    try:
        print(name, f())
    except socket.timeout:
        print(name, "timeout")
    except OSError as e:
        print(name, errno.errorcode.get(e.errno, e))
def get(host, port, timeout=60):
    return lambda: socket.create_connection((host, port), timeout=timeout).recv(100).decode()
def fast(port):
    return lambda: socket.socket().sendto(b"x", socket.MSG_FASTOPEN, ("203.0.113.5", port))
tell("allowed", get("203.0.113.5", 7001))
tell("other", get("203.0.113.5", 7002))
tell("fast open", fast(7002))
tell("own loopback", get("127.0.0.1", 7001))
tell("own address", get("198.51.100.2", 7001))
tell("bind", lambda: socket.create_server(("", 7001)))
tell("UDP", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
tell("raw", lambda: socket.socket(socket.AF_INET6, socket.SOCK_RAW))
tell("MPTCP", lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262))
tell("netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))
tell("router", get("198.51.100.1", 7001, timeout=0.5))
'`

func testNetwork(t *testing.T) {
	const want = "allowed " + outside + "\nother EACCES\nfast open ENOTSUP\nown loopback ECONNREFUSED\nown address ECONNREFUSED\n" +
		"bind EACCES\nUDP EACCES\nraw EACCES\nMPTCP EPROTONOSUPPORT\nnetlink EAFNOSUPPORT\nrouter "
	t.Run("allow-list", func(t *testing.T) {
		out := configured(t, Config{Network: User, Ports: []uint16{allowed}}, attempts)
		for run := range strings.SplitAfterSeq(out, "router ") {
			_, run, _ = strings.Cut(run, "allowed ")
			if run != "" {
				assert.Equal(t, want, "allowed "+run)
			}
		}
		assert.NotContains(t, out, "127.0.0.1", "the host's loopback")
		assert.Empty(t, pastas(), "left")
	})
	t.Run("no ports", func(t *testing.T) {
		out := configured(t, Config{Network: User}, attempts)
		assert.Contains(t, out, "allowed EACCES\nother EACCES\n")
	})
	t.Run("others are unchanged", func(t *testing.T) {
		assert.Contains(t, configured(t, Config{}, attempts), "allowed EAFNOSUPPORT\n")
		assert.Contains(t, configured(t, Config{Network: Loopback}, attempts), "allowed ENETUNREACH\n")
		assert.Empty(t, pastas())
	})
	t.Run("a gateway has no rights outside", func(t *testing.T) {
		runWithGateway(t, func(p *Process) {
			assert.Equal(t, outside, second(t, p, "cat < /dev/tcp/203.0.113.5/7001"), "it is at work")
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.held.gateway.pid))
			require.NoError(t, err)
			assert.Regexp(t, `NoNewPrivs:\s1\nSeccomp:\s2`, string(status))
			id := strconv.Itoa(os.Geteuid())
			if s, err := theStanding(); err == nil && s.mapping.by != byOneID {
				assert.NotRegexp(t, regexp.MustCompile(`Uid:.*\b`+id+`\b`), string(status))
			}
			ours, err := os.Readlink("/proc/self/ns/user")
			require.NoError(t, err)
			namespace, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/user", p.held.gateway.pid))
			require.NoError(t, err)
			assert.NotEqual(t, ours, namespace)
		}, nil)
	})
	t.Run("a gateway that died is an error", func(t *testing.T) {
		runWithGateway(t, func(p *Process) {
			require.NoError(t, killProcess(p.held.gateway.pid))
			fds := []unix.PollFd{{Fd: int32(p.held.gateway.pidfd), Events: unix.POLLIN}}
			n, err := unix.Poll(fds, int(patience.Milliseconds()))
			require.NoError(t, err)
			require.Equal(t, 1, n)
		}, errors.New("pasta ended before the run did"))
	})
	t.Run("a killed judge takes it along", testKilledWithGateway)
	t.Run("a second program has the same network", func(t *testing.T) {
		runWithGateway(t, func(p *Process) {
			assert.Equal(t, outside, second(t, p, "cat < /dev/tcp/203.0.113.5/7001"))
			assert.Contains(t, second(t, p, "cat < /dev/tcp/203.0.113.5/7002"), "Permission denied")
		}, nil)
	})
}

// second runs a script beside a program and returns what it printed.
func second(t *testing.T, p *Process, script string) string {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	s, err := p.Exec(context.Background(), Program{Path: "/bin/bash", Args: []string{"bash", "-c", script}, Env: []string{"PATH=/bin"}, Stdout: w, Stderr: w}, nil)
	w.Close()
	require.NoError(t, err)
	out, err := io.ReadAll(r)
	require.NoError(t, err)
	_, err = s.Wait()
	require.NoError(t, err)
	return string(out)
}

// runWithGateway runs a program that waits until f returns.
func runWithGateway(t *testing.T, f func(*Process), want error) {
	t.Helper()
	countDescriptors(t)
	theSpawner()
	s, err := Config{Network: User, Ports: []uint16{allowed}}.New()
	require.NoError(t, err)
	defer func() { assert.NoError(t, s.Close()) }()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	defer w.Close()
	p, err := s.Start(context.Background(), Program{Path: "/bin/cat", Stdin: r}, nil)
	require.NoError(t, err)
	f(p)
	w.Close() // the program's end of file
	exit, err := p.Wait()
	if want != nil {
		assert.ErrorContains(t, err, want.Error())
		return
	}
	require.NoError(t, err)
	assert.Zero(t, exit.Status)
}

// tellGateway is the judge that will be killed: it says which process its gateway is.
func tellGateway(t *testing.T) {
	runWithGateway(t, func(p *Process) {
		fmt.Printf("gateway %d\n", p.held.gateway.pid)
		io.Copy(io.Discard, os.Stdin)
	}, nil)
}

func testKilledWithGateway(t *testing.T) {
	cmd := networkCommand("killed", nil)
	cmd.Env = append(cmd.Env, "TMPDIR="+t.TempDir()) // which it cannot clear
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	defer in.Close()
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	defer cmd.Wait()
	defer cmd.Process.Kill()
	out.(*os.File).SetReadDeadline(time.Now().Add(patience))
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "gateway ") {
	}
	pid, err := strconv.Atoi(strings.TrimPrefix(lines.Text(), "gateway "))
	require.NoError(t, err, lines.Text())
	fd, err := unix.PidfdOpen(pid, 0)
	require.NoError(t, err)
	gateway := os.NewFile(uintptr(fd), "gateway")
	defer gateway.Close()
	require.NoError(t, cmd.Process.Kill())
	assert.NoError(t, waitForPidfd(gateway))
}

// pastas returns the gateways in this network namespace.
func pastas() (pids []int) {
	ours, _ := os.Readlink("/proc/self/ns/net")
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || !strings.HasPrefix(commandOf(pid), "pasta") {
			continue
		}
		if namespace, _ := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", pid)); namespace == ours {
			pids = append(pids, pid)
		}
	}
	return pids
}
