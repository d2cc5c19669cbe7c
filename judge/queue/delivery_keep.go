package queue

import (
	"context"
	"time"
)

// start keeps the delivery alive.
func (d *Delivery) start() {
	ctx, stop := context.WithCancel(d.q.ctx)
	d.stop, d.kept = stop, make(chan struct{})
	go func() {
		defer close(d.kept)
		d.keep(ctx)
	}()
}

// keep tells the server that the worker is alive, three times in the time after which it would think that it is not, and looks
// each time, and when somebody says so, whether the job has a result: what is told can get lost, or be a lie.
func (d *Delivery) keep(ctx context.Context) {
	ticker := time.NewTicker(max(d.ackWait/3, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.bell.rang:
		case <-ticker.C:
			_ = d.m.InProgress()
		}
		if d.hasResult(ctx) {
			close(d.cancelled)
			return
		}
	}
}

// hasResult asks once: the next tick asks again, and must not come late.
func (d *Delivery) hasResult(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, min(patience, d.ackWait/4))
	defer cancel()
	_, err := d.q.last(ctx, streamResults, resultSubject(d.job.ID))
	return err == nil
}
