package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// Bounds of connections.
const (
	maxConnections = 8192
	idleTimeout    = 60 * time.Second
	maxHeader      = 32 << 10 // bytes
)

// Listen listens on a TCP address. Without tokens it refuses every address that others than this host's users
// can reach. The caller closes the listener, or gives it to Serve.
func Listen(address string, tokens *Tokens) (net.Listener, error) {
	resolved, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", address, err)
	}
	if tokens == nil && !resolved.IP.IsLoopback() {
		return nil, fmt.Errorf("listen on %q: others than users of this host could run programs here: "+
			"want an address of loopback such as 127.0.0.1:8077, or tokens (--token-file)", address)
	}
	l, err := net.ListenTCP("tcp", resolved)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", address, err)
	}
	return l, nil
}

// Serve answers requests until the context ends, and closes the listener. Then it drains: what would be new is
// refused, streams end, and requests that are under way may go on for as long as patience says. Those that are left are ended, and
// answer so: who waits for a job by a door has it cancelled.
func (s *Service) Serve(ctx context.Context, l net.Listener, patience time.Duration) error {
	requests, endRequests := context.WithCancel(context.WithoutCancel(ctx))
	defer endRequests()
	server := &http.Server{
		Handler: s, BaseContext: func(net.Listener) context.Context { return requests }, ErrorLog: s.serverLog(),
		ReadHeaderTimeout: s.pace.header, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(netutil.LimitListener(l, maxConnections)) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	s.Drain()
	err := shutdown(server, patience)
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("requests are ended", "after", patience)
		endRequests()
		err = shutdown(server, s.farewell)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("requests are cut off", "after", patience+s.farewell)
		err = server.Close()
	}
	<-served
	return err
}

// farewell is how long requests that are ended may take to say so, and to cancel what they wait for.
const farewell = 6 * time.Second

// shutdown waits for requests to end.
func shutdown(server *http.Server, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return server.Shutdown(ctx)
}
