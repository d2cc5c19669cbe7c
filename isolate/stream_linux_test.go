package isolate

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// script is a program that the shell runs.
func (b *box) script(text string) Program {
	return Program{Path: "sh", Args: []string{"sh", "-c", text}, Env: []string{"PATH=/usr/bin:/bin"}, Dir: "/work", Root: b.root}
}

// uncomparable is a Writer of which two cannot be compared.
type uncomparable struct{ writers []io.Writer }

func (u uncomparable) Write(p []byte) (int, error) { return u.writers[0].Write(p) }

func TestStandardStreams(t *testing.T) {
	b := newBox(t)
	const text = "echo out; echo err >&2"
	var one, two bytes.Buffer
	for _, row := range []struct {
		name           string
		stdout, stderr io.Writer
		one, two       string
	}{
		{"both null", nil, nil, "", ""},
		{"null files", (*os.File)(nil), (*os.File)(nil), "", ""},
		{"one", &one, nil, "out\n", ""},
		{"the other", nil, &two, "", "err\n"},
		{"two", &one, &two, "out\n", "err\n"},
		{"the same", &one, &one, "out\nerr\n", ""},
		{"that cannot be compared", uncomparable{[]io.Writer{&one}}, uncomparable{[]io.Writer{&two}}, "out\n", "err\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			countDescriptors(t)
			one.Reset()
			two.Reset()
			p := b.script(text)
			p.Stdout, p.Stderr = row.stdout, row.stderr
			exit, err := b.Run(t.Context(), p, nil)
			require.NoError(t, err)
			assert.Zero(t, exit.Status)
			assert.NoError(t, exit.Cause)
			assert.Equal(t, row.one, one.String())
			assert.Equal(t, row.two, two.String())
		})
	}
}

func TestStandardStreamsAreInheritedWhenGiven(t *testing.T) {
	b := newBox(t)
	p := b.script(`for fd in 0 1 2; do [ "$(readlink /proc/self/fd/$fd)" = /dev/null ] && exit 1; done; exit 0`)
	in, out, err := os.Pipe()
	require.NoError(t, err)
	defer in.Close()
	defer out.Close()
	p.Stdin, p.Stdout, p.Stderr = in, os.Stdout, os.Stderr
	exit, err := b.Run(t.Context(), p, nil)
	require.NoError(t, err)
	assert.Zero(t, exit.Status)
}

func TestFilesThatAreNilAreNull(t *testing.T) {
	b := newBox(t)
	p := b.script("readlink /proc/self/fd/3 /proc/self/fd/4")
	p.Files = []*os.File{nil, nil}
	out, _, err := b.Output(t.Context(), p, nil)
	require.NoError(t, err)
	assert.Equal(t, "/dev/null\n/dev/null\n", string(out))
}

func TestOutputIsWhatWasWritten(t *testing.T) {
	b := newBox(t)
	countDescriptors(t)
	out, exit, err := b.Output(t.Context(), b.script("echo out; echo err >&2; exit 3"), nil)
	require.NoError(t, err)
	assert.Equal(t, "out\n", string(out))
	assert.Equal(t, 3, exit.Status.ExitStatus())
	out, exit, err = b.CombinedOutput(t.Context(), b.script("echo out; echo err >&2; exit 4"), nil)
	require.NoError(t, err)
	assert.Equal(t, "out\nerr\n", string(out))
	assert.Equal(t, 4, exit.Status.ExitStatus())
	// More than a pipe holds, and all that is left in it when the program has ended.
	out, _, err = b.Output(t.Context(), b.script("head -c 1000000 /dev/zero"), nil)
	require.NoError(t, err)
	assert.Len(t, out, 1000000)

	_, _, err = b.Output(t.Context(), Program{Path: "true", Stdout: os.Stderr}, nil)
	assert.ErrorIs(t, err, os.ErrInvalid)
	_, _, err = b.CombinedOutput(t.Context(), Program{Path: "true", Stderr: os.Stderr}, nil)
	assert.ErrorIs(t, err, os.ErrInvalid)
	_, _, err = b.Output(t.Context(), Program{Path: "/missing", Root: b.root}, nil)
	assert.ErrorAs(t, err, new(*ExecError))
}

func TestProgramThatWritesMoreThanABufferKeepsIsEnded(t *testing.T) {
	b := newBox(t)
	countDescriptors(t)
	for name, text := range map[string]string{"without end": "yes", "a little, and ends": "echo 123456"} {
		t.Run(name, func(t *testing.T) {
			out := Buffer{Max: 5}
			p := b.script(text)
			p.Stdout = &out
			exit, err := b.Run(t.Context(), p, nil)
			require.NoError(t, err)
			assert.ErrorIs(t, exit.Cause, ErrTooMuch)
			assert.Len(t, out.Bytes(), 5)
		})
	}
	out, exit, err := b.Output(t.Context(), b.script("yes"), nil)
	require.NoError(t, err)
	assert.ErrorIs(t, exit.Cause, ErrTooMuch)
	assert.Len(t, out, DefaultMax)
}

