package queue

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"golang.org/x/sys/unix"
)

// ServerOptions say how the embedded server runs.
type ServerOptions struct {
	Store string // directory, made when missing, which one server at a time may use
	// Listen is the address for workers on other machines, "host:4222"; port 0 takes a free one. Empty: the server has no
	// socket, and only this process can reach it.
	Listen string
	Token  string       // that those who connect by Listen must have; empty: one is made, see ClientURL
	Log    *slog.Logger // warnings and errors of the server; nil: nothing

	room int64 // bytes that it may store; 0: see storeRoom. For tests
}

// Server is a NATS server with JetStream in this process. What it has accepted survives kill -9 of the process,
// because it is with the kernel by then; a power cut may take the last ten seconds. It survives a full disk, too.
type Server struct {
	dir     string
	options *server.Options // of each start
	log     *slog.Logger
	lock    *os.File
	token   string // "" without Listen

	errored  chan struct{} // tells that the server has logged an error; has room for one
	mu       sync.Mutex
	nats     *server.Server // the one that runs, or the last that did
	found    error          // why it stores nothing; nil: it does
	end      context.CancelFunc
	watching sync.WaitGroup
	close    sync.Once
}

// syncInterval is how often the server has the disk write what the kernel holds: fsync for every message would cost
// more than all else together, and those to whom a power cut matters have three servers.
const syncInterval = 10 * time.Second

// StartServer starts a server that is ready to be used. Who started it closes it, after the queues.
func StartServer(o ServerOptions) (_ *Server, err error) {
	lock, err := lockStore(o.Store)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			lock.Close()
		}
	}()
	if o.room == 0 {
		if o.room, err = storeRoom(o.Store); err != nil {
			return nil, fmt.Errorf("start nats server: %w", err)
		}
	}
	s := &Server{dir: o.Store, lock: lock, log: o.Log, errored: make(chan struct{}, 1)}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.options = &server.Options{
		ServerName:   "judge",
		JetStream:    true,
		StoreDir:     o.Store,
		SyncInterval: syncInterval,
		NoSigs:       true,
		DontListen:   o.Listen == "",

		JetStreamMaxStore: o.room,
	}
	if o.Listen != "" {
		if s.options.Host, s.options.Port, err = hostPort(o.Listen); err != nil {
			return nil, err
		}
		if s.token = o.Token; s.token == "" {
			s.token = rand.Text()
		}
		s.options.Authorization = s.token
	}
	if err := s.start(); err != nil {
		return nil, err
	}
	var ctx context.Context
	ctx, s.end = context.WithCancel(context.Background())
	s.watching.Go(func() { s.watch(ctx) })
	return s, nil
}

// start starts the server and waits until it is ready. What it calls fatal, as a port that is taken, would end a
// process of its own; here it is an error.
func (s *Server) start() error {
	ns, err := server.NewServer(s.options.Clone())
	if err != nil {
		return fmt.Errorf("start nats server: %w", err)
	}
	fatal := make(chan error, 1)
	ns.SetLoggerV2(&serverLog{log: s.log, fatal: fatal, errored: s.errored}, false, false, false)
	ns.Start()
	const patience = time.Minute // to read what is in the store
	ready := make(chan bool, 1)
	go func() { ready <- ns.ReadyForConnections(patience) && ns.JetStreamEnabled() }()
	select {
	case err = <-fatal:
	case ok := <-ready:
		if ok {
			s.set(ns)
			return nil
		}
		err = fmt.Errorf("not ready after %v", patience)
	}
	ns.Shutdown()
	ns.WaitForShutdown()
	return fmt.Errorf("start nats server: %w", err)
}

// set says which server runs. The next listens where it does.
func (s *Server) set(ns *server.Server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nats = ns
	if a, ok := ns.Addr().(*net.TCPAddr); ok {
		s.options.Port = a.Port
	}
}

func (s *Server) running() *server.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nats
}

// Close stops the server and frees the store directory. It may be called more than once.
func (s *Server) Close() error {
	var err error
	s.close.Do(func() {
		s.end()
		s.watching.Wait()
		s.stop()
		err = s.lock.Close()
	})
	return err
}

func (s *Server) stop() {
	ns := s.running()
	ns.Shutdown()
	ns.WaitForShutdown()
}

// room is how many bytes the server may store.
func (s *Server) room() int64 { return s.options.JetStreamMaxStore }

// ClientURL is what workers give to --nats, with the token; empty without Listen.
func (s *Server) ClientURL() string {
	if s.token == "" {
		return ""
	}
	u := url.URL{Scheme: "nats", User: url.User(s.token), Host: s.Address()}
	return u.String()
}

// Address is what the server listens on; empty without Listen.
func (s *Server) Address() string {
	if a := s.running().Addr(); s.token != "" && a != nil {
		return a.String()
	}
	return ""
}

// connect are the options of a connection within the process.
func (s *Server) connect() []nats.Option {
	options := []nats.Option{nats.InProcessServer(s)}
	if s.token != "" {
		options = append(options, nats.Token(s.token))
	}
	return options
}

// InProcessConn connects to the server that runs now, for the client library.
func (s *Server) InProcessConn() (net.Conn, error) { return s.running().InProcessConn() }

// lockStore makes the directory and keeps other servers out of it: two of them would destroy what is in it.
// The kernel frees the lock when the process is dead.
func lockStore(dir string) (*os.File, error) {
	if dir == "" {
		return nil, errors.New("start nats server: it needs a store directory")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make store: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock store: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock store %s: another judge uses it", dir)
		}
		return nil, fmt.Errorf("lock store %s: %w", dir, err)
	}
	return f, nil
}

func hostPort(address string) (string, int, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("listen for workers: %w", err)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("listen for workers on %q: want a port from 0 to 65535", address)
	}
	if port == 0 {
		return host, server.RANDOM_PORT, nil
	}
	return host, int(port), nil
}
