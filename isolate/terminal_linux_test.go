package isolate

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestTerminalIsOfWhoeverAsksForIt: a program has a controlling terminal only if its caller says so, also when its
// standard input is a terminal.
func TestTerminalIsOfWhoeverAsksForIt(t *testing.T) {
	b := newBox(t)
	for _, row := range []struct {
		name     string
		terminal bool
	}{{"none", false}, {"its own", true}} {
		t.Run(row.name, func(t *testing.T) {
			b := b.in(t)
			keyboard, terminal := newPTY(t)
			_, err := keyboard.WriteString("x\n")
			require.NoError(t, err)
			exit, out := b.mustRun(Program{
				Path: "sh", Args: []string{"sh", "-c", "read line; cat /proc/self/stat"}, Env: []string{"PATH=/usr/bin:/bin"},
				Root: b.root, Stdin: terminal, Terminal: row.terminal,
			})
			require.Zero(t, exit.Status)
			fields := strings.Fields(out)
			require.Greater(t, len(fields), 7, out)
			assert.Equal(t, row.terminal, fields[6] != "0", "tty_nr in %s", out) // proc_pid_stat(5)
		})
	}
}

// newPTY makes a pair of terminals that belongs to nobody.
func newPTY(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { master.Close() })
	require.NoError(t, unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0))
	fd, _, errno := unix.Syscall(unix.SYS_IOCTL, master.Fd(), unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
	require.Zero(t, errno)
	slave = os.NewFile(fd, "terminal")
	t.Cleanup(func() { slave.Close() })
	return master, slave
}
