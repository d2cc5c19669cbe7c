package judge

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// Sink takes records in the order in which they are to be shown. It is used by one goroutine at a
// time. A record that was given to Write is not changed afterwards, and may be kept.
//
// After an error of Write the sink is broken: what was written stays, nothing follows. Close says
// what it could not write, and may be called more than once.
type Sink interface {
	Write(*Record) error
	Close() error
}

// Tee returns a sink that gives each record to all sinks, in their order, and stops at the first error.
func Tee(sinks ...Sink) Sink { return tee(sinks) }

type tee []Sink

func (t tee) Write(r *Record) error {
	for _, s := range t {
		if err := s.Write(r); err != nil {
			return err
		}
	}
	return nil
}

func (t tee) Close() error {
	var errs []error
	for _, s := range t {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// Ordered writes records in plan order, whatever finishes first. It may be used by many goroutines.
//
// What cannot be written yet is held in memory: who starts runs bounds it, by starting none while Held says too much.
type Ordered struct {
	mu      sync.Mutex
	sink    Sink
	next    int
	waiting map[int][]*Record
	held    int64 // bytes of what waits
	err     error
	closed  bool
}

// NewOrdered returns an Ordered that begins with index 0 and closes the sink when it is closed.
func NewOrdered(s Sink) *Ordered {
	return &Ordered{sink: s, waiting: map[int][]*Record{}}
}

// Put gives the records of the plan's step index, perhaps none. Each index is given once. They are
// written at once when those of all earlier steps are, and else when the last of these comes.
// An error is the sink's, and is returned by every later Put as well.
func (o *Ordered) Put(index int, records ...*Record) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, twice := o.waiting[index]; twice || index < o.next || o.closed {
		return fmt.Errorf("bug: records of step %d come twice or too late", index)
	}
	o.waiting[index] = records
	o.held += sizeOf(records)
	for {
		ready, ok := o.waiting[o.next]
		if !ok {
			return o.err
		}
		delete(o.waiting, o.next)
		o.held -= sizeOf(ready)
		o.next++
		o.write(ready)
	}
}

// Held returns about how much memory the records take that wait for others, in bytes.
func (o *Ordered) Held() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.held
}

func sizeOf(records []*Record) int64 {
	const recordBytes, stepBytes = 1 << 10, 64
	n := stepBytes + recordBytes*len(records)
	for _, r := range records {
		for _, c := range []*Capture{r.Stdout, r.Stderr, r.Input, r.Answer} {
			if c != nil {
				n += len(c.Text)
			}
		}
	}
	return int64(n)
}

// Close writes what still waits, for steps that never came do not come any more, and closes the sink.
func (o *Ordered) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return nil
	}
	o.closed = true
	for _, index := range slices.Sorted(maps.Keys(o.waiting)) {
		o.write(o.waiting[index])
	}
	o.waiting = nil
	return errors.Join(o.err, o.sink.Close())
}

func (o *Ordered) write(records []*Record) {
	for _, r := range records {
		if o.err == nil {
			o.err = o.sink.Write(r)
		}
	}
}
