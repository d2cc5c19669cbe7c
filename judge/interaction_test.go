package judge

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/isolate"
)

// actor is a party that is played by a goroutine. It is taken to wait for input while it is in hear.
type actor struct {
	replay // for its account of waiting
	in     io.Reader
	out    io.Writer
}

func (a *actor) hear(n int) string {
	var heard []byte
	for len(heard) < n {
		more, _ := a.read(a.in, n-len(heard))
		if len(more) == 0 {
			break
		}
		heard = append(heard, more...)
	}
	return string(heard)
}

func (a *actor) say(text string) { fmt.Fprint(a.out, text) }

// stage connects a submission and an interactor that are functions. The interactor's exit code is its word.
func stage(t *testing.T, submission, interactor func(a *actor) int) *interaction {
	t.Helper()
	it := &interaction{patience: holdLimit}
	it.parties = []*party{{name: SubmissionName}, {name: InteractorName}}
	require.NoError(t, it.connect(crossed(), func(PipeEnd, []byte) {}))
	for _, p := range it.parties {
		a := &actor{in: p.ends[0], out: p.ends[1]}
		a.join(it, p)
		play := submission
		if p.isInteractor() {
			play = interactor
		}
		p.play = func(ctx context.Context) (Facts, isolate.Exit, error) {
			stop := context.AfterFunc(ctx, func() { p.ends[0].SetReadDeadline(time.Unix(1, 0)) })
			defer stop()
			code := play(a)
			if ctx.Err() != nil {
				return Facts{Stop: Stop(context.Cause(ctx).(stopError))}, isolate.Exit{}, nil
			}
			return Facts{ExitCode: code}, isolate.Exit{}, nil
		}
	}
	it.word = func(f Facts) Outcome {
		switch f.ExitCode {
		case 42:
			return Outcome{Correct: true}
		case 43:
			return Outcome{Message: "no"}
		}
		return Outcome{Failure: fmt.Sprintf("exit code %d", f.ExitCode)}
	}
	return it
}

func TestWhoWasFirstIsNotAMatterOfScheduling(t *testing.T) {
	greet := func(a *actor) int { a.say("hi\n"); return 1 }
	tests := []struct {
		name                   string
		submission, interactor func(a *actor) int
		first                  bool
	}{
		{"the interactor decides without waiting for the end", greet, func(a *actor) int { a.hear(3); return 43 }, true},
		{"it does not even read", greet, func(*actor) int { return 43 }, true},
		{"it waits for what never comes", greet, func(a *actor) int {
			if a.hear(4) == "hi\n" {
				return 43
			}
			return 42
		}, false},
		{"the submission waits for the interactor's end", func(a *actor) int { return len(a.hear(1)) }, func(a *actor) int { return 43 }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for range 50 {
				it := stage(t, tt.submission, tt.interactor)
				it.run(t.Context())
				require.Equal(t, tt.first, it.refused && !it.party(SubmissionName).shown)
				require.Empty(t, it.outcome.Failure)
				require.False(t, it.outcome.Correct)
				require.Empty(t, it.deadlock)
			}
		})
	}
}

func TestDeadlockSaysWhoShouldHaveWritten(t *testing.T) {
	listen := func(a *actor) int { return len(a.hear(1)) }
	tests := []struct {
		name                   string
		submission, interactor func(a *actor) int
		want                   string
	}{
		{"nobody begins", listen, listen, "nobody has written anything"},
		{"no answer to the interactor", func(a *actor) int { a.hear(2); a.hear(1); return 0 },
			func(a *actor) int { a.say("? "); a.hear(1); return 42 }, "interactor wrote last, so submission should have written"},
		{"no answer to the submission", func(a *actor) int { a.say("? "); a.hear(1); return 0 },
			func(a *actor) int { a.hear(2); a.hear(1); return 42 }, "submission wrote last, so interactor should have written"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			it := stage(t, tt.submission, tt.interactor)
			it.run(t.Context())
			assert.Contains(t, it.deadlock, tt.want)
			assert.Equal(t, StopDeadlock, it.parties[0].facts.Stop)
		})
	}
}

func TestNobodyDiesOfWritingToTheDead(t *testing.T) {
	flood := func(a *actor) int {
		for range 100 {
			a.say(fmt.Sprintf("%4096d\n", 0))
		}
		return 0
	}
	it := stage(t, flood, func(*actor) int { return 42 })
	it.run(t.Context())
	assert.Equal(t, 0, it.parties[0].facts.ExitCode)
	assert.True(t, it.outcome.Correct)
	it = stage(t, func(*actor) int { return 0 }, func(a *actor) int { flood(a); return 42 })
	it.run(t.Context())
	assert.True(t, it.outcome.Correct)
}

func TestInteractionLeavesNoDescriptor(t *testing.T) {
	before := descriptors(t)
	it := stage(t, func(a *actor) int { a.say("x"); return 0 }, func(a *actor) int { a.hear(1); return 42 })
	it.run(t.Context())
	assert.Subset(t, before, descriptors(t))
	it = stage(t, nil, nil)
	it.close()
	assert.Subset(t, before, descriptors(t))
}

// descriptors are those that are open, with what they are. Some may be gone a moment later: those that a test has
// forgotten are closed when they are collected.
func descriptors(t *testing.T) (open []string) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	for _, e := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil {
			open = append(open, e.Name()+" "+target)
		}
	}
	return open
}
