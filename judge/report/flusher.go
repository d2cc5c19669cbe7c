package report

import (
	"errors"
	"os"
	"sync"
	"time"
)

// flushDelay is how long what was written may wait until it is on the disk.
const flushDelay = time.Second

// flusher puts a file on the disk a while after it was written to, and at the end. Who writes does not
// wait for that.
type flusher struct {
	file    *os.File
	wake    chan struct{} // has one when something was written since the last flush began
	closing chan struct{}
	ended   sync.WaitGroup
	err     error // of flushing in between; read it after ended
}

func newFlusher(file *os.File) *flusher {
	f := &flusher{file: file, wake: make(chan struct{}, 1), closing: make(chan struct{})}
	f.ended.Go(f.work)
	return f
}

// soon has what was written until now flushed within flushDelay.
func (f *flusher) soon() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *flusher) work() {
	for {
		select {
		case <-f.closing:
			return
		case <-f.wake:
		}
		select {
		case <-f.closing:
			return
		case <-time.After(flushDelay):
		}
		if err := f.file.Sync(); err != nil && f.err == nil {
			f.err = err
		}
	}
}

// close flushes the rest. An error is that of any flush.
func (f *flusher) close() error {
	close(f.closing)
	f.ended.Wait()
	return errors.Join(f.err, f.file.Sync())
}
