package judge

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestStoppedTimeoutIsNotCalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		after(time.Second, func() { t.Error("called") }).stop()
		time.Sleep(2 * time.Second)
		var none *timeout
		none.stop()
	})
}

// Who stops it may take away what it uses.
func TestStopWaitsForATimeoutThatIsCalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var returned atomic.Bool
		slow := after(time.Second, func() {
			time.Sleep(time.Second)
			returned.Store(true)
		})
		time.Sleep(1500 * time.Millisecond)
		slow.stop()
		assert.True(t, returned.Load())
		slow.stop()
	})
}
