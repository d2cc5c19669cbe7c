package judge

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMonitorTellsWhereABatchStands(t *testing.T) {
	q, _ := queueOf(2, 3, false)
	var m Monitor
	assert.Zero(t, m.Progress(), "before the batch begins")
	m.watch(q.progress)
	want := Progress{AllRuns: 6, AllSubmissions: 2}
	assert.Equal(t, want, m.Progress())

	take := func() job {
		j, ok := q.take(context.Background(), nil)
		require.True(t, ok)
		return j
	}
	compile := take()
	want.Running = []Running{{Task: "t", Submission: "a"}}
	assert.Equal(t, want, m.Progress())
	finish(q, compile, nil, nil)
	first, second := take(), take()
	want.Running = []Running{{"t", "a", "0"}, {"t", "a", "1"}}
	assert.Equal(t, want, m.Progress())

	finish(q, second, nil, nil)
	want.Runs, want.Running = 1, want.Running[:1]
	assert.Equal(t, want, m.Progress(), "its record waits for the first, but it is over")
	finish(q, first, nil, map[string]Verdict{"a0": WrongAnswer})
	want.Runs, want.Submissions, want.Running = 3, 1, nil
	assert.Equal(t, want, m.Progress(), "what need not be run any more is over as well")

	drain(q, rand.New(rand.NewPCG(1, 1)), map[string]Verdict{"b": CompileError}, nil)
	want.Runs, want.Submissions = 6, 2
	assert.Equal(t, want, m.Progress())
}

func TestNobodyKnowsHowManyRunsASourceHas(t *testing.T) {
	source := &Source{}
	source.lines.count = 7
	tests := []struct {
		name              string
		tasks             []Task
		runs, submissions int
	}{
		{"none", []Task{{Submissions: make([]Submission, 2), Tests: make([]TestCase, 3)}}, 6, 2},
		{"one", []Task{{Submissions: make([]Submission, 2), Tests: make([]TestCase, 3)}, {Source: source}}, 0, 9},
		{"some lines", []Task{{Source: &Source{lines: source.lines, only: []linePattern{{}}}}}, 0, 0},
	}
	for _, tt := range tests {
		runs, submissions := (&walk{tasks: tt.tasks}).planned()
		assert.Equal(t, [2]int{tt.runs, tt.submissions}, [2]int{runs, submissions}, tt.name)
	}
}
