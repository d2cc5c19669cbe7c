package isolate

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/fixtures/testenv"
)

// box is a sandbox with testdata/probe.c as /probe.
type box struct {
	*Sandbox
	t     *testing.T
	probe *Scratch
	root  *Root
}

// newBox skips the test where programs cannot be isolated. The box is closed with the test.
func newBox(t *testing.T) *box {
	t.Helper()
	needSandbox(t)
	b := &box{t: t, probe: probeLayer(t)}
	var err error
	b.Sandbox, err = New()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, b.Close()) })
	b.root = b.with(Root{})
	return b
}

// in returns the box for a part of its test.
func (b *box) in(t *testing.T) *box {
	part := *b
	part.t = t
	return &part
}

// with returns a root with the probe as the lowest layer.
func (b *box) with(r Root) *Root {
	r.Layers = append([]Layer{{Scratch: b.probe}}, r.Layers...)
	return &r
}

// probeProgram runs the probe in the box's root.
func (b *box) probeProgram(args ...string) Program {
	return Program{Path: "/probe", Args: append([]string{"probe"}, args...), Root: b.root}
}

// probed runs the probe, which has to succeed, and returns what it printed.
func (b *box) probed(args ...string) string {
	b.t.Helper()
	exit, out := b.mustRun(b.probeProgram(args...))
	require.Zero(b.t, exit.Status, "probe %q: %s", args, out)
	return out
}

// lines is what probed returns, by line.
func (b *box) lines(args ...string) []string {
	b.t.Helper()
	return strings.Split(strings.TrimSuffix(b.probed(args...), "\n"), "\n")
}

// shell runs a script, which has to succeed.
func (b *box) shell(script string) string {
	b.t.Helper()
	exit, out := b.mustRun(Program{Path: "sh", Args: []string{"sh", "-c", script}, Env: []string{"PATH=/usr/bin:/bin"}, Dir: "/work", Root: b.root})
	require.Zero(b.t, exit.Status, "%s: %s", script, out)
	return out
}

func (b *box) mustRun(p Program) (Exit, string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 6*patience)
	defer cancel()
	exit, out, err := b.run(ctx, p, nil)
	require.NoError(b.t, err)
	require.NoError(b.t, exit.Cause, "the program hangs; it printed %q", out)
	return exit, out
}

// run is Sandbox.Run with standard output and error returned, unless the program has its own. It fails
// the test if a process of the run is left, or an end of the pipe.
func (b *box) run(ctx context.Context, p Program, gate Gate) (Exit, string, error) {
	b.t.Helper()
	var namespace string
	r, w, err := os.Pipe()
	require.NoError(b.t, err)
	defer r.Close()
	if p.Stdout == nil {
		p.Stdout = w
	}
	if p.Stderr == nil {
		p.Stderr = w
	}
	printed := make(chan []byte, 1)
	go func() {
		out, _ := io.ReadAll(r)
		printed <- out
	}()
	exit, err := b.Run(ctx, p, func(pid int) error {
		namespace = namespaceOf(b.t, pid)
		if gate != nil {
			return gate(pid)
		}
		return nil
	})
	if b.Err() == nil && namespace != "" {
		assert.Empty(b.t, processesIn(namespace), "processes left by %q", p.Args)
	}
	w.Close()
	r.SetReadDeadline(time.Now().Add(patience)) // somebody may still hold the pipe
	return exit, string(<-printed), err
}

// needSandbox skips the test where the kernel does not let us isolate programs.
func needSandbox(t testing.TB) {
	t.Helper()
	if err := sandboxProblem(); err != nil {
		testenv.Skip(t, err)
	}
}

var sandboxProblem = sync.OnceValue(func() error {
	s, err := New()
	if err == nil {
		s.Close()
	}
	var errno syscall.Errno
	if err != nil && (os.Geteuid() != 0 || errors.As(err, &errno)) {
		return err
	}
	return nil // what is wrong then, the tests should show
})

// probeBinary is testdata/probe.c, compiled once.
var probeBinary compiled

type compiled struct {
	once sync.Once
	path string
	err  error
}

func (c *compiled) build() (string, error) {
	c.once.Do(func() {
		var dir string
		if dir, c.err = os.MkdirTemp("", "probe"); c.err != nil {
			return
		}
		c.path = filepath.Join(dir, "probe")
		out, err := exec.Command("cc", "-O1", "-static", "-o", c.path, "testdata/probe.c").CombinedOutput()
		if err != nil {
			c.err = errors.Join(err, errors.New(string(out)))
		}
	})
	return c.path, c.err
}

func (c *compiled) remove() {
	if c.path != "" {
		os.RemoveAll(filepath.Dir(c.path))
	}
}

// probeLayer returns a layer with /probe.
func probeLayer(t testing.TB) *Scratch {
	t.Helper()
	path, err := probeBinary.build()
	if err != nil {
		testenv.Skip(t, err)
	}
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	layer := newScratch(t, 16<<20, 100)
	require.NoError(t, layer.Create("/probe", 0o755, f))
	return layer
}

func newScratch(t testing.TB, size, inodes int64) *Scratch {
	t.Helper()
	s, err := NewScratch(size, inodes)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

// content returns what a file of a layer has.
func content(t *testing.T, s *Scratch, name string) string {
	t.Helper()
	f, err := s.Open(name)
	require.NoError(t, err)
	defer f.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(f)
	require.NoError(t, err)
	return b.String()
}
