package isolate

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestReleaseIsForProgramsThatAreToldTheSame(t *testing.T) {
	program := func() Program {
		return Program{Path: "/bin/a", Args: []string{"a", "b"}, Env: []string{"A=1"}, Dir: "/work", Rlimits: []Rlimit{{unix.RLIMIT_NOFILE, 8, 8}}}
	}
	r := newRelease(program())
	same := program()
	same.Stdin, same.Stdout, same.Timeout, same.CPUs, same.Late = os.Stdin, os.Stdout, 1, []int{1}, func() {}
	assert.True(t, r.isFor(same))
	for name, change := range map[string]func(*Program){
		"path":        func(p *Program) { p.Path = "/bin/b" },
		"arguments":   func(p *Program) { p.Args = []string{"a"} },
		"environment": func(p *Program) { p.Env = nil },
		"directory":   func(p *Program) { p.Dir = "/" },
		"terminal":    func(p *Program) { p.Terminal = true },
		"rlimits":     func(p *Program) { p.Rlimits[0].Soft = 7 },
		"restriction": func(p *Program) { p.Landlock = p.Landlock.Read("/") },
		"ports":       func(p *Program) { p.Landlock = p.Landlock.Connect(80) },
		"descriptors": func(p *Program) { p.Files = []*os.File{nil} },
	} {
		p := program()
		change(&p)
		assert.False(t, r.isFor(p), name)
		assert.True(t, newRelease(p).isFor(p), name)
	}
	var none *release
	assert.False(t, none.isFor(Program{}))
}

func TestReleaseIsMadeOnceForEachAddress(t *testing.T) {
	r := newRelease(Program{Path: "/bin/a"})
	messages := map[uint64][]byte{}
	for _, address := range []uint64{1 << 20, 2 << 20, 1 << 20, 3 << 20, 4 << 20, 5 << 20, 6 << 20, 1 << 20} {
		m, err := r.message(address)
		require.NoError(t, err)
		if old := messages[address]; old != nil {
			assert.Equal(t, old, m)
		}
		messages[address] = m
		assert.LessOrEqual(t, len(r.messages), 4)
	}
	assert.NotEqual(t, messages[1<<20], messages[2<<20])
}

func TestArgumentsThatChangeInPlaceAreHeeded(t *testing.T) {
	b := newBox(t)
	p := b.probeProgram("environment")
	p.Env = []string{"A=1"}
	for _, value := range []string{"A=1", "A=1", "A=2", "B=3", "B=3", "B=3"} {
		p.Env[0] = value
		_, out := b.mustRun(p)
		assert.Equal(t, value+"\n", out)
	}
}
