package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Errors that callers tell apart, with errors.Is.
var (
	ErrUnknown  = errors.New("not known")
	ErrExists   = errors.New("another job has this id")
	ErrFinished = errors.New("finished already")
	ErrInvalid  = errors.New("invalid") // the caller's mistake; the message says which
	ErrTooLarge = errors.New("too large")
	ErrFull     = errors.New("no room left")
	ErrDamaged  = errors.New("damaged: content differs from its hash")
	ErrClosed   = errors.New("queue is closed")
)

// Options say which queue to open. The zero value of a field is a good choice, but for URL and Server: one is set.
type Options struct {
	Server      *Server // embedded server of this process
	URL         string  // of outside servers, separated by commas, with user and password or token if any: nats://user:password@host:4222
	Credentials string  // file with NKey credentials for URL
	Name        string  // of this front or worker, as attempts and results show it; empty: host name and process id

	Keep      time.Duration // how long jobs and results are kept; 0: as it is, 7 days in a new queue
	Replicas  int           // of every stream; 0: as it is, in a new queue 3 where the servers can, else 1
	FileBytes int64         // bound of all files together; 0: as it is, none in a new queue
	// FileAge is after what time files go for which nobody has asked, at least thrice Keep; negative: never; 0: as it is, in a
	// new queue 30 days, and then only when files take much of what they may: see SweepFiles.
	FileAge     time.Duration
	AckWait     time.Duration // after which a silent worker's job is another's; 0: 30 s. The same for all of a queue
	MaxAttempts int           // of a job; 0: 5
	Log         *slog.Logger  // for what no caller hears of: lost connections, dead letters; nil: nothing
}

// Queue is a client of the queue. It is safe for concurrent use.
//
// Methods try until their context ends when servers cannot be reached: give them one with a deadline. An error is
// then the context's, with the last cause.
type Queue struct {
	options Options
	log     *slog.Logger
	nc      *nats.Conn
	js      jetstream.JetStream
	streams map[string]jetstream.Stream // by name; not changed after Open
	adverts jetstream.KeyValue
	board   board

	touchAge, remnantAge, storingTime time.Duration // as the constants; tests have others

	ctx    context.Context // ends with Close
	cancel context.CancelFunc

	mu         sync.Mutex
	made       map[string]bool // consumers that are known to be there
	connected  context.Context // ends with the connection, or with Close
	disconnect context.CancelFunc
	sought     time.Time // when remnants were removed last; zero: never
}

// Open connects and makes what is missing in JetStream. Who opened it closes it, before the server.
func Open(ctx context.Context, o Options) (_ *Queue, err error) {
	q := newQueue(o)
	defer func() {
		if err != nil {
			q.Close()
		}
	}()
	if err := q.connect(ctx); err != nil {
		return nil, err
	}
	if q.js, err = jetstream.New(q.nc); err != nil {
		return nil, fmt.Errorf("open queue: %w", err)
	}
	if err := q.makeStreams(ctx); err != nil {
		return nil, fmt.Errorf("open queue: %w", err)
	}
	if err := q.bind(ctx); err != nil {
		return nil, fmt.Errorf("open queue: %w", err)
	}
	return q, nil
}

func newQueue(o Options) *Queue {
	if o.Name == "" {
		host, _ := os.Hostname()
		o.Name = fmt.Sprintf("%s.%d", host, os.Getpid())
	}
	if o.AckWait == 0 {
		o.AckWait = 30 * time.Second
	}
	if o.MaxAttempts == 0 {
		o.MaxAttempts = 5
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	q := &Queue{options: o, log: o.Log, touchAge: touchAge, remnantAge: remnantAge, storingTime: storingTime, streams: map[string]jetstream.Stream{}, made: map[string]bool{}}
	q.ctx, q.cancel = context.WithCancel(context.Background())
	q.connected, q.disconnect = context.WithCancel(q.ctx)
	return q
}

// Name is the name of this front or worker.
func (q *Queue) Name() string { return q.options.Name }

// Close ends the connection. Deliveries that are left are given to other workers after Options.AckWait.
// It may be called more than once.
func (q *Queue) Close() error {
	q.cancel()
	if q.nc != nil {
		q.nc.Close()
	}
	return nil
}

// Ready tells whether the queue could take a job now: the servers answer, the streams have a leader, and an embedded
// server can write its store.
func (q *Queue) Ready(ctx context.Context) error {
	if s := q.options.Server; s != nil {
		if err := s.fault(); err != nil {
			return err
		}
	}
	for _, name := range []string{streamJobs, streamWork, streamResults} {
		if _, err := q.js.Stream(ctx, name); err != nil {
			return fmt.Errorf("stream %s: %w", name, err)
		}
	}
	return nil
}
