package isolate

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// prepare makes the next sandbox ahead, and returns the pid that its gate was called with.
func (b *box) prepare(root *Root) (pid int) {
	b.t.Helper()
	require.NoError(b.t, b.Prepare(root, func(p int) error { pid = p; return nil }))
	require.NotZero(b.t, pid)
	return pid
}

// pidOf runs a program and returns its pid.
func (b *box) pidOf(root *Root) (pid int) {
	b.t.Helper()
	p := b.probeProgram("exit", "0")
	p.Root = root
	_, _, err := b.run(context.Background(), p, func(p int) error { pid = p; return nil })
	require.NoError(b.t, err)
	return pid
}

func TestRunUsesWhatWasPrepared(t *testing.T) {
	b := newBox(t)
	for range 3 {
		pid := b.prepare(b.root)
		assert.True(t, b.Prepared(b.root))
		assert.Equal(t, pid, b.pidOf(b.root))
		assert.False(t, b.Prepared(b.root))
	}
	assert.NotEqual(t, 0, b.pidOf(b.root), "without preparation")
}

func TestRunWithAnotherRootDiscardsWhatWasPrepared(t *testing.T) {
	b := newBox(t)
	for _, row := range []struct {
		name string
		root *Root
	}{{"another root", b.with(Root{})}, {"an equal root that is not the same", &Root{Layers: b.root.Layers}}} {
		t.Run(row.name, func(t *testing.T) {
			b := b.in(t)
			pid := b.prepare(b.root)
			namespace := namespaceOf(t, pid)
			assert.False(t, b.Prepared(row.root))
			assert.NotEqual(t, pid, b.pidOf(row.root))
			assert.Empty(t, processesIn(namespace))
		})
	}
}

func TestPreparedIsOnlyForTheRootItself(t *testing.T) {
	b := newBox(t)
	assert.False(t, b.Prepared(b.root))
	assert.False(t, b.Prepared(nil))
	require.NoError(t, b.Prepare(nil, nil))
	assert.False(t, b.Prepared(nil), "nil is a new root each time")
	require.NoError(t, b.Discard())
}

func TestPrepareAgainReplacesWhatWasPrepared(t *testing.T) {
	b := newBox(t)
	first := b.prepare(b.root)
	namespace := namespaceOf(t, first)
	second := b.prepare(b.root)
	assert.NotEqual(t, first, second)
	assert.Empty(t, processesIn(namespace))
	assert.Equal(t, second, b.pidOf(b.root))
}

func TestDiscardEndsWhatWasPrepared(t *testing.T) {
	b := newBox(t)
	require.NoError(t, b.Discard(), "there is nothing")
	namespace := namespaceOf(t, b.prepare(b.root))
	require.NotEmpty(t, processesIn(namespace))
	require.NoError(t, b.Discard())
	assert.Empty(t, processesIn(namespace))
	assert.False(t, b.Prepared(b.root))
	require.NoError(t, b.Discard())
	b.probed("exit", "0")
}

func TestErrorOfTheGateUndoesThePreparation(t *testing.T) {
	b := newBox(t)
	var namespace string
	failure := errors.New("no such group")
	err := b.Prepare(b.root, func(pid int) error { namespace = namespaceOf(t, pid); return failure })
	require.ErrorIs(t, err, failure)
	assert.ErrorContains(t, err, "admit pid ")
	assert.Empty(t, processesIn(namespace))
	assert.False(t, b.Prepared(b.root))
	assert.NoError(t, b.Err())
	b.probed("exit", "0")
}

func TestPrepareThatFailsLeavesTheSandboxFit(t *testing.T) {
	b := newBox(t)
	require.Error(t, b.Prepare(b.with(Root{Layers: []Layer{{Path: t.TempDir() + "/missing"}}}), nil))
	require.NoError(t, b.Err())
	b.probed("exit", "0")
}

func TestPreparedSandboxThatDiedIsAnErrorOnce(t *testing.T) {
	b := newBox(t)
	pid := b.prepare(b.root)
	_, initPID := stateOf(pid)
	require.NoError(t, killProcess(initPID))
	require.NoError(t, waitForEnd(initPID))
	_, _, err := b.run(context.Background(), b.probeProgram("exit", "0"), nil)
	require.Error(t, err)
	require.NoError(t, b.Err())
	b.probed("exit", "0")
}

func TestCloseEndsWhatWasPreparedBeforeItReturns(t *testing.T) {
	for range 5 {
		b := newBox(t)
		pid := b.prepare(b.root)
		namespace := namespaceOf(t, pid)
		require.NoError(t, b.Close())
		assert.Empty(t, processesIn(namespace))
	}
}

