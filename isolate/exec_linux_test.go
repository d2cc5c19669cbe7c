package isolate

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestWhatCannotBeExecutedIsAnExecError(t *testing.T) {
	b := newBox(t)
	layer := newScratch(t, 1<<20, 100)
	for name, file := range map[string]struct {
		mode uint32
		text string
	}{
		"/work/plain":          {0o755, "neither a script nor a binary\n"},
		"/work/forbidden":      {0o644, "#!/bin/sh\n"},
		"/work/no-interpreter": {0o755, "#!/no/such/interpreter\n"},
		"/work/bin/orphan":     {0o755, "#!/no/such/interpreter\n"},
		"/work/directory/file": {0o755, ""},
	} {
		require.NoError(t, layer.Create(name, file.mode, strings.NewReader(file.text)))
	}
	root := b.with(Root{Layers: []Layer{{Scratch: layer}}})
	for _, row := range []struct {
		name, path  string
		env         string
		errno       syscall.Errno
		interpreter bool
	}{
		{"missing", "/work/missing", "", unix.ENOENT, false},
		{"missing below a file", "/work/plain/x", "", unix.ENOTDIR, false},
		{"missing, relative", "./missing", "", unix.ENOENT, false},
		{"missing in PATH", "missing", "PATH=/usr/bin:/bin", unix.ENOENT, false},
		{"in no PATH", "sh", "HOME=/work", unix.ENOENT, false},
		{"in an empty PATH", "sh", "PATH=", unix.ENOENT, false},
		{"not executable", "/work/forbidden", "", unix.EACCES, false},
		{"directory", "/work/directory", "", unix.EACCES, false},
		{"unknown format", "/work/plain", "", unix.ENOEXEC, false},
		{"interpreter missing", "/work/no-interpreter", "", unix.ENOENT, true},
		{"interpreter missing, relative", "./no-interpreter", "", unix.ENOENT, true},
		{"interpreter missing, in PATH", "orphan", "PATH=/usr/bin:/work/bin", unix.ENOENT, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := b.in(t)
			_, _, err := b.run(context.Background(), Program{Path: row.path, Env: []string{row.env}, Dir: "/work", Root: root}, nil)
			var exec *ExecError
			require.ErrorAs(t, err, &exec)
			assert.Equal(t, &ExecError{Path: row.path, Interpreter: row.interpreter, Err: row.errno}, exec)
			assert.NoError(t, b.Err())
		})
	}
	b.probed("exit", "0")
}

func TestProgramIsLookedUpLikeExecvpDoes(t *testing.T) {
	b := newBox(t)
	for _, row := range []struct{ name, path, env, dir string }{
		{"absolute", "/usr/bin/true", "", ""},
		{"relative to the directory", "./true", "", "/usr/bin"},
		{"with a slash in it", "bin/true", "", "/usr"},
		{"in PATH", "true", "PATH=/nonexistent:/usr/bin", ""},
		{"last PATH counts", "true", "PATH=/nonexistent\nPATH=/usr/bin", ""},
		{"behind a file in PATH", "true", "PATH=/etc/passwd:/usr/bin", ""},
		{"behind what cannot be executed", "group", "PATH=/etc:/usr/bin", ""}, // see below
		{"behind many directories", "true", "PATH=" + strings.Repeat("/nonexistent:", 100) + "/usr/bin", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := b.in(t)
			_, out, err := b.run(context.Background(), Program{Path: row.path, Env: strings.Split(row.env, "\n"), Dir: row.dir, Root: b.root}, nil)
			if row.path == "group" {
				var exec *ExecError
				require.ErrorAs(t, err, &exec)
				assert.Equal(t, unix.EACCES, exec.Err, "it was found, so ENOENT would be wrong")
				return
			}
			require.NoError(t, err, out)
		})
	}
}

func TestMissingDirectoryIsAStepErrorAndNoExecError(t *testing.T) {
	b := newBox(t)
	p := b.probeProgram("exit", "0")
	p.Dir = "/missing"
	_, _, err := b.run(context.Background(), p, nil)
	var step *StepError
	require.ErrorAs(t, err, &step)
	assert.Equal(t, &StepError{Step: "enter /missing", Call: `enter /missing: chdir("/missing")`, Err: unix.ENOENT}, step)
	assert.NotErrorAs(t, err, new(*ExecError))
}

func TestArgumentsArriveWhole(t *testing.T) {
	b := newBox(t)
	for _, row := range []struct {
		name        string
		count, size int
	}{
		{"none", 0, 0}, {"empty ones", 3, 0}, {"one", 1, 1}, {"odd lengths", 17, 13},
		{"60 KiB in one", 1, 60 << 10}, {"100 KiB in one", 1, 100 << 10}, {"100 KiB in a thousand", 1024, 100},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := b.in(t)
			args := []string{"arguments"}
			for range row.count {
				args = append(args, strings.Repeat("x", row.size))
			}
			assert.Equal(t, fmt.Sprintf("%d arguments of %d bytes\n", row.count, row.count*row.size), b.probed(args...))
		})
	}
}

func TestTooManyArgumentsAreAClearError(t *testing.T) {
	b := newBox(t)
	for _, row := range []struct {
		name        string
		count, size int
	}{{"4 MiB in one", 1, 4 << 20}, {"4 MiB in many", 4 << 10, 1 << 10}} {
		t.Run(row.name, func(t *testing.T) {
			b := b.in(t)
			args := []string{"arguments"}
			for range row.count {
				args = append(args, strings.Repeat("x", row.size))
			}
			_, _, err := b.run(context.Background(), b.probeProgram(args...), nil)
			assert.Regexp(t, `argument list too long|arguments and environment`, err)
			assert.NotRegexp(t, `^bug|: bug`, err)
			assert.NoError(t, b.Err())
		})
	}
	b.probed("exit", "0")
}

// A zero byte would end the string for the kernel, and the program would get something else than
// the caller asked for.
func TestZeroBytesAreRefused(t *testing.T) {
	b := newBox(t)
	for _, row := range []struct {
		name string
		p    Program
	}{
		{"argument", Program{Path: "/probe", Args: []string{"probe", "exit", "0\x001"}}},
		{"environment", Program{Path: "/probe", Args: []string{"probe", "exit", "0"}, Env: []string{"A=b\x00C=d"}}},
		{"path", Program{Path: "/probe\x00x", Args: []string{"probe", "exit", "0"}}},
		{"directory", Program{Path: "/probe", Args: []string{"probe", "exit", "0"}, Dir: "/\x00x"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := b.in(t)
			row.p.Root = b.root
			_, _, err := b.run(context.Background(), row.p, nil)
			require.ErrorIs(t, err, unix.EINVAL)
		})
	}
}
