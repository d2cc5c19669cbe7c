package isolate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestGateIsCalledBeforeTheProgramStarts(t *testing.T) {
	b := newBox(t)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	defer w.Close()
	p := b.probeProgram("read", "0")
	p.Stdin = r
	_, out, err := b.run(context.Background(), p, func(pid int) error {
		assert.NotEqual(t, "probe", commandOf(pid))
		assert.Equal(t, "2", lastField(t, pid, "NSpid:"), "the program is process 2 of its namespace")
		assert.Equal(t, "0000000000000000", lastField(t, pid, "CapEff:"))
		_, err := w.WriteString("written at the gate")
		return err
	})
	require.NoError(t, err)
	assert.Equal(t, "0: written at the gate\n", out)
}

// lastField returns the last word of a line of /proc/PID/status.
func lastField(t *testing.T, pid int, key string) string {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) > 0 && fields[0] == key {
			return fields[len(fields)-1]
		}
	}
	return ""
}

func TestErrorOfTheGateEndsTheRunAndNamesThePid(t *testing.T) {
	b := newBox(t)
	var admitted int
	failure := errors.New("no such group")
	exit, out, err := b.run(context.Background(), b.probeProgram("say", "started"), func(pid int) error {
		admitted = pid
		return failure
	})
	require.ErrorIs(t, err, failure)
	assert.EqualError(t, err, fmt.Sprintf("admit pid %d: no such group", admitted))
	assert.Zero(t, exit)
	assert.Empty(t, out, "the program was started")
	assert.NoError(t, waitForEnd(admitted))
	assert.NoError(t, b.Err())
	b.probed("exit", "0")
}

func TestProgramThatDiesAtTheGateIsNoHang(t *testing.T) {
	b := newBox(t)
	exit, _, err := b.run(context.Background(), b.probeProgram("pause"), func(pid int) error {
		return unix.Kill(pid, unix.SIGKILL)
	})
	if err == nil { // it may count as a program that was killed from outside
		assert.True(t, exit.Status.Signaled(), "%+v", exit)
	}
	assert.NoError(t, b.Err())
	b.probed("exit", "0")
}