func TestCloseIsIdempotentAndFinal(t *testing.T) {
	needSandbox(t)
	b := newBox(t)
	require.NoError(t, b.Close())
	require.NoError(t, b.Close())
	require.ErrorIs(t, b.Err(), os.ErrClosed)
	_, _, err := b.run(context.Background(), b.probeProgram("exit", "0"), nil)
	require.ErrorIs(t, err, os.ErrClosed)
	require.ErrorIs(t, b.Prepare(b.root, nil), os.ErrClosed)
	require.ErrorIs(t, b.Discard(), os.ErrClosed)
}

func TestNothingOfASandboxIsLeftWhateverHappensInIt(t *testing.T) {
	needSandbox(t)
	layer := probeLayer(t)
	root := &Root{Layers: []Layer{{Scratch: layer}}}
	program := func(args ...string) Program {
		return Program{Path: "/probe", Args: append([]string{"probe"}, args...), Root: root}
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	countDescriptors(t)
	before := children() // a keeper, if the layer has one
	const killed = "killed intermediate"
	for _, row := range []struct {
		name string
		use  func(s *Sandbox)
	}{
		{"nothing", func(s *Sandbox) {}},
		{"runs", func(s *Sandbox) {
			for range 3 {
				s.Run(context.Background(), program("exit", "3"), nil)
			}
		}},
		{"cancelled run", func(s *Sandbox) { s.Run(cancelled, program("pause"), nil) }},
		{"failed gate", func(s *Sandbox) {
			s.Run(context.Background(), program("pause"), func(int) error { return os.ErrInvalid })
		}},
		{"failed exec", func(s *Sandbox) { s.Run(context.Background(), Program{Path: "/missing", Root: root}, nil) }},
		{"failed root", func(s *Sandbox) {
			s.Run(context.Background(), Program{Path: "/x", Root: &Root{Layers: []Layer{{Path: "/missing"}}}}, nil)
		}},
		{"failed step", func(s *Sandbox) {
			s.Run(context.Background(), Program{Path: "/x", Root: &Root{Layers: []Layer{{Path: "/etc/passwd"}}}}, nil)
		}},
		{"prepared", func(s *Sandbox) { s.Prepare(root, nil) }},
		{"prepared and discarded", func(s *Sandbox) { s.Prepare(root, nil); s.Discard() }},
		{"prepared with failed gate", func(s *Sandbox) { s.Prepare(root, func(int) error { return os.ErrInvalid }) }},
		{"several roots", func(s *Sandbox) {
			s.Run(context.Background(), program("exit", "0"), nil)
			s.Run(context.Background(), Program{Path: "true", Root: &Root{Binds: []Bind{{Source: "/usr", Target: "/x"}}}}, nil)
			s.Run(context.Background(), Program{Path: "true"}, nil)
		}},
		{killed, func(s *Sandbox) {
			s.Prepare(root, nil)
			s.process.Kill()
			s.Run(context.Background(), program("exit", "0"), nil)
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			countDescriptors(t)
			s, err := New()
			require.NoError(t, err)
			pid := s.process.Pid
			row.use(s)
			require.NoError(t, s.Close())
			assert.NoError(t, waitForEnd(pid))
			if row.name == killed { // before it could say which init is its own: that one dies after it
				for _, pid := range children() {
					if !slices.Contains(before, pid) {
						assert.NoError(t, waitForEnd(pid))
					}
				}
			}
			assert.Subset(t, before, children())
		})
	}
}

func TestPrepareWithAnotherRootBesideWait(t *testing.T) {
	b := newBox(t)
	for range 30 {
		p := b.probeProgram("exit", "0")
		p.Path = "nothing" // the error of a step is put into words by Wait
		process, err := b.Start(t.Context(), p, nil)
		require.NoError(t, err)
		prepared := make(chan error, 1)
		go func() { prepared <- b.Prepare(b.with(Root{}), func(int) error { return nil }) }()
		_, err = process.Wait()
		assert.ErrorAs(t, err, new(*ExecError))
		require.NoError(t, <-prepared)
	}
}

func TestServesWhomItMustWaitFor(t *testing.T) {
	hook := func(int) error { return nil }
	for _, row := range []struct {
		name    string
		network Network
		root    *Root
		want    bool
	}{
		{"no root", NoNetwork, nil, false},
		{"a plain root", Loopback, &Root{}, false},
		{"a hook before the root is changed", NoNetwork, &Root{Hooks: Hooks{BeforePivot: hook}}, true},
		{"a hook before the program", NoNetwork, &Root{Hooks: Hooks{BeforeExec: hook}}, true},
		{"a listener", NoNetwork, &Root{Listener: "/x"}, true},
		{"a gateway", User, nil, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := &Sandbox{config: Config{Network: row.network}}
			assert.Equal(t, row.want, s.Serves(row.root))
		})
	}
}
