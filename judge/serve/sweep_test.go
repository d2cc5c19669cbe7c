package serve

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestQueueIsSweptEveryHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newMemoryQueue()
		s := New(Options{Queue: q})
		for want := int64(1); want <= 3; want++ {
			synctest.Wait()
			assert.Equal(t, want, q.swept.Load(), "files")
			assert.Equal(t, want, q.given.Load(), "jobs")
			time.Sleep(sweepEvery)
		}
		synctest.Wait()
		assert.NoError(t, s.Close())
		time.Sleep(sweepEvery)
		assert.EqualValues(t, 4, q.swept.Load())
	})
}
