package selftest

import (
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// touchCanaries stops the process and connects to the socket, and returns when both is certain.
func touchCanaries(t *testing.T, c *canaries) {
	require.NoError(t, unix.Kill(c.pid(), unix.SIGSTOP))
	var info unix.Siginfo
	require.NoError(t, unix.Waitid(unix.P_PID, c.pid(), &info, unix.WSTOPPED|unix.WNOWAIT, nil))
	conn, err := net.Dial("unix", c.file+".socket")
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.ReadAll(conn) // it is noted before it is closed
	require.NoError(t, err)
}
