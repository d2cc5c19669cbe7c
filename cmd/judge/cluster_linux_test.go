package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// extent is how large the test is. JUDGE_TEST_ALL=1 has all of it done, which takes some minutes:
//
//	JUDGE_TEST_ALL=1 go test -timeout 30m -v -run Cluster ./cmd/judge
type extent struct {
	submissions int
	clients     int // who submit and wait at one time
	ackWait     time.Duration
	disasters   []disaster
	patience    time.Duration // with all of it
}

func extentOf() extent {
	if os.Getenv("JUDGE_TEST_ALL") == "1" {
		return extent{submissions: 2000, clients: 40, ackWait: 30 * time.Second, disasters: slices.Repeat(allDisasters, 2), patience: 25 * time.Minute}
	}
	const shortAckWait = 3 * time.Second
	return extent{submissions: 150, clients: 12, ackWait: shortAckWait, disasters: fewDisasters, patience: 4 * time.Minute}
}

// Whatever is killed or cut off: each submission that was accepted has one result, which never changes and is that of `judge run`.
func TestClusterJudgesEachSubmissionOnce(t *testing.T) {
	needsJudging(t)
	if !inSite(t) {
		return
	}
	runtime.LockOSThread() // processes of the site die with the thread that has started them
	e := extentOf()
	s := startSite(t, e)
	outcomes := make([]outcome, e.submissions)
	next, finished := make(chan int, e.submissions), make(chan int, e.submissions)
	var clients sync.WaitGroup
	for range e.clients {
		clients.Go(func() {
			for i := range next {
				var err error
				if outcomes[i], err = s.judge(i); err != nil {
					s.giveUp(fmt.Errorf("submission %d: %w", i, err))
					return
				}
				finished <- i
			}
		})
	}
	t.Cleanup(clients.Wait)
	t.Cleanup(func() { s.giveUp(nil) })
	t.Cleanup(func() { close(next) })
	s.disturb(e.disasters, next, finished, e.submissions)
	took := time.Since(s.begin)
	s.wantOneResultEach(outcomes)
	s.end()

	want := runSpecimens(t)
	again := 0
	for i, o := range outcomes {
		of := specimens[i%len(specimens)]
		assert.Equal(t, want[i%len(specimens)], steadyRecords(t, o.records, of.bundle, nameOf(i)), "%s of %s", nameOf(i), of.bundle)
		if o.Attempts > 1 {
			again++
		}
	}
	t.Logf("%d submissions in %v, %d of them tried more than once, after %d disasters", e.submissions, took.Round(time.Second), again, len(e.disasters))
}
