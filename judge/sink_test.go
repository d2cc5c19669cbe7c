package judge

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// memorySink keeps the tests' names, and fails when it has room for no more.
type memorySink struct {
	room   int
	tests  []string
	closed int
}

var errFull = errors.New("write results.jsonl: no space left on device")

func (s *memorySink) Write(r *Record) error {
	if len(s.tests) >= s.room {
		return errFull
	}
	s.tests = append(s.tests, r.Test)
	return nil
}

func (s *memorySink) Close() error { s.closed++; return nil }

func TestOrderedWritesInPlanOrder(t *testing.T) {
	const steps = 500
	sink := &memorySink{room: 2 * steps}
	ordered := NewOrdered(sink)
	var finish sync.WaitGroup
	for _, i := range rand.Perm(steps) {
		finish.Go(func() {
			var records []*Record
			for j := range i % 3 {
				records = append(records, &Record{Test: fmt.Sprint(i, j)})
			}
			assert.NoError(t, ordered.Put(i, records...))
		})
	}
	finish.Wait()
	assert.Zero(t, ordered.Held())
	require.NoError(t, ordered.Close())
	require.NoError(t, ordered.Close())
	var want []string
	for i := range steps {
		for j := range i % 3 {
			want = append(want, fmt.Sprint(i, j))
		}
	}
	assert.Equal(t, want, sink.tests)
	assert.Equal(t, 1, sink.closed)
}

func TestOrderedWritesAsSoonAsItMay(t *testing.T) {
	sink := &memorySink{room: 9}
	ordered := NewOrdered(sink)
	require.NoError(t, ordered.Put(1, &Record{Test: "1"}))
	assert.Empty(t, sink.tests)
	require.NoError(t, ordered.Put(0, &Record{Test: "0"}))
	assert.Equal(t, []string{"0", "1"}, sink.tests)
	require.NoError(t, ordered.Put(3, &Record{Test: "3"}))
	require.NoError(t, ordered.Close(), "step 2 never came")
	assert.Equal(t, []string{"0", "1", "3"}, sink.tests)
}

func TestOrderedStopsAtTheFirstError(t *testing.T) {
	sink := &memorySink{room: 1}
	ordered := NewOrdered(sink)
	require.NoError(t, ordered.Put(0, &Record{Test: "0"}))
	assert.ErrorIs(t, ordered.Put(1, &Record{Test: "1"}), errFull)
	sink.room = 9
	assert.ErrorIs(t, ordered.Put(2, &Record{Test: "2"}), errFull)
	assert.ErrorIs(t, ordered.Close(), errFull)
	assert.Equal(t, []string{"0"}, sink.tests)
	assert.Equal(t, 1, sink.closed)
}

func TestOrderedRefusesAStepTwice(t *testing.T) {
	ordered := NewOrdered(&memorySink{room: 9})
	require.NoError(t, ordered.Put(0))
	require.NoError(t, ordered.Put(2))
	assert.ErrorContains(t, ordered.Put(0), "bug:")
	assert.ErrorContains(t, ordered.Put(2), "bug:")
	require.NoError(t, ordered.Close())
	assert.ErrorContains(t, ordered.Put(3), "bug:")
}

func TestTee(t *testing.T) {
	first, full, last := &memorySink{room: 9}, &memorySink{room: 1}, &memorySink{room: 9}
	sink := Tee(first, full, last)
	require.NoError(t, sink.Write(&Record{Test: "0"}))
	assert.ErrorIs(t, sink.Write(&Record{Test: "1"}), errFull)
	require.NoError(t, sink.Close())
	assert.Equal(t, []string{"0", "1"}, first.tests)
	assert.Equal(t, []string{"0"}, last.tests)
	assert.Equal(t, 1, last.closed)
}
