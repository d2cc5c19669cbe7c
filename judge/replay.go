package judge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"judge/isolate"
)

// ReplaySource finds the transcript of a run; nil when there is none. It is safe for concurrent use.
type ReplaySource func(task, submission, test string) []Message

// replay plays the interactor's part of a transcript: it says each message of the interactor when the
// submission has written as much as it had written before it, and ends its output where the interactor did.
// Its word is whether the submission writes what it wrote then.
type replay struct {
	messages []Message

	mu       sync.Mutex
	received int64
	asleep   bool // waiting for input
	outcome  Outcome
}

// join makes the replay a party of an interaction that is connected already.
func (r *replay) join(t *interaction, p *party) {
	p.waits = func() threads {
		r.mu.Lock()
		defer r.mu.Unlock()
		waits := r.asleep
		for _, relay := range t.relays {
			if relay.to.Process == p.name {
				waits = waits && relay.carried() == r.received
			}
		}
		return threads{input: waits, forever: waits}
	}
	p.play = func(ctx context.Context) (Facts, isolate.Exit, error) {
		in, out := p.ends[0], p.ends[1]
		stop := context.AfterFunc(ctx, func() {
			in.SetReadDeadline(time.Now())
			out.SetWriteDeadline(time.Now())
		})
		defer stop()
		message, err := r.speak(in, out)
		r.outcome = Outcome{Correct: err == nil && message == "", Message: message}
		return Facts{}, isolate.Exit{}, ignoreStop(err)
	}
	t.word = func(Facts) Outcome { return r.outcome }
}

// ignoreStop: that the submission could not hear us, or we were told to end, is no failure of ours.
func ignoreStop(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return nil
	}
	return err
}

// speak goes through the transcript. The message says where the submission does not follow it.
func (r *replay) speak(in io.Reader, out io.WriteCloser) (message string, err error) {
	for i, m := range r.messages {
		if m.From == InteractorName {
			if _, err := out.Write(m.Content()); err != nil {
				return fmt.Sprintf("message %d of the transcript: the submission did not wait for it", i+1), nil
			}
		} else {
			got, err := r.follow(in, m.Content())
			if err != nil {
				return "", err
			}
			if !bytes.Equal(got, m.Content()) {
				return fmt.Sprintf("message %d of the transcript: expected %s, found %s", i+1, shorten(m.Content()), shorten(got)), nil
			}
		}
		for _, process := range m.Ended { // in this order: the interactor may have ended because the submission had
			if process == InteractorName {
				out.Close()
			} else if message, err := r.hearEnd(in); message != "" || err != nil {
				return message, err
			}
		}
	}
	return r.hearEnd(in)
}

// hearEnd waits until the submission writes no more. The message says that it does.
func (r *replay) hearEnd(in io.Reader) (message string, err error) {
	rest, err := r.read(in, 1)
	if len(rest) == 0 || err != nil {
		return "", err
	}
	return "the submission goes on after the end of the transcript, with " + shorten(rest), nil
}

// follow reads a message that is expected, up to where the submission says something else.
func (r *replay) follow(in io.Reader, want []byte) (got []byte, err error) {
	for len(got) < len(want) && bytes.HasPrefix(want, got) {
		more, err := r.read(in, len(want)-len(got))
		if len(more) == 0 || err != nil {
			return got, err
		}
		got = append(got, more...)
	}
	return got, nil
}

// read returns the next bytes that the submission writes, at most n; none when it writes no more.
func (r *replay) read(in io.Reader, n int) ([]byte, error) {
	p := make([]byte, n)
	r.mu.Lock()
	r.asleep = true
	r.mu.Unlock()
	n, err := in.Read(p)
	r.mu.Lock()
	r.asleep = false
	r.received += int64(n)
	r.mu.Unlock()
	if err == io.EOF {
		err = nil
	}
	return p[:n], err
}

// shorten quotes the beginning of what was said.
func shorten(p []byte) string {
	const longest = 60
	if len(p) == 0 {
		return "nothing"
	}
	return quoteExcerpt(p[:min(len(p), longest)], false, len(p) > longest)
}
