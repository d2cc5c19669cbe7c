package queue

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// connect connects, and goes on trying until the context ends: servers may start after us.
func (q *Queue) connect(ctx context.Context) error {
	if (q.options.Server == nil) == (q.options.URL == "") {
		return errors.New("open queue: want either a server or a URL")
	}
	if f := q.options.Credentials; f != "" {
		if _, err := os.ReadFile(f); err != nil {
			return fmt.Errorf("credentials for nats: %w", err)
		}
	}
	options := append(q.connectOptions(), q.handlers()...)
	return q.retry(ctx, "connect to nats", func(ctx context.Context) (err error) {
		q.nc, err = nats.Connect(q.options.URL, options...)
		var bad *url.Error
		switch {
		case errors.As(err, &bad): // its text has the URL, and that the password
			return fmt.Errorf("%w URL: %w", ErrInvalid, bad.Err)
		case errors.Is(err, nats.ErrAuthorization):
			return fmt.Errorf("%w: the server refuses these credentials", ErrInvalid)
		}
		return err
	})
}

func (q *Queue) connectOptions() []nats.Option {
	options := []nats.Option{
		nats.Name("judge " + q.options.Name),
		nats.Timeout(patience),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(100 * time.Millisecond),
		nats.ReconnectJitter(200*time.Millisecond, 200*time.Millisecond),
		nats.ReconnectBufSize(-1), // what is sent without a connection fails, and is tried again by who knows whether it still should
		nats.PingInterval(5 * time.Second),
		nats.MaxPingsOutstanding(2), // a link that was cut is noticed after 15 s
	}
	if q.options.Server != nil {
		return append(options, q.options.Server.connect()...)
	}
	if q.options.Credentials != "" {
		options = append(options, nats.UserCredentials(q.options.Credentials))
	}
	return options
}

func (q *Queue) handlers() []nats.Option {
	return []nats.Option{
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				q.log.Warn("connection to nats lost", "cause", err)
			}
			q.interrupt()
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) {
			q.log.Info("connected to nats again", "server", nc.ConnectedAddr())
			q.forget()
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { q.log.Warn("nats", "cause", err) }),
	}
}

// forget drops what is assumed of the servers: they may be others, or have lost what they had.
func (q *Queue) forget() {
	q.mu.Lock()
	clear(q.made)
	q.mu.Unlock()
	q.board.forget()
}

// patience is how long one try of something may take before it is made again.
const patience = 4 * time.Second

// try bounds one try: by patience, and by the connection, for a request that was sent through one that is lost
// gets no answer any more.
func (q *Queue) try(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	q.mu.Lock()
	stop := context.AfterFunc(q.connected, cancel)
	q.mu.Unlock()
	return ctx, func() {
		stop()
		cancel()
	}
}

// interrupt ends the tries of a lost connection.
func (q *Queue) interrupt() {
	q.mu.Lock()
	lost := q.disconnect
	q.connected, q.disconnect = context.WithCancel(q.ctx)
	q.mu.Unlock()
	lost()
}

// retry does something until it succeeds, fails for a reason that lasts, or the context ends.
func (q *Queue) retry(ctx context.Context, what string, do func(context.Context) error) error {
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		try, cancel := q.try(ctx)
		err := do(try)
		cancel()
		if err == nil {
			return nil
		}
		if err, lasting := lasting(err); lasting {
			return fmt.Errorf("%s: %w", what, err)
		}
		q.pause(ctx, pause)
		if ctx.Err() != nil || q.ctx.Err() != nil {
			return fmt.Errorf("%s: %w (%v)", what, q.ended(ctx), err)
		}
	}
}

// pause waits, not longer than to the end of the context or the queue.
func (q *Queue) pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-q.ctx.Done():
	}
}

// ended is why nothing goes on any more: the context's error, or ErrClosed.
func (q *Queue) ended(ctx context.Context) error {
	if q.ctx.Err() != nil {
		return ErrClosed
	}
	return ctx.Err()
}

// Codes of JetStream's errors for which the client library has no names.
const (
	codeNoPeers               = 10005 // too few servers, now at least
	codeNotClustered          = 10074 // replicas on a server that is alone
	codeInsufficientResources = 10023
	codeStorageExceeded       = 10047
	codeStoreFailed           = 10077 // also "maximum bytes exceeded"
)

// lasting tells whether an error would come again, and what it means to our callers. Everything that a server, a leader or a
// connection that comes back may cure does not last.
func lasting(err error) (error, bool) {
	for _, ours := range []error{ErrUnknown, ErrExists, ErrFinished, ErrInvalid, ErrTooLarge, ErrFull, ErrDamaged} {
		if errors.Is(err, ours) {
			return err, true
		}
	}
	switch {
	case errors.Is(err, nats.ErrConnectionClosed):
		return ErrClosed, true
	case errors.Is(err, nats.ErrMaxPayload):
		return fmt.Errorf("%w: %w", ErrTooLarge, err), true
	}
	var api *jetstream.APIError
	if !errors.As(err, &api) {
		return err, false
	}
	switch api.ErrorCode {
	case codeInsufficientResources, codeStorageExceeded, codeStoreFailed, jetstream.JSErrCodeMaximumConsumersLimit:
		return fmt.Errorf("%w: %w", ErrFull, err), true
	case jetstream.JSErrCodeStreamMessageExceedsMaximum:
		return fmt.Errorf("%w: %w", ErrTooLarge, err), true
	case jetstream.JSErrCodeStreamNotFound, codeNoPeers: // of a server that has just come back
		return err, false
	case codeNotClustered:
		return fmt.Errorf("%w: %w", ErrInvalid, err), true
	}
	const tooManyRequests = 429
	return err, api.Code < 500 && api.Code != tooManyRequests
}
