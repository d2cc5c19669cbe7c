package serve

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
	"judge/judge/queue"
)

func TestOpenSubmissionsAreFoundAgain(t *testing.T) {
	q := newMemoryQueue()
	for i := range 3 {
		_, err := q.Submit(t.Context(), queue.Job{ID: fmt.Sprint("job", i), Owner: "a"})
		require.NoError(t, err)
	}
	q.begin("job0")
	q.finish("job0", judge.Accepted)
	s := New(Options{Queue: q, Tokens: tokensOf(t, "a "+tokenA)})
	defer s.Close()
	s.recount()
	assert.Equal(t, 2, s.open.len())
	_, err := s.open.add("job9", "a", 2)
	require.Error(t, err)
	added, err := s.open.add("job1", "a", 2)
	require.NoError(t, err)
	assert.False(t, added)
}
