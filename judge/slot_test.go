package judge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/fixtures/testenv"
	"judge/isolate"
	"judge/limits"
)

// shell is an execution of a script whose output is read.
func shell(t *testing.T, root *isolate.Root, script string) execution {
	t.Helper()
	out := &stream{limit: 1 << 20}
	require.NoError(t, out.open())
	return execution{
		program: isolate.Program{
			Path: "/bin/sh", Args: []string{"sh", "-c", script}, Env: []string{"PATH=/usr/bin:/bin"}, Root: root, Stdout: out.write,
		},
		limits: limits.Limits{Wall: 2 * time.Minute},
		stdout: out,
	}
}

// sitDown takes a seat of a pool of its own.
func sitDown(t *testing.T) (*Pool, *seat) {
	t.Helper()
	pool := newPool(t, 1)
	s, err := pool.enter(context.Background())
	require.NoError(t, err)
	return pool, s
}

func TestOutputIsReadWhileTheNextRunIsPreparedSlowly(t *testing.T) {
	pool, seat := sitDown(t)
	const much = 300_000 // more than a pipe has room for
	all := make(chan struct{})
	root := &isolate.Root{}
	next := &isolate.Root{Hooks: isolate.Hooks{BeforePivot: func(int) error {
		select {
		case <-all:
			return nil
		case <-time.After(time.Minute):
			return errors.New("nobody reads")
		}
	}}}
	seat.slot.ended = time.Now() // there was a run a moment ago
	e := shell(t, root, "head -c 300000 /dev/zero")
	got := 0
	e.stdout.also = func(p []byte) {
		if got += len(p); got == much {
			close(all)
		}
	}
	e.next = next
	facts, _, err := seat.slot.run(context.Background(), e)
	require.NoError(t, errors.Join(err, e.stdout.finish()))
	assert.Empty(t, facts.Stop)
	assert.EqualValues(t, much, e.stdout.total)
	require.NotNil(t, seat.slot.next)
	assert.NoError(t, seat.slot.next.err)
	require.NoError(t, pool.leave(seat))
}

func TestNothingOfARunIsLeftWhenTheSeatIsGivenBack(t *testing.T) {
	pool, seat := sitDown(t)
	root := &isolate.Root{}
	e := shell(t, root, "echo hello")
	e.next = root
	_, _, err := seat.slot.run(context.Background(), e)
	require.NoError(t, errors.Join(err, e.stdout.finish()))
	assert.EqualValues(t, 6, e.stdout.total)
	require.NoError(t, pool.leave(seat))
	assert.Nil(t, seat.slot.leaving)
	assert.Nil(t, seat.slot.next)
}

// partOfCPUs is the group of a run's first process in the cpu hierarchy of version 1.
func partOfCPUs(t *testing.T, s *slot) (part string) {
	t.Helper()
	e := shell(t, &isolate.Root{}, "true")
	e.look = func(g *limits.Group) {
		if g == nil {
			return
		}
		pids, err := g.Processes()
		require.NoError(t, err)
		require.Len(t, pids, 1)
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pids[0]))
		require.NoError(t, err)
		part = string(regexp.MustCompile(`(?m)^\d+:cpu:.*$`).Find(b))
	}
	_, _, err := s.run(context.Background(), e)
	require.NoError(t, errors.Join(err, e.stdout.finish()))
	return part
}

func TestEachSlotHasItsPartOfTheCPUs(t *testing.T) {
	pool := newPool(t, 2)
	if pool.Mechanisms()["shares"] == "" {
		testenv.NeedRoot(t, "to divide the CPUs")
		testenv.Skip(t, errors.New("nothing divides the CPUs"))
	}
	var parts []string
	for range 2 {
		seat, err := pool.enter(context.Background())
		require.NoError(t, err)
		defer func() { assert.NoError(t, pool.leave(seat)) }()
		part := partOfCPUs(t, &seat.slot)
		if seat.slot.share == nil {
			t.Skip("each group of a run is a part here")
		}
		assert.Contains(t, part, fmt.Sprintf("/judge/%d-", os.Getpid()))
		seat.slot.reset()
		assert.Equal(t, part, partOfCPUs(t, &seat.slot), "in another sandbox")
		parts = append(parts, part)
	}
	assert.NotEqual(t, parts[0], parts[1])
}

func TestStreamIsReadOnceWhoeverBegins(t *testing.T) {
	for name, begin := range map[string]func(*stream){
		"at the end":           func(*stream) {},
		"beside the program":   (*stream).start,
		"by two at the moment": func(s *stream) { go s.start(); s.start() },
	} {
		t.Run(name, func(t *testing.T) {
			s := &stream{keep: 10}
			require.NoError(t, s.open())
			begin(s)
			_, err := s.write.WriteString("hello")
			require.NoError(t, err)
			require.NoError(t, s.finish())
			assert.Equal(t, "hello", string(s.head))
		})
	}
}