// brokenWriter has an error of its own.
type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

func TestErrorOfAWriterIsTheCause(t *testing.T) {
	b := newBox(t)
	p := b.script("echo x; exec sleep 1000")
	p.Stdout = brokenWriter{os.ErrPermission}
	exit, err := b.Run(t.Context(), p, nil)
	require.NoError(t, err)
	assert.ErrorIs(t, exit.Cause, os.ErrPermission)
	assert.Equal(t, unix.SIGKILL, exit.Status.Signal())
}

func TestForgottenProgramWithPipesLeavesNothing(t *testing.T) {
	needSandbox(t)
	countDescriptors(t)
	s, err := New()
	require.NoError(t, err)
	var out bytes.Buffer
	_, err = s.Start(t.Context(), Program{Path: "yes", Env: []string{"PATH=/usr/bin:/bin"}, Stdout: &out, Stderr: &out, Timeout: time.Hour}, nil)
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

func TestPipesOfAProgramThatWasNotStartedAreClosed(t *testing.T) {
	b := newBox(t)
	countDescriptors(t)
	p := b.script("true")
	var out bytes.Buffer
	p.Stdout = &out
	_, err := b.Run(t.Context(), p, func(int) error { return os.ErrInvalid })
	assert.ErrorIs(t, err, os.ErrInvalid)
	p.CPUs = []int{1 << 15}
	_, err = b.Run(t.Context(), p, nil)
	assert.ErrorContains(t, err, "pin to CPUs")
}

// What a second program leaves behind lives as long as the first, and may hold its pipe.
func TestOutputOfASecondProgramEndsWithIt(t *testing.T) {
	b := newBox(t)
	countDescriptors(t)
	first := b.started()
	var out bytes.Buffer
	p := b.script("echo before; sleep 1000 & head -c 50000 /dev/zero | tr '\\0' x")
	p.Stdout = &out
	second, err := first.Exec(t.Context(), p, nil)
	require.NoError(t, err)
	exit, err := second.Wait()
	require.NoError(t, err)
	assert.Zero(t, exit.Status)
	assert.Equal(t, "before\n"+strings.Repeat("x", 50000), out.String())
	first.Kill()
	_, err = first.Wait()
	require.NoError(t, err)
}

func TestTimeoutEndsWhatRunsLonger(t *testing.T) {
	b := newBox(t)
	for _, row := range []struct {
		name    string
		timeout time.Duration
		text    string
		cause   error
	}{
		{"none", 0, "true", nil},
		{"long enough", time.Hour, "true", nil},
		{"too short", 10 * time.Millisecond, "exec sleep 1000", ErrTimeout},
		{"too short for a daemon", 10 * time.Millisecond, "(setsid sleep 1000 &); trap '' TERM; while :; do :; done", ErrTimeout},
		{"passed already", -1, "exec sleep 1000", ErrTimeout},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := b.script(row.text)
			p.Timeout = row.timeout
			var opened time.Time
			exit, err := b.Run(t.Context(), p, func(int) error { opened = time.Now(); return nil })
			require.NoError(t, err)
			assert.Equal(t, row.cause, exit.Cause)
			assert.False(t, exit.Started.Before(opened), "it counts from the gate")
			if row.cause != nil {
				assert.Equal(t, unix.SIGKILL, exit.Status.Signal())
				assert.GreaterOrEqual(t, exit.Wall, row.timeout)
			}
		})
	}
}

func TestTimeoutOfASecondProgramLeavesTheFirstAlone(t *testing.T) {
	b := newBox(t)
	first := b.started()
	p := b.script("exec sleep 1000")
	p.Timeout = 10 * time.Millisecond
	second, err := first.Exec(t.Context(), p, nil)
	require.NoError(t, err)
	exit, err := second.Wait()
	require.NoError(t, err)
	assert.ErrorIs(t, exit.Cause, ErrTimeout)
	require.NoError(t, unix.Kill(first.PID(), 0))
	first.Kill()
	_, err = first.Wait()
	require.NoError(t, err)
}

func TestFirstReasonToKillIsTheCause(t *testing.T) {
	b := newBox(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	process, err := b.Start(ctx, b.script("exec sleep 1000"), nil)
	require.NoError(t, err)
	process.Kill()
	cancel(errors.New("later"))
	exit, err := process.Wait()
	require.NoError(t, err)
	assert.Equal(t, ErrKilled, exit.Cause)
}

func TestProgramThatNoDescriptorIsLeftForIsAnError(t *testing.T) {
	var before unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &before))
	for name, p := range map[string]Program{"null": {}, "pipe": {Stdout: io.Discard}} {
		require.NoError(t, unix.Prlimit(0, unix.RLIMIT_NOFILE, &unix.Rlimit{Max: before.Max}, nil))
		var err error
		assert.NotPanics(t, func() { _, err = openStreams(p) }, name)
		require.NoError(t, unix.Prlimit(0, unix.RLIMIT_NOFILE, &before, nil))
		assert.ErrorIs(t, err, unix.EMFILE, name)
	}
}
