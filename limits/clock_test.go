package limits

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// burner is a program that keeps a number of CPUs busy from the moment it is made.
func burner(cpus float64) func() (time.Duration, error) {
	began := time.Now()
	return func() (time.Duration, error) {
		return time.Duration(cpus * float64(time.Since(began))), nil
	}
}

func TestWatchCallsBackSoonAfterTheLimit(t *testing.T) {
	tests := []struct {
		name   string
		limit  time.Duration
		cpus   int     // of the machine
		busy   float64 // of them by the program
		latest time.Duration
		looks  int // at most
	}{
		{"one thread on one CPU", time.Second, 1, 1, time.Second + closeLook, 4},
		{"one thread on two CPUs", time.Second, 2, 1, time.Second + closeLook, 25},
		{"two threads on two CPUs", time.Second, 2, 2, 500*time.Millisecond + closeLook, 4},
		{"one thread on 64 CPUs", time.Second, 64, 1, time.Second + shortestLook, 450},
		{"mostly asleep", 100 * time.Millisecond, 2, 0.01, 10*time.Second + 2*shortestLook, 3000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				looks, read := 0, burner(tt.busy)
				alarms := make(chan Alarm, 1)
				w := &Watch{limit: tt.limit, cpus: tt.cpus, call: func(a Alarm) { alarms <- a },
					rest: time.Sleep, visit: func() {},
					read: func() (time.Duration, error) { looks++; return read() }}
				began := time.Now()
				w.start()
				assert.Equal(t, AlarmCPU, <-alarms)
				used, _ := read()
				assert.Greater(t, used, tt.limit)
				assert.LessOrEqual(t, time.Since(began), tt.latest)
				assert.LessOrEqual(t, looks, tt.looks)
				w.Stop()
			})
		})
	}
}

func TestWatchCallsBackOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		w := &Watch{limit: time.Second, cpus: 1, read: burner(1), rest: time.Sleep, visit: func() {}, call: func(Alarm) { calls++ }}
		w.start()
		w.outOfMemory()
		time.Sleep(time.Minute)
		w.outOfMemory()
		w.Stop()
		assert.Equal(t, 1, calls)
	})
}

func TestWatchIsSilentAfterStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &Watch{limit: time.Second, cpus: 1, read: burner(1), rest: time.Sleep, visit: func() {}, call: func(a Alarm) { t.Error("called back:", a) }}
		w.start()
		time.Sleep(time.Second / 2)
		w.Stop()
		w.Stop()
		time.Sleep(time.Minute)
		w.outOfMemory()
	})
}

func TestStopWaitsForTheCallback(t *testing.T) {
	entered, release, done := make(chan struct{}), make(chan struct{}), false
	w := &Watch{call: func(Alarm) {
		close(entered)
		<-release
		done = true
	}}
	go w.outOfMemory()
	<-entered
	go close(release)
	w.Stop()
	assert.True(t, done)
}

func TestWatchWithoutALimitNeverLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &Watch{cpus: 1, call: func(a Alarm) { t.Error("called back:", a) },
			read: func() (time.Duration, error) { t.Error("looked"); return 0, nil }}
		w.start()
		time.Sleep(time.Hour)
		w.Stop()
	})
}

func TestWatchReportsThatItIsBlind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alarms := make(chan Alarm, 1)
		w := &Watch{limit: time.Second, cpus: 1, call: func(a Alarm) { alarms <- a },
			read: func() (time.Duration, error) { return 0, errors.New("gone") }}
		w.start()
		assert.Equal(t, AlarmLost, <-alarms)
		w.Stop()
	})
}

func TestWatchListensToRunsThatLast(t *testing.T) {
	tests := []struct {
		name   string
		lasts  time.Duration
		killed bool
		err    error
		want   []Alarm
		begins bool
	}{
		{"short", listenAfter / 2, true, nil, nil, false},
		{"long", time.Second, false, nil, nil, true},
		{"killed before", time.Second, true, nil, []Alarm{AlarmMemory}, true},
		{"deaf", time.Second, false, errors.New("no descriptors"), []Alarm{AlarmLost}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []Alarm
				began := false
				w := &Watch{call: func(a Alarm) { got = append(got, a) },
					listen: func() (bool, error) { began = true; return tt.killed, tt.err }}
				w.start()
				time.Sleep(tt.lasts)
				w.Stop()
				time.Sleep(time.Hour)
				assert.Equal(t, tt.want, got)
				assert.Equal(t, tt.begins, began)
			})
		})
	}
}

// The kernel tells who listens, then kills, then counts: who begins to listen in between looks once more.
func TestKillThatIsCountedLateIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []Alarm
		calls := 0
		w := &Watch{call: func(a Alarm) { got = append(got, a) },
			listen: func() (bool, error) { calls++; return calls > 1, nil }}
		w.start()
		time.Sleep(time.Second)
		w.Stop()
		assert.Equal(t, []Alarm{AlarmMemory}, got)
		assert.Equal(t, 2, calls)
	})
}
