package queue

import (
	"bytes"
	"context"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"

	"judge/judge"
)

// headerAttempt has the number of the attempt that a record is of.
const headerAttempt = "Judge-Attempt"

// maxProgress bounds a record on its way to who watches, in bytes. A longer one goes without its texts.
const maxProgress = 128 << 10

// Record publishes a record to who watches, after those before. It does not wait, and what is lost is not repeated:
// the records that count are those given to Finish. The record is not kept.
func (d *Delivery) Record(r *judge.Record) error {
	line, err := judge.AppendRecord(nil, r)
	if err == nil && len(line) > maxProgress {
		line, err = judge.AppendRecord(nil, withoutTexts(r))
	}
	if err != nil {
		return err
	}
	if len(line) > maxProgress {
		return fmt.Errorf("record of job %s: %w: %d bytes of %d", d.job.ID, ErrTooLarge, len(line), maxProgress)
	}
	m := d.progress(progressRecord)
	m.Data = bytes.TrimSuffix(line, []byte("\n"))
	d.mu.Lock() // so that records keep their order
	defer d.mu.Unlock()
	d.recorded = true
	return d.q.nc.PublishMsg(m)
}

// endRecords waits until the records that were published are stored, so that who sees the result sees them, too.
func (d *Delivery) endRecords(ctx context.Context) {
	d.mu.Lock()
	recorded := d.recorded
	d.mu.Unlock()
	if !recorded {
		return
	}
	ctx, cancel := d.q.try(ctx)
	defer cancel()
	_, _ = d.q.js.PublishMsg(ctx, d.progress(progressEnd)) // the stream takes messages in their order
}

func (d *Delivery) progress(what string) *nats.Msg {
	m := nats.NewMsg(progressSubject(d.job.ID, what))
	m.Header.Set(headerAttempt, strconv.Itoa(d.attempt.Number))
	return m
}

// withoutTexts is a copy of a record that tells how long its texts are and has none of them.
func withoutTexts(r *judge.Record) *judge.Record {
	short := *r
	for _, c := range []**judge.Capture{&short.Stdout, &short.Stderr, &short.Input, &short.Answer, &short.JudgeMessage, &short.TeamMessage} {
		if *c != nil {
			*c = &judge.Capture{Bytes: (*c).Bytes, Truncated: (*c).Bytes > 0}
		}
	}
	short.Transcript, short.TranscriptCut = nil, r.TranscriptCut || len(r.Transcript) > 0
	return &short
}
