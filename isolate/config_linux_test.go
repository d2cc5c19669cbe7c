package isolate

import (
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// configured returns what a script prints in a sandbox of that configuration, run twice.
func configured(t *testing.T, c Config, script string) string {
	t.Helper()
	needSandbox(t)
	s, err := c.New()
	require.NoError(t, err)
	defer s.Close()
	b := &box{Sandbox: s, t: t, root: &Root{}}
	text := ""
	for range 2 {
		p, r, w := b.sh(script)
		exit, err := s.Run(context.Background(), p, nil)
		require.NoError(t, err)
		require.Zero(t, exit.Status)
		w.Close()
		out, err := io.ReadAll(r)
		require.NoError(t, err)
		text += string(out)
	}
	return text
}

func TestConfigNamesTheHost(t *testing.T) {
	assert.Equal(t, "box\nbox\n", configured(t, Config{Hostname: "box"}, "hostname"))
}

const talk = `python3 -c '
import socket
try:
    s = socket.create_server(("127.0.0.1", 4711))
    c = socket.create_connection(s.getsockname())
    s.accept()[0].send(b"hello")
    print(c.recv(5).decode())
except OSError as e:
    print(e.strerror)
try:
    socket.create_connection(("192.0.2.1", 80), timeout=1)
except OSError as e:
    print("elsewhere not")
'`

func TestLoopbackIsThereWhenAskedForAndForgetsEachRun(t *testing.T) {
	const once = "hello\nelsewhere not\n"
	assert.Equal(t, once+once, configured(t, Config{Network: Loopback}, talk))
	const never = "Address family not supported by protocol\nelsewhere not\n"
	assert.Equal(t, never+never, configured(t, Config{}, talk))
}

func TestProgramIsPinnedAndCannotLeave(t *testing.T) {
	b := newBox(t)
	p, r, w := b.sh("nproc; taskset -p ff $$ > /dev/null 2>&1 || echo stays; nproc")
	p.CPUs = []int{0}
	exit, err := b.Run(context.Background(), p, nil)
	require.NoError(t, err)
	require.Zero(t, exit.Status)
	w.Close()
	out, err := io.ReadAll(r)
	require.NoError(t, err)
	assert.Equal(t, "1\nstays\n1\n", string(out))

	p.CPUs = []int{1 << 15}
	_, err = b.Run(context.Background(), p, nil)
	assert.ErrorContains(t, err, "pin to CPUs [32768]")
	require.NoError(t, b.Err())
}
