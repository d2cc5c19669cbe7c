package worker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestOneMoreJobIsTakenWhileJobsAreShort(t *testing.T) {
	p := newPlaces(2)
	free := func() int { return cap(p.taken) - len(p.taken) }
	assert.Equal(t, 2, free(), "at first nobody knows")
	job := func(took time.Duration) {
		p.take(t.Context())
		p.leave(took)
	}
	job(time.Millisecond)
	assert.Equal(t, 3, free())
	job(time.Millisecond)
	assert.Equal(t, 3, free())
	for range 8 {
		job(time.Minute)
	}
	assert.Equal(t, 2, free())
	for range 100 {
		job(time.Millisecond)
	}
	assert.Equal(t, 3, free())
}
