//go:build linux

package isolate

import (
	"context"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRunReportsOutputAndExit(t *testing.T) {
	s, err := New()
	require.NoError(t, err)
	defer s.Close()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	exit, err := s.Run(context.Background(), Program{
		Path: "sh", Args: []string{"sh", "-c", "id; ls -la / /dev /proc/self/fd; mount; ps ax; cat /proc/self/status; exit 7"},
		Env: []string{"PATH=/usr/bin:/bin"}, Dir: "/work", Stdout: w, Stderr: w,
	}, func(pid int) error { t.Log("gate", pid); return nil })
	require.NoError(t, err)
	w.Close()
	out, _ := io.ReadAll(r)
	t.Logf("%+v\n%s", exit, out)
	require.Equal(t, 7, exit.Status.ExitStatus())
}
