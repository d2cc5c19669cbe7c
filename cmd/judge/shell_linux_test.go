package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// seat is where a user would be: a terminal with judge on it.
type seat struct {
	*testing.T
	keyboard *os.File
	terminal *os.File
	cmd      *exec.Cmd

	mu     sync.Mutex
	screen bytes.Buffer
	told   chan struct{} // something was printed
	left   chan struct{} // nobody has the terminal any more
}

// sit starts judge with arguments on a terminal of its own, which can do little.
func sit(t *testing.T, args ...string) *seat {
	t.Helper()
	return sitWith(t, []string{"TERM=dumb"}, args...)
}

// sitWith also says what is in the environment, beside what the tests have.
func sitWith(t *testing.T, env []string, args ...string) *seat {
	t.Helper()
	needsJudging(t)
	s := &seat{T: t, told: make(chan struct{}, 1), left: make(chan struct{})}
	var err error
	s.keyboard, s.terminal, err = openPTY()
	require.NoError(t, err)
	s.resize(24, 80)
	s.cmd = exec.Command("judge", args...)
	s.cmd.Env = append(os.Environ(), env...)
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = s.terminal, s.terminal, s.terminal
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(t, s.cmd.Start())
	go func() {
		defer close(s.left)
		buffer := make([]byte, 4096)
		for {
			n, err := s.keyboard.Read(buffer)
			if err != nil {
				return
			}
			s.mu.Lock()
			s.screen.Write(buffer[:n])
			s.mu.Unlock()
			select {
			case s.told <- struct{}{}:
			default:
			}
		}
	}()
	t.Cleanup(func() {
		s.cmd.Process.Kill()
		s.cmd.Wait()
		s.terminal.Close()
		<-s.left
		s.keyboard.Close()
	})
	return s
}

func (s *seat) resize(rows, columns uint16) {
	s.Helper()
	require.NoError(s, unix.IoctlSetWinsize(int(s.keyboard.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: columns}))
}

func (s *seat) typed(keys string) {
	s.Helper()
	_, err := s.keyboard.WriteString(keys)
	require.NoError(s, err)
}

// sees waits until something is on the screen, and returns all that was printed since it last did.
func (s *seat) sees(text string) string {
	s.Helper()
	patience := time.After(time.Minute)
	for {
		s.mu.Lock()
		if before, _, found := strings.Cut(s.screen.String(), text); found {
			s.screen.Next(len(before) + len(text))
			s.mu.Unlock()
			return before
		}
		screen := s.screen.String()
		s.mu.Unlock()
		select {
		case <-s.told:
		case <-patience:
			s.Fatalf("%q did not come; on the screen is %q", text, screen)
		}
	}
}

func (s *seat) status() int {
	s.cmd.Wait()
	return s.cmd.ProcessState.ExitCode()
}

// shellTasks is a task whose submission says something.
func shellTasks(t *testing.T) string {
	t.Helper()
	file := writeTasks(t, `
		[[task]]
		name        = "greet"
		submissions = ["hello.sh"]
		limits      = { memory = "64MiB", time = "500ms", wall = "60s" }
		test        = [{ name = "one", input = "world\n", answer = "hello world" }]`)
	require.NoError(t, os.WriteFile(strings.TrimSuffix(file, "tasks.toml")+"hello.sh", []byte("read who; echo hello $who\n"), 0o644))
	return file
}

func TestShellIsATerminalWithJobControl(t *testing.T) {
	s := sit(t, "shell", shellTasks(t), "greet/hello.sh/one")
	greeting := s.sees("open_files")
	assert.Contains(t, greeting, "run it    bash /work/hello.sh")
	assert.NotContains(t, greeting, "time")
	s.typed("PS1=; stty -echo; bash hello.sh </judge/input\r")
	s.sees("hello world")

	s.resize(7, 77)
	s.typed("until [ \"$(stty size)\" = '7 77' ]; do sleep 0.01; done; stty size\r") // judge has to hear of it first
	s.sees("7 77")

	// Each says that it is in the foreground before a key is typed for it, and starts no process: one that is
	// stopped between vfork and execve keeps its parent from stopping.
	s.typed("sh -c 'echo stop-$((1 + 1)); read word; echo got-$word'\r")
	s.sees("stop-2")
	s.typed("\x1a")
	s.sees("Stopped")
	s.typed("fg\r")
	s.sees("echo got-$word")
	s.typed("that\n")
	s.sees("got-that")
	s.typed("sh -c 'echo interrupt-$((1 + 1)); exec sleep 1000'\r")
	s.sees("interrupt-2")
	s.typed("\x03")
	s.typed("echo interrupted=$?\r")
	s.sees("interrupted=130")
	s.typed("exit 5\r")
	assert.Equal(t, 5, s.status())
}

// TestShellKeepsTheTerminalOfJudge: a program could type commands for whoever sits there.
func TestShellKeepsTheTerminalOfJudge(t *testing.T) {
	var own unix.Stat_t
	s := sit(t, "shell", shellTasks(t), "greet")
	require.NoError(t, unix.Fstat(int(s.terminal.Fd()), &own))
	before, err := unix.IoctlGetTermios(int(s.terminal.Fd()), unix.TCGETS)
	require.NoError(t, err)
	s.sees("open_files")
	s.typed("PS1=; stty -echo; read -a stat </proc/self/stat; echo terminal=${stat[6]}.\r")
	s.sees("terminal=")
	assert.NotEqual(t, fmt.Sprint(own.Rdev), s.sees("."))
	s.typed(`python3 -c 'import fcntl; fcntl.ioctl(0, 0x5412, "x")'; exit` + "\r")
	s.sees("Operation not permitted")
	s.sees("refused system calls: ioctl")
	assert.Equal(t, 1, s.status())
	after, err := unix.IoctlGetTermios(int(s.terminal.Fd()), unix.TCGETS)
	require.NoError(t, err)
	assert.Equal(t, before.Lflag&unix.ICANON, after.Lflag&unix.ICANON, "the terminal is not as it was")
}

func TestShellEndsWithItsLimits(t *testing.T) {
	needsJudging(t)
	file := shellTasks(t)
	for _, row := range []struct {
		name, command string
		flags         []string
		status        int
		message       string
	}{
		{"memory", "x=$(head -c 200000000 /dev/zero | tr '\\0' x); echo ${#x}", nil, 137, "memory over 64MiB"},
		{"time", "while :; do :; done", []string{"--limits"}, 137, "of 500ms"},
		{"signal", "kill -SEGV $$", nil, 139, ""},
		{"missing", "", nil, 127, "no such file"},
		{"code", "exit 42", nil, 42, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			args := append([]string{"shell"}, row.flags...)
			args = append(args, file, "greet/hello.sh", "--")
			if row.command == "" {
				args = append(args, "no-such-program")
			} else {
				args = append(args, "bash", "-c", row.command)
			}
			out, err := exec.Command("judge", args...).CombinedOutput()
			assert.Equal(t, row.status, statusOfExec(err), "%s", out)
			assert.Contains(t, string(out), row.message)
		})
	}
}
